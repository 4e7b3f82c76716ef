/* SPDX-License-Identifier: Apache-2.0 */
/* The menu of faults that happen so and so often: which classes there are, how a flag names them,
 * and what the seed makes of each. Mishap number k of a class is a function of (seed, class, k), so
 * taking one away leaves all others as they are. SPEC.md section "Faults of the simulator". */
#ifndef WEFT_SIM_MENU_H
#define WEFT_SIM_MENU_H

#include "protocol/types.h"

struct weft_sim_options;

/* Mishaps of one class in one run. */
#define WEFT_SIM_MISHAPS_MAX 64

/* Mishap of no particular segment. */
#define WEFT_SIM_ANY_SEGMENT UINT32_MAX

/* X(name, flag, least, most, what): a mishap lasts from |least| to |most| milliseconds unless the
 * flag says how long; 0 = it has no length. */
#define WEFT_SIM_MENU_MAP(X)                                                                       \
    X(BURST, "burst", 100, 3000, "all datagrams to and from a node are lost")                      \
    X(PARTITION, "partition", 5000, 60000,                                                         \
      "a node, or half of the nodes, or half of the segments cannot reach the others")             \
    X(ONE_WAY, "one-way", 5000, 60000, "as partition, but in one direction only")                  \
    X(WAN_DOWN, "wan-down", 5000, 60000, "a site cannot reach other sites and the source")         \
    X(WAN_SLOW, "wan-slow", 10000, 120000, "the access line of a site has a twentieth to a half")  \
    X(POWER_CUT, "power-cut", 5000, 60000,                                                         \
      "a segment loses power; what its disks were still writing is lost")                          \
    X(SLEEP, "sleep", 10000, 300000, "a node sleeps: datagrams are lost, its clock stands")        \
    X(STALL, "stall", 10, 10000, "a node's process is held up; what arrives waits")                \
    X(JOIN_STORM, "join-storm", 10000, 10000,                                                      \
      "10 to 90 % of a segment start only then, within ten seconds")                               \
    X(MOVE, "move", 0, 0, "a node gets another address in its segment")                            \
    X(ROAM, "roam", 1000, 15000, "a node loses its network and comes up in another segment")       \
    X(CLONE, "clone", 0, 0, "a node runs from the start with the identity of another one")         \
    X(DISK_FULL, "disk-full", 5000, 60000, "a node's disk takes nothing")                          \
    X(DISK_SLOW, "disk-slow", 10000, 120000, "a node's disk has a twentieth of its rate")          \
    X(DISK_TORN, "disk-torn", 5000, 30000,                                                         \
      "a node loses power, and up to eight chunks on its disk are torn")                           \
    X(DISK_ROT, "disk-rot", 0, 0, "up to four chunks on a node's disk rot unnoticed")              \
    X(CLOCK_DRIFT, "clock-drift", 10000, 120000, "a node's clock runs up to one percent fast")     \
    X(CLOCK_STEP, "clock-step", 0, 0, "a node's clock leaps up to 24 hours")                       \
    X(CLOCK_WRONG, "clock-wrong", 10000, 120000,                                                   \
      "a node's time of day is wrong: all metadata seems expired")                                 \
    X(SOURCE_ERROR, "source-error", 2000, 60000, "the source answers with status 503")             \
    X(SOURCE_HANG, "source-hang", 2000, 60000, "the source accepts requests and sends nothing")    \
    X(SOURCE_SHORT, "source-short", 2000, 60000, "the source ends its answers half-way")           \
    X(SOURCE_PORTAL, "source-portal", 2000, 60000, "a portal answers everything with status 200")  \
    X(SOURCE_ROTTEN, "source-rotten", 2000, 60000, "the source sends other bytes than signed")     \
    X(SOURCE_SLOW, "source-slow", 2000, 60000, "the source sends 8 kbit/s to all together")        \
    X(SOURCE_STALE, "source-stale", 2000, 60000, "the source shows the release before the newest") \
    X(CORRUPT, "corrupt", 0, 0, "a hostile node sends chunks that do not verify")                  \
    X(FALSE_MAP, "false-map", 0, 0, "a hostile node tells it has every chunk, and refuses none")   \
    X(FALSE_RATE, "false-rate", 0, 0, "a hostile node tells itself fast and all others slow")      \
    X(SLOW_LORIS, "slow-loris", 0, 0, "a hostile node sends chunks at 8 kbit/s")                   \
    X(OLD_NEWS, "old-news", 0, 0, "a hostile node tells of the oldest metadata only")              \
    X(FALSE_NEWS, "false-news", 0, 0, "a hostile node tells of newer metadata with forged bytes")  \
    X(FLOOD, "flood", 0, 0, "a hostile node sends 400 useless datagrams a second, 2 s of 10")      \
    X(WITHHOLD, "withhold", 0, 0, "a hostile node sends no chunks, and refuses none")              \
    X(SLANDER, "slander", 0, 0, "a hostile node tells that all others died or left")               \
    X(GHOSTS, "ghosts", 0, 0, "a hostile node tells of up to 64 members that do not exist")        \
    X(ECLIPSE, "eclipse", 0, 0, "a hostile node tells nobody of any other member")                 \
    X(BAD_MEMORY, "bad-memory", 10000, 120000,                                                     \
      "bits flip in a node's memory: one in eight chunks it sends or gets does not verify")        \
    X(MTU_HOLE, "mtu-hole", 30000, 300000,                                                         \
      "datagrams above 400 to 1199 bytes vanish, of a node, in a segment, or out of a site")       \
    X(NEWER, "newer", 10000, 120000,                                                               \
      "a node runs a later version: it says things that the others do not know")                   \
    X(OTHER_VERSION, "other-version", 10000, 120000,                                               \
      "a node runs another major version: the others and it do not understand each other")         \
    X(FALSE_COMING, "false-coming", 0, 0,                                                          \
      "a hostile node tells other segments that it brings chunks, never that it has some")

enum weft_sim_mishap_class {
#define X(name, flag, least, most, what) WEFT_SIM_MISHAP_##name,
    WEFT_SIM_MENU_MAP(X)
#undef X
        WEFT_SIM_MISHAP_CLASS_COUNT
};

/* What a flag asks for: N or #k,#k..., then @TIME, +FOR and :SEGMENT, each if need be; or N%. */
struct weft_sim_order {
    uint64_t numbers;  /* bit k: mishap number k happens */
    uint32_t percent;  /* so many nodes of every segment have it; 0 = |numbers| says all */
    bool is_timed;     /* at |after_ns|, else drawn */
    weft_ns after_ns;  /* since time zero */
    weft_ns length_ns; /* 0 = drawn */
    uint32_t segment;  /* whom it befalls; ANY_SEGMENT = drawn */
};

/* One mishap, drawn. */
struct weft_sim_mishap {
    enum weft_sim_mishap_class class; /* what */
    uint32_t number;                  /* which one of its class */
    weft_ns after_ns;                 /* begins so long after time zero */
    weft_ns length_ns;                /* lasts so long */
    uint32_t segment;                 /* where */
    uint64_t victim;                  /* a random number to choose a node by */
    uint64_t luck;                    /* a random number for everything else */
};

/* Class and number in one word. */
static inline uint32_t weft_sim_menu_name(const struct weft_sim_mishap *mishap)
{
    return ((uint32_t)mishap->class << 8) | mishap->number;
}

/* Flag of a class without dashes; static storage. */
const char *weft_sim_menu_flag(enum weft_sim_mishap_class class);

/* The longest time that a mishap of a class lasts if its order names none. */
weft_ns weft_sim_menu_longest_ns(enum weft_sim_mishap_class class);

/* Is a node that has such a mishap hostile, and owed nothing? */
bool weft_sim_menu_is_hostile(enum weft_sim_mishap_class class);

/* Can an order of |class| be a share of all nodes? Those whose nodes differ from honest ones in
 * nothing but what they send. */
bool weft_sim_menu_is_share(enum weft_sim_mishap_class class);

/* Read "3", "#1,#4", "2@12s+5s:0", "20%".
 * Errors: false if it is anything else, or more than WEFT_SIM_MISHAPS_MAX. */
bool weft_sim_menu_read(const char *text, struct weft_sim_order *order);

/* Does |options| ask for mishap |number| of |class|? Then what is drawn stands in |mishap|. */
bool weft_sim_menu_draw(const struct weft_sim_options *options, enum weft_sim_mishap_class class,
                        uint32_t number, struct weft_sim_mishap *mishap);

/* Does |options| ask for any mishap of |class|? */
bool weft_sim_menu_has(const struct weft_sim_options *options, enum weft_sim_mishap_class class);

/* When the last mishap is over, after time zero; 0 = there is none. */
weft_ns weft_sim_menu_healed_ns(const struct weft_sim_options *options);

#endif
