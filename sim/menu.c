/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which mishaps does the seed bring?". What they do is mishap.c's. */
#include "menu.h"
#include "bound.h"
#include "options.h"
#include "random.h"

#include <string.h>

/* Mishaps begin within this multiple of the lower bound, and the time that small runs need. */
#define WITHIN_PERCENT 150
#define WITHIN_EXTRA_NS (1 * WEFT_NS_PER_S)
#define WITHIN_MOST_NS (3600 * WEFT_NS_PER_S)

/* Longest piece of an order. */
#define PIECE_BYTES 256

struct dish {
    const char *flag; /* without dashes */
    weft_ns least_ns; /* shortest length */
    weft_ns most_ns;  /* longest length */
};

static const struct dish dishes[WEFT_SIM_MISHAP_CLASS_COUNT] = {
#define X(name, flag, least, most, what)                                                           \
    [WEFT_SIM_MISHAP_##name] = {flag, least * WEFT_NS_PER_MS, most * WEFT_NS_PER_MS},
    WEFT_SIM_MENU_MAP(X)
#undef X
};

const char *weft_sim_menu_flag(enum weft_sim_mishap_class class)
{
    return dishes[class].flag;
}

weft_ns weft_sim_menu_longest_ns(enum weft_sim_mishap_class class)
{
    return dishes[class].most_ns;
}

bool weft_sim_menu_is_hostile(enum weft_sim_mishap_class class)
{
    return class == WEFT_SIM_MISHAP_CLONE || class == WEFT_SIM_MISHAP_FALSE_COMING ||
           (class >= WEFT_SIM_MISHAP_CORRUPT && class <= WEFT_SIM_MISHAP_ECLIPSE);
}

bool weft_sim_menu_is_share(enum weft_sim_mishap_class class)
{
    return weft_sim_menu_is_hostile(class) && class != WEFT_SIM_MISHAP_CLONE &&
           class != WEFT_SIM_MISHAP_FLOOD;
}

/* --- reading an order --- */

/* Read a number below |bound| and move behind it. */
static bool read_number(const char **text, uint32_t bound, uint32_t *value)
{
    uint32_t number = 0;
    const char *at = *text;
    for (; *at >= '0' && *at <= '9' && number < bound; at++) {
        number = number * 10 + (uint32_t)(*at - '0');
    }
    bool any = at != *text && number < bound;
    *text = at;
    *value = number;
    return any;
}

static bool read_numbers(const char *text, uint64_t *numbers)
{
    uint32_t value = 0;
    *numbers = 0;
    if (*text != '#') {
        bool read = read_number(&text, WEFT_SIM_MISHAPS_MAX + 1, &value) && *text == '\0';
        for (uint32_t i = 0; read && i < value; i++) {
            *numbers |= UINT64_C(1) << i;
        }
        return read;
    }
    while (*text == '#') {
        text++;
        if (!read_number(&text, WEFT_SIM_MISHAPS_MAX, &value)) {
            return false;
        }
        *numbers |= UINT64_C(1) << value;
        text += *text == ',' && text[1] == '#' ? 1 : 0;
    }
    return *text == '\0';
}

/* Cut |text| at the last |mark|; the piece behind it, or NULL if there is none. */
static char *split(char *text, char mark)
{
    char *at = strrchr(text, mark);
    if (at != NULL) {
        *at++ = '\0';
    }
    return at;
}

static bool read_percent(const char *text, uint32_t *percent)
{
    return read_number(&text, 101, percent) && *percent > 0 && strcmp(text, "%") == 0;
}

bool weft_sim_menu_read(const char *text, struct weft_sim_order *order)
{
    char piece[PIECE_BYTES];
    size_t length = strlen(text);
    uint32_t percent = 0;
    if (read_percent(text, &percent)) {
        *order = (struct weft_sim_order){.percent = percent, .segment = WEFT_SIM_ANY_SEGMENT};
        return true;
    }
    if (length >= sizeof(piece)) {
        return false;
    }
    memcpy(piece, text, length + 1);
    struct weft_sim_order read = {.segment = WEFT_SIM_ANY_SEGMENT};
    const char *segment = split(piece, ':');
    const char *for_text = split(piece, '+');
    const char *when = split(piece, '@');
    if (segment != NULL && (!read_number(&segment, 1u << 24, &read.segment) || *segment != '\0')) {
        return false;
    }
    if (for_text != NULL && !weft_sim_options_read_delay(for_text, &read.length_ns)) {
        return false;
    }
    read.is_timed = when != NULL;
    if (when != NULL && !weft_sim_options_read_delay(when, &read.after_ns)) {
        return false;
    }
    if (!read_numbers(piece, &read.numbers)) {
        return false;
    }
    *order = read;
    return true;
}

/* --- drawing --- */

enum draw { DRAW_TIME, DRAW_LENGTH, DRAW_SEGMENT, DRAW_VICTIM, DRAW_LUCK };

static uint64_t draw(const struct weft_sim_options *options, enum weft_sim_mishap_class class,
                     uint32_t number, enum draw counter)
{
    uint32_t entity = ((uint32_t) class << 8) | number;
    return weft_sim_random(options->seed, WEFT_SIM_FOR_MISHAP, entity, counter);
}

/* In microseconds, so that spreads fit the 32 bits of random_below(). */
static weft_ns below_ns(uint64_t luck, weft_ns bound_ns)
{
    return weft_sim_random_below(luck, bound_ns / WEFT_NS_PER_US + 1) * WEFT_NS_PER_US;
}

bool weft_sim_menu_draw(const struct weft_sim_options *options, enum weft_sim_mishap_class class,
                        uint32_t number, struct weft_sim_mishap *mishap)
{
    const struct weft_sim_order *order = &options->menu[class];
    if (((order->numbers >> number) & 1) == 0) {
        return false;
    }
    const struct dish *dish = &dishes[class];
    weft_ns within_ns = weft_sim_bound(options).fluid_ns / 100 * WITHIN_PERCENT + WITHIN_EXTRA_NS;
    within_ns = within_ns < WITHIN_MOST_NS ? within_ns : WITHIN_MOST_NS;
    uint64_t segment = draw(options, class, number, DRAW_SEGMENT);
    *mishap = (struct weft_sim_mishap){
        .class = class,
        .number = number,
        .after_ns = order->is_timed ? order->after_ns
                                    : below_ns(draw(options, class, number, DRAW_TIME), within_ns),
        .length_ns = order->length_ns != 0
                         ? order->length_ns
                         : dish->least_ns + below_ns(draw(options, class, number, DRAW_LENGTH),
                                                     dish->most_ns - dish->least_ns),
        .segment = order->segment != WEFT_SIM_ANY_SEGMENT
                       ? order->segment
                       : (uint32_t)weft_sim_random_below(segment, options->segment_count),
        .victim = draw(options, class, number, DRAW_VICTIM),
        .luck = draw(options, class, number, DRAW_LUCK)};
    return true;
}

bool weft_sim_menu_has(const struct weft_sim_options *options, enum weft_sim_mishap_class class)
{
    return options->menu[class].numbers != 0 || options->menu[class].percent != 0;
}

weft_ns weft_sim_menu_healed_ns(const struct weft_sim_options *options)
{
    weft_ns healed_ns = 0;
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        for (uint32_t k = 0; k < WEFT_SIM_MISHAPS_MAX; k++) {
            struct weft_sim_mishap mishap;
            bool due = weft_sim_menu_draw(options, (enum weft_sim_mishap_class)c, k, &mishap);
            if (due && mishap.after_ns + mishap.length_ns > healed_ns) {
                healed_ns = mishap.after_ns + mishap.length_ns;
            }
        }
    }
    return healed_ns;
}
