/* SPDX-License-Identifier: Apache-2.0 */
/* What the user of a scenario wants of its end: "makespan < 10min", or, beside the same run with
 * all nodes honest, "makespan < 1.3 honest". SPEC.md section "Scenarios". */
#ifndef WEFT_SIM_EXPECT_H
#define WEFT_SIM_EXPECT_H

#include "protocol/types.h"

struct weft_sim_options;
struct weft_sim_summary;
struct weft_sim_world;

/* Expectations of one run. */
#define WEFT_SIM_EXPECTS_MAX 16

/* X(name, word, unit): unit NS times, PPM copies of the release. */
#define WEFT_SIM_EXPECT_MAP(X)                                                                     \
    X(MAKESPAN, "makespan", NS)                                                                    \
    X(HALF, "half", NS)                                                                            \
    X(P95, "p95", NS)                                                                              \
    X(WAN_COPIES, "wan-copies", PPM)                                                               \
    X(WAN_COPIES_MOST, "wan-copies-most", PPM)                                                     \
    X(SOURCE_COPIES, "source-copies", PPM)

enum weft_sim_expect_what {
#define X(name, word, unit) WEFT_SIM_EXPECT_##name,
    WEFT_SIM_EXPECT_MAP(X)
#undef X
        WEFT_SIM_EXPECT_COUNT
};

struct weft_sim_expect {
    enum weft_sim_expect_what what; /* which figure of the summary */
    bool is_ratio;                  /* as a multiple of what it is with all nodes honest */
    uint64_t below; /* it is to be less than that, in its unit; ratios in millionths */
};

/* Read "makespan < 10min", "wan-copies < 1.1", "makespan < 1.3 honest".
 * Errors: false if it is anything else. */
bool weft_sim_expect_read(const char *text, struct weft_sim_expect *expect);

/* INV-42 when the run is over and was summed up. If something is expected beside honest nodes,
 * their run is made, and its figures are entered into |summary|. */
void weft_sim_expect_check(struct weft_sim_world *world, struct weft_sim_summary *summary,
                           const volatile int *stop);

#endif
