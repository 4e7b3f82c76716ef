/* SPDX-License-Identifier: Apache-2.0 */
/* One run in a process of its own, for those who want many: it may fail, crash or never end, and
 * says in a few words how it went. */
#ifndef WEFT_SIM_TRY_H
#define WEFT_SIM_TRY_H

#include "check.h"
#include "words.h"

enum weft_sim_outcome {
    WEFT_SIM_TRY_PASSED,   /* every living node complete, nothing violated */
    WEFT_SIM_TRY_VIOLATED, /* an invariant was */
    WEFT_SIM_TRY_REFUSED,  /* its flags are wrong */
    WEFT_SIM_TRY_CRASHED,  /* it ended by a signal, or without a word */
    WEFT_SIM_TRY_ENDLESS   /* it took too long of real time */
};

struct weft_sim_verdict {
    enum weft_sim_outcome outcome; /* how it went */
    struct weft_sim_checks checks; /* VIOLATED: what; REFUSED: detail says why */
    uint64_t events;               /* entries of all queues that happened */
    uint64_t operations;           /* that could have failed, with --fail-nth */
    int signal;                    /* CRASHED: the signal, 0 = none */
};

/* A run that is under way. */
struct weft_sim_try {
    int process; /* its id; 0 = none */
    int pipe;    /* where its verdict comes from */
};

/* Begin a run of these flags that may take |seconds| of real time.
 * Errors: false if the system gives no process; errno says why. */
bool weft_sim_try_begin(struct weft_sim_try *try, struct weft_sim_words *words, uint32_t seconds);

/* Wait until it has ended. */
void weft_sim_try_end(struct weft_sim_try *try, struct weft_sim_verdict *verdict);

/* Stop it. */
void weft_sim_try_stop(struct weft_sim_try *try);

/* Begin, wait and end. Errors: as for begin. */
bool weft_sim_try_once(struct weft_sim_words *words, uint32_t seconds,
                       struct weft_sim_verdict *verdict);

/* Did somebody stop it from outside, by SIGINT or SIGTERM? */
bool weft_sim_verdict_is_stopped(const struct weft_sim_verdict *verdict);

/* Are both the same failure: of the same invariant, or both crashes, or both endless? */
bool weft_sim_verdict_same(const struct weft_sim_verdict *a, const struct weft_sim_verdict *b);

/* Print one line: "INV-13 all-complete, node 3 at 12.300 s: ...". */
void weft_sim_verdict_print(const struct weft_sim_verdict *verdict);

/* "INV-13 all-complete", "crash", "no end", "refused"; static storage. */
const char *weft_sim_verdict_name(const struct weft_sim_verdict *verdict);

#endif
