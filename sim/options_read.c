/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the small languages inside the simulator's flags: delays below a millisecond, loss rates,
 * and what goes wrong when. Exact integers; no text is accepted in part. */
#include "options.h"

#include <string.h>

/* Longest piece of a flag's value. */
#define PIECE_BYTES 48

/* Parts of one sweep. */
#define SHARDS_MAX 4096

struct unit {
    const char *name; /* as typed after the number */
    uint64_t factor;  /* of the base unit */
};

static const struct unit delay_units[] = {
    {"ns", 1},
    {"us", WEFT_NS_PER_US},
    {"ms", WEFT_NS_PER_MS},
    {"s", WEFT_NS_PER_S},
    {"min", 60 * WEFT_NS_PER_S},
    {"h", 3600 * WEFT_NS_PER_S},
    {NULL, 0},
};

static const struct unit loss_units[] = {{"ppm", 1}, {"%", 10000}, {NULL, 0}};

static const struct unit share_units[] = {{"%", 1}, {NULL, 0}};

/* Read "12.5ms": decimal digits, perhaps a fraction, one of |units|; the result must be whole. */
static bool read_quantity(const char *text, const struct unit *units, uint64_t *value)
{
    uint64_t digits = 0;
    uint64_t scale = 1;
    size_t i = 0;
    bool fraction = false;
    bool any = false;
    for (; (text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !fraction && any); i++) {
        if (text[i] == '.') {
            fraction = true;
            continue;
        }
        if (digits > UINT64_MAX / 100 || scale > 1000000000) {
            return false;
        }
        digits = digits * 10 + (uint64_t)(text[i] - '0');
        scale *= fraction ? 10 : 1;
        any = true;
    }
    for (; any && units->name != NULL; units++) {
        if (strcmp(text + i, units->name) != 0) {
            continue;
        }
        if (digits > UINT64_MAX / 2 / units->factor || digits * units->factor % scale != 0) {
            return false;
        }
        *value = digits * units->factor / scale;
        return true;
    }
    return false;
}

bool weft_sim_options_read_delay(const char *text, weft_ns *value_ns)
{
    if (strcmp(text, "0") == 0) {
        *value_ns = 0;
        return true;
    }
    return read_quantity(text, delay_units, value_ns);
}

bool weft_sim_options_read_loss(const char *text, uint32_t *value_ppm)
{
    uint64_t ppm = 0;
    if (strcmp(text, "0") != 0 && !read_quantity(text, loss_units, &ppm)) {
        return false;
    }
    if (ppm > 900000) {
        return false;
    }
    *value_ppm = (uint32_t)ppm;
    return true;
}

bool weft_sim_options_read_when(const char *text, struct weft_sim_when *when)
{
    uint64_t percent = 0;
    if (read_quantity(text, share_units, &percent)) {
        if (percent > 100) {
            return false;
        }
        *when = (struct weft_sim_when){.is_share = true, .percent = (uint32_t)percent};
        return true;
    }
    weft_ns after_ns = 0;
    if (!weft_sim_options_read_delay(text, &after_ns)) {
        return false;
    }
    *when = (struct weft_sim_when){.after_ns = after_ns};
    return true;
}

/* Copy what stands before |mark| into |piece| and return what stands after it; NULL if there is no
 * mark or the piece is too long. */
static const char *cut(const char *text, char mark, char piece[PIECE_BYTES])
{
    const char *at = strchr(text, mark);
    if (at == NULL || at - text >= PIECE_BYTES) {
        return NULL;
    }
    memcpy(piece, text, (size_t)(at - text));
    piece[at - text] = '\0';
    return at + 1;
}

bool weft_sim_options_read_kill(const char *text, struct weft_sim_kill *kill)
{
    static const char *const words[] = {"agent", "first", "any"};
    char piece[PIECE_BYTES];
    const char *rest = cut(text, '@', piece);
    uint32_t victim = 0;
    while (rest != NULL && victim < 3 && strcmp(piece, words[victim]) != 0) {
        victim++;
    }
    if (rest == NULL || victim == 3) {
        return false;
    }
    struct weft_sim_kill read = {.victim = (enum weft_sim_victim)victim, .away_ns = WEFT_NS_NEVER};
    const char *away = cut(rest, '+', piece);
    if (away != NULL && !weft_sim_options_read_delay(away, &read.away_ns)) {
        return false;
    }
    if (!weft_sim_options_read_when(away != NULL ? piece : rest, &read.when)) {
        return false;
    }
    *kill = read;
    return true;
}

bool weft_sim_options_read_outage(const char *text, struct weft_sim_outage *outage)
{
    char piece[PIECE_BYTES];
    const char *length = cut(text, ',', piece);
    struct weft_sim_outage read = {.length_ns = 0};
    if (length == NULL || !weft_sim_options_read_when(piece, &read.when) ||
        !weft_sim_options_read_delay(length, &read.length_ns)) {
        return false;
    }
    *outage = read;
    return true;
}

bool weft_sim_options_read_shard(const char *text, struct weft_sim_options *options)
{
    static const struct unit none[] = {{"", 1}, {NULL, 0}};
    char piece[PIECE_BYTES];
    const char *behind = cut(text, '/', piece);
    uint64_t index = 0;
    uint64_t count = 0;
    if (behind == NULL || !read_quantity(piece, none, &index) ||
        !read_quantity(behind, none, &count) || index < 1 || index > count || count > SHARDS_MAX) {
        return false;
    }
    options->shard_index = (uint32_t)index;
    options->shard_count = (uint32_t)count;
    return true;
}
