/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is this machine, and when is it on?". */
#include "place.h"
#include "node.h"
#include "random.h"
#include "world.h"

#include "protocol/amount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_NS (60 * WEFT_NS_PER_S)
#define DAY_NS (WEFT_SIM_MINUTES_A_DAY * MINUTE_NS)
#define MILLION 1000000

/* People come and go up to this much earlier or later. */
#define SHIFT_SPREAD_MIN 10

/* Words of a site, and bytes of all of them. */
#define WORDS_MAX 32
#define TEXT_BYTES 512

enum draw { DRAW_WIFI, DRAW_BATTERY, DRAW_SHIFT, DRAW_MORNING, DRAW_EVENING };

/* --- reading --- */

static bool read_count(const char *text, uint32_t *value)
{
    char *rest = NULL;
    unsigned long number = strtoul(text, &rest, 10);
    if (text[0] < '1' || text[0] > '9' || *rest != '\0' || number > 1000000) {
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

static bool read_rate(const char *text, uint64_t *value)
{
    return weft_amount_parse(text, strlen(text), WEFT_UNIT_RATE, WEFT_AMOUNT_STRICT, value) ==
           WEFT_ERR_OK;
}

static bool read_share(const char *text, uint32_t *value)
{
    uint64_t percent = 0;
    char *rest = NULL;
    percent = strtoul(text, &rest, 10);
    if (text[0] < '0' || text[0] > '9' || strcmp(rest, "%") != 0 || percent > 100) {
        return false;
    }
    *value = (uint32_t)percent * (MILLION / 100);
    return true;
}

bool weft_sim_place_read_time(const char *text, uint32_t *minutes)
{
    uint32_t hour = 0;
    uint32_t minute = 0;
    int length = 0;
    if (sscanf(text, "%2u:%2u%n", &hour, &minute, &length) != 2 || text[length] != '\0' ||
        hour > 24 || minute > 59 || hour * 60 + minute > WEFT_SIM_MINUTES_A_DAY) {
        return false;
    }
    *minutes = hour * 60 + minute;
    return true;
}

static bool read_hours(char *text, struct weft_sim_place *place)
{
    char *behind = strchr(text, '-');
    if (behind == NULL) {
        return false;
    }
    *behind = '\0';
    bool good = weft_sim_place_read_time(text, &place->from_min) &&
                weft_sim_place_read_time(behind + 1, &place->to_min) &&
                place->from_min < place->to_min;
    *behind = '-'; /* for who says what is wrong with it */
    return good;
}

/* Say what is wrong with |value| of |name|; NULL = there is none. */
static bool refuse(struct weft_text *message, const char *name, const char *value,
                   const char *wanted)
{
    weft_text_add(message, "--site: ");
    weft_text_add(message, name);
    weft_text_add(message, value == NULL ? ": a value is missing" : ": \"");
    weft_text_add(message, value == NULL ? "" : value);
    weft_text_add(message, value == NULL ? "; use " : "\" is not valid; use ");
    weft_text_add(message, wanted);
    return false;
}

/* The rate that |name| is; NULL = it is none. */
static uint64_t *rate_of(struct weft_sim_place *place, const char *name)
{
    return strcmp(name, "lan") == 0   ? &place->lan_bytes_per_s
           : strcmp(name, "wan") == 0 ? &place->down_bytes_per_s
           : strcmp(name, "up") == 0  ? &place->up_bytes_per_s
                                      : NULL;
}

/* The share that |name| is; NULL = it is none. */
static uint32_t *share_of(struct weft_sim_place *place, const char *name)
{
    return strcmp(name, "wifi") == 0      ? &place->wifi_ppm
           : strcmp(name, "battery") == 0 ? &place->battery_ppm
           : strcmp(name, "busy") == 0    ? &place->busy_ppm
                                          : NULL;
}

/* Read what stands behind the numbers: a word and its value; hours have two. Counts the words used.
 * Errors: false, and |message| says what is wrong. */
static bool read_detail(char **words, uint32_t count, struct weft_sim_place *place, uint32_t *used,
                        struct weft_text *message)
{
    const char *name = words[0];
    char *value = count < 2 ? NULL : words[1];
    uint64_t *rate = rate_of(place, name);
    uint32_t *share = share_of(place, name);
    *used = 2;
    if (rate != NULL) {
        if (value == NULL || !read_rate(value, rate)) {
            return refuse(message, name, value, "a rate such as 20mbit");
        }
        place->up_bytes_per_s = strcmp(name, "wan") == 0 ? *rate : place->up_bytes_per_s;
        return true;
    }
    if (share != NULL) {
        bool good = value != NULL && read_share(value, share) && place->busy_ppm < MILLION;
        return good || refuse(message, name, value, "a share such as 30%; busy is below 100%");
    }
    if (strcmp(name, "hours") != 0) {
        return refuse(message, "detail", name, "lan, wan, up, wifi, battery, busy or hours");
    }
    *used = 3;
    if (value == NULL || !read_hours(value, place)) {
        return refuse(message, name, value, "two times of one day such as 8:00-17:00");
    }
    bool good = count >= 3 && read_share(words[2], &place->shift_ppm);
    return good || refuse(message, name, count < 3 ? NULL : words[2],
                          "a share of the nodes behind the times: hours 8:00-17:00 90%");
}

static uint32_t split(char *text, char **words)
{
    uint32_t count = 0;
    for (char *at = text; *at != '\0' && count < WORDS_MAX;) {
        at += strspn(at, " \t");
        if (*at == '\0') {
            break;
        }
        words[count++] = at;
        at += strcspn(at, " \t");
        if (*at != '\0') {
            *at++ = '\0';
        }
    }
    return count;
}

bool weft_sim_place_read(const char *text, struct weft_sim_place *place, struct weft_text *message)
{
    char copy[TEXT_BYTES];
    char *words[WORDS_MAX];
    size_t length = strlen(text);
    if (length >= sizeof(copy)) {
        weft_text_add(message, "--site: that is too long");
        return false;
    }
    memcpy(copy, text, length + 1);
    uint32_t count = split(copy, words);
    if (count < 5 || count == WORDS_MAX || strcmp(words[1], "x") != 0 ||
        strcmp(words[3], "x") != 0 || !read_count(words[0], &place->sites) ||
        !read_count(words[2], &place->segments) || !read_count(words[4], &place->nodes)) {
        weft_text_add(message, "--site: \"");
        weft_text_add(message, text);
        weft_text_add(message, "\" does not begin with SITES x SEGMENTS x NODES, such as"
                               " 20 x 1 x 60 wan 10mbit");
        return false;
    }
    uint32_t used = 0;
    for (uint32_t i = 5; i < count; i += used) {
        if (!read_detail(&words[i], count - i, place, &used, message)) {
            return false;
        }
    }
    return true;
}

/* --- what a node is --- */

static const struct weft_sim_place *place_of(const struct weft_sim_options *options,
                                             const struct weft_sim_topology *topology,
                                             uint32_t node)
{
    uint32_t site = weft_sim_topology_site(topology, node);
    return options->place_count == 0 ? NULL : &options->places[topology->sites[site].place];
}

static uint64_t draw(const struct weft_sim_options *options, uint32_t node, enum draw what,
                     uint64_t bound)
{
    return weft_sim_random_below(weft_sim_random(options->seed, WEFT_SIM_FOR_PLACE, node, what),
                                 bound);
}

uint64_t weft_sim_place_card(const struct weft_sim_options *options,
                             const struct weft_sim_topology *topology, uint32_t node)
{
    const struct weft_sim_place *place = place_of(options, topology, node);
    if (place == NULL) {
        return options->lan_bytes_per_s;
    }
    bool wifi = draw(options, node, DRAW_WIFI, MILLION) < place->wifi_ppm;
    return wifi ? options->wifi_bytes_per_s : place->lan_bytes_per_s;
}

uint32_t weft_sim_place_site(const struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_place *place = place_of(world->options, &world->topology, node);
    bool several = place != NULL && place->segments > 1;
    return several ? 1 + weft_sim_topology_site(&world->topology, node) : 0;
}

bool weft_sim_place_is_battery(const struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_place *place = place_of(world->options, &world->topology, node);
    return place != NULL && draw(world->options, node, DRAW_BATTERY, MILLION) < place->battery_ppm;
}

/* --- when it is on --- */

/* When the node's day has that minute, at |time_ns| or later. */
static weft_ns next_ns(const struct weft_sim_world *world, weft_ns time_ns, uint32_t minute)
{
    weft_ns zero_ns = world->releases.items[0].publish_ns;
    /* A day is added so that the warm-up, before time zero, is not below 0. */
    weft_ns clock_ns = DAY_NS + world->options->clock_min * MINUTE_NS + time_ns - zero_ns;
    weft_ns today_ns = clock_ns % DAY_NS;
    weft_ns wanted_ns = minute % WEFT_SIM_MINUTES_A_DAY * MINUTE_NS;
    return time_ns + (wanted_ns >= today_ns ? wanted_ns - today_ns : DAY_NS - today_ns + wanted_ns);
}

struct shift {
    bool works;       /* the node has hours */
    uint32_t on_min;  /* minute at which it is switched on */
    uint32_t off_min; /* and off */
};

static struct shift shift_of(const struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_options *options = world->options;
    const struct weft_sim_place *place = place_of(options, &world->topology, node);
    struct shift shift = {.works = false};
    if (place == NULL || draw(options, node, DRAW_SHIFT, MILLION) >= place->shift_ppm) {
        return shift;
    }
    uint64_t on = WEFT_SIM_MINUTES_A_DAY + place->from_min +
                  draw(options, node, DRAW_MORNING, 2 * SHIFT_SPREAD_MIN) - SHIFT_SPREAD_MIN;
    uint64_t off = WEFT_SIM_MINUTES_A_DAY + place->to_min +
                   draw(options, node, DRAW_EVENING, 2 * SHIFT_SPREAD_MIN) - SHIFT_SPREAD_MIN;
    shift.works = true;
    shift.on_min = (uint32_t)(on % WEFT_SIM_MINUTES_A_DAY);
    shift.off_min = (uint32_t)(off % WEFT_SIM_MINUTES_A_DAY);
    return shift;
}

/* Minutes are shared by many nodes; seconds are not. */
static weft_ns within_minute_ns(const struct weft_sim_world *world, uint32_t node)
{
    return draw(world->options, node, DRAW_MORNING, MINUTE_NS / WEFT_NS_PER_US) * WEFT_NS_PER_US;
}

weft_ns weft_sim_place_start_ns(const struct weft_sim_world *world, uint32_t node, weft_ns time_ns)
{
    struct shift shift = shift_of(world, node);
    if (!shift.works) {
        return time_ns;
    }
    weft_ns on_ns = next_ns(world, time_ns, shift.on_min);
    weft_ns off_ns = next_ns(world, time_ns, shift.off_min);
    return off_ns < on_ns ? time_ns : on_ns + within_minute_ns(world, node);
}

void weft_sim_place_on_start(struct weft_sim_shard *shard, uint32_t node)
{
    const struct weft_sim_world *world = shard->world;
    struct shift shift = shift_of(world, node);
    if (shift.works) {
        weft_ns off_ns = next_ns(world, weft_sim_now(shard) + MINUTE_NS, shift.off_min);
        struct weft_sim_entry *entry =
            weft_sim_shard_push(shard, off_ns, WEFT_SIM_NODE_EVENING, node);
        entry->words[0] = world->nodes[node].life;
    }
}

void weft_sim_place_on_evening(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_world *world = shard->world;
    if (world->nodes[entry->node].life != entry->words[0]) {
        return;
    }
    struct shift shift = shift_of(world, entry->node);
    weft_ns now_ns = weft_sim_now(shard);
    weft_ns on_ns = next_ns(world, now_ns, shift.on_min) + within_minute_ns(world, entry->node);
    weft_sim_node_crash(shard, entry->node, on_ns - now_ns);
}

weft_ns weft_sim_place_night_ns(const struct weft_sim_options *options)
{
    bool shifts = false;
    for (uint32_t i = 0; i < options->place_count; i++) {
        shifts |= options->places[i].shift_ppm > 0;
    }
    return shifts ? DAY_NS : 0;
}
