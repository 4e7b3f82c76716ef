/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does this seed run?". Each thing is drawn with a counter of its own. */
#include "swarm.h"
#include "menu.h"
#include "random.h"

#include <stdio.h>

/* Nodes of a segment, and of the whole. */
#define IN_SEGMENT_MAX 12
#define NODES_MAX 48

/* Mishaps of a class that may last longer than this are mostly shorter in a sweep. */
#define LONG_NS (60 * WEFT_NS_PER_S)

/* Mishaps of a class that is there. */
#define OF_A_CLASS_MAX 3

/* What is drawn; the order is part of what a seed means. */
enum draw {
    DRAW_SEGMENTS,
    DRAW_NODES,
    DRAW_DENSITY,
    DRAW_RELEASES,
    DRAW_HEALED,
    DRAW_WARMUP,
    DRAW_CHOICES = 32,  /* one for each choice */
    DRAW_KNOBS = 64,    /* one for each */
    DRAW_CLASSES = 128, /* two for each class */
    DRAW_LENGTHS = 512  /* one for each class */
};

struct choice {
    const char *flag;     /* without dashes */
    const char *words[8]; /* equally likely; NULL = the flag is not given, and the end */
    uint32_t count;       /* words */
};

static const struct choice choices[] = {
    {"size", {"1KiB", "64KiB", "1MiB", "4MiB", "8MiB"}, 5},
    {"lan", {"1gbit", "200mbit", "100mbit"}, 3},
    {"wan", {"4mbit", "20mbit", "100mbit", "0"}, 4},
    {"source-rate", {"20mbit", "40mbit", "1gbit"}, 3},
    {"announce", {"one", "one", "one", "all"}, 4},
    {"loss", {NULL, NULL, NULL, "1%", "5%", "20%"}, 6},
    {"duplicate", {NULL, NULL, NULL, "1%", "20%"}, 5},
    {"replay", {NULL, NULL, NULL, "0.1%", "5%"}, 5},
    {"reorder", {NULL, NULL, NULL, "1%", "20%"}, 5},
    {"crash", {NULL, NULL, NULL, "1", "3", "8"}, 6},
    {"kill", {NULL, NULL, NULL, "agent@50%", "agent@0s+2s", "first@30%+5s", "any@80%+1s"}, 7},
    {"restart-all", {NULL, NULL, NULL, NULL, "20%", "90%"}, 6},
    {"source-down", {NULL, NULL, NULL, "0s,5s", "50%,10s"}, 5},
    {"flip", {NULL, NULL, NULL, "1%", "10%"}, 5},
    {"flip-record", {NULL, NULL, NULL, "100ppm", "1%"}, 5},
    {"flip-body", {NULL, NULL, NULL, "0.1%", "5%"}, 5},
};

/* Most runs end soon after all has healed; some show what comes of quiet. */
static const struct choice healed = {"healed", {NULL, "10s", "10s", "10s"}, 4};

/* Most find their first release soon after they have met; idle traffic is judged in the others. */
static const struct choice warmup = {"warmup", {NULL, "5s", "5s", "5s"}, 4};

/* Tuning at its extremes. */
static const struct choice knobs[] = {
    {"agents", {"1", "2", "3", "4"}, 4}, {"window", {"1", "2", "32"}, 3},
    {"uploads", {"1", "2", "16"}, 3},    {"extent", {"64KiB", "8MiB"}, 2},
    {"lease", {"500ms", "20s"}, 2},      {"fallback", {"500ms", "5s"}, 2},
    {"have-delay", {"0", "500ms"}, 2},   {"far-links", {"0", "1", "16"}, 3},
    {"source-fetches", {"1", "16"}, 2},  {"neighbours", {"2", "4"}, 2},
    {"full-mesh", {"2", "4"}, 2},        {"suspicion", {"1s", "30s"}, 2},
};

#define KNOB_ONE_IN 12

static uint64_t draw(uint64_t seed, uint32_t counter, uint64_t bound)
{
    return weft_sim_random_below(weft_sim_random(seed, WEFT_SIM_FOR_SWARM, 0, counter), bound);
}

static void add_choice(struct weft_sim_words *words, const struct choice *choice, uint64_t place)
{
    const char *word = choice->words[place];
    if (word != NULL) {
        weft_sim_words_flag(words, choice->flag, word);
    }
}

static void add_shape(struct weft_sim_words *words, uint64_t seed)
{
    static const uint32_t segments[] = {1, 1, 2, 3, 4, 6};
    uint32_t count = segments[draw(seed, DRAW_SEGMENTS, sizeof(segments) / sizeof(segments[0]))];
    uint64_t nodes = count + draw(seed, DRAW_NODES, count * (IN_SEGMENT_MAX - 1) + 1);
    weft_sim_words_number(words, "segments", count, "");
    weft_sim_words_number(words, "nodes", nodes < NODES_MAX ? nodes : NODES_MAX, "");
}

static void add_releases(struct weft_sim_words *words, uint64_t seed)
{
    uint64_t releases = draw(seed, DRAW_RELEASES, 6);
    if (releases > 3) {
        weft_sim_words_number(words, "releases", releases - 2, "");
        weft_sim_words_flag(words, "every", "30s");
    }
}

/* Mishaps that may last for minutes are mostly drawn shorter: most of what they do they do at their
 * begin and at their end, and a run lasts as long as its longest one. */
static const char *length_of(enum weft_sim_mishap_class class, uint64_t seed)
{
    static const char *const lengths[] = {"", "+12s", "+25s", "+40s"};
    bool is_long = weft_sim_menu_longest_ns(class) > LONG_NS;
    return is_long ? lengths[draw(seed, DRAW_LENGTHS + class, 4)] : "";
}

static void add_mishaps(struct weft_sim_words *words, uint64_t seed)
{
    static const uint32_t densities[] = {2, 10, 25, 50}; /* percent of all classes */
    uint32_t density = densities[draw(seed, DRAW_DENSITY, 4)];
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        if (draw(seed, DRAW_CLASSES + 2 * c, 100) < density) {
            uint64_t number = 1 + draw(seed, DRAW_CLASSES + 2 * c + 1, OF_A_CLASS_MAX);
            enum weft_sim_mishap_class class = (enum weft_sim_mishap_class)c;
            weft_sim_words_number(words, weft_sim_menu_flag(class), number, length_of(class, seed));
        }
    }
}

void weft_sim_swarm_draw(struct weft_sim_words *words, uint64_t seed, bool draws_shape)
{
    weft_sim_words_number(words, "seed", seed, "");
    if (draws_shape) {
        add_shape(words, seed);
    }
    add_releases(words, seed);
    for (uint32_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        add_choice(words, &choices[i], draw(seed, DRAW_CHOICES + i, choices[i].count));
    }
    for (uint32_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
        uint64_t place = draw(seed, DRAW_KNOBS + i, (uint64_t)knobs[i].count * KNOB_ONE_IN);
        if (place < knobs[i].count) {
            add_choice(words, &knobs[i], place);
        }
    }
    add_mishaps(words, seed);
    weft_sim_words_flag(words, "settle", "60s");
    add_choice(words, &healed, draw(seed, DRAW_HEALED, healed.count));
    add_choice(words, &warmup, draw(seed, DRAW_WARMUP, warmup.count));
    weft_sim_words_flag(words, "threads", "1");
}
