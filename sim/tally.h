/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a sweep: counts and failures, as text, as JSON, and joined from several files. */
#ifndef WEFT_SIM_TALLY_H
#define WEFT_SIM_TALLY_H

#include "try.h"

struct json_t;

struct weft_sim_tally {
    uint64_t first;          /* number of the first case of the whole sweep */
    uint64_t count;          /* cases of the whole sweep */
    uint32_t shard_index;    /* 1..shard_count: this part of it */
    uint32_t shard_count;    /* parts */
    uint64_t runs;           /* that have ended */
    uint64_t failed;         /* of them */
    uint64_t events;         /* entries of all queues */
    uint64_t wall_ms;        /* real time */
    bool interrupted;        /* it ended before its end */
    struct json_t *failures; /* array of objects; NULL = none yet; owned */
    struct json_t *flags;    /* array of words that all runs have; NULL = not known; owned */
};

/* All runs have these flags: shards of other ones are of another sweep. */
void weft_sim_tally_set_flags(struct weft_sim_tally *tally, const struct weft_sim_words *words);

/* A run has ended. */
void weft_sim_tally_add(struct weft_sim_tally *tally, const struct weft_sim_verdict *verdict);

/* And it failed: case |number| with these flags. */
void weft_sim_tally_add_failure(struct weft_sim_tally *tally, uint64_t number,
                                const struct weft_sim_verdict *verdict,
                                const struct weft_sim_words *words);

/* Print a last line, or everything as one JSON object. */
void weft_sim_tally_print(const struct weft_sim_tally *tally, bool json);

/* Free the failures and flags. */
void weft_sim_tally_free(struct weft_sim_tally *tally);

/* weft-sim merge [--json] FILE...: join what the shards of one sweep printed with --json.
 * Returns the exit status: 0 all passed, 1 some failed, a shard is missing or did not come to its
 * end, or the result could not be written, 2 a file cannot be used; what and why was printed. */
int weft_sim_tally_merge(int argc, char *const *argv);

#endif
