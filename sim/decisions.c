/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who decided what, and when?" in a file that people and scripts read. */
#include "decisions.h"
#include "memory.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 256

struct weft_sim_decisions {
    FILE *file;       /* where lines go; owned */
    const char *path; /* of it, for messages; borrowed */
    uint32_t *heads;  /* per shard, the next line to write; owned */
    uint32_t room;    /* entries of heads */
};

struct weft_sim_decisions *weft_sim_decisions_open(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "weft-sim: cannot write --decisions %s: %s\n", path, strerror(errno));
        return NULL;
    }
    struct weft_sim_decisions *trace = weft_sim_memory_take(1, sizeof(*trace));
    trace->file = file;
    trace->path = path;
    return trace;
}

/* The shard whose next line is the earliest; on a tie the one with the lower number. */
static struct weft_sim_record *next_record(struct weft_sim_decisions *trace,
                                           struct weft_sim_world *world, uint32_t *shard)
{
    struct weft_sim_record *first = NULL;
    for (uint32_t i = 0; i < world->shard_count; i++) {
        struct weft_sim_record *record = &world->shards[i].record;
        bool left = trace->heads[i] < record->count;
        if (left && (first == NULL || record->lines[trace->heads[i]].time_ns <
                                          first->lines[trace->heads[*shard]].time_ns)) {
            first = record;
            *shard = i;
        }
    }
    return first;
}

void weft_sim_decisions_write(struct weft_sim_decisions *trace, struct weft_sim_world *world)
{
    if (trace->room == 0) {
        trace->room = world->shard_count;
        trace->heads = weft_sim_memory_take(trace->room, sizeof(trace->heads[0]));
    }
    memset(trace->heads, 0, trace->room * sizeof(trace->heads[0]));
    uint32_t shard = 0;
    struct weft_sim_record *record = next_record(trace, world, &shard);
    for (; record != NULL; record = next_record(trace, world, &shard)) {
        char text[LINE_BYTES];
        weft_trace_format(&record->lines[trace->heads[shard]++], text, sizeof(text));
        fprintf(trace->file, "%s\n", text);
    }
    for (uint32_t i = 0; i < world->shard_count; i++) {
        world->shards[i].record.count = 0;
    }
}

bool weft_sim_decisions_close(struct weft_sim_decisions *trace)
{
    if (trace == NULL) {
        return true;
    }
    bool failed = ferror(trace->file) != 0;
    failed = fclose(trace->file) != 0 || failed;
    if (failed) {
        fprintf(stderr, "weft-sim: --decisions %s is incomplete: %s\n", trace->path,
                strerror(errno));
    }
    weft_sim_memory_give(trace->heads, trace->room, sizeof(trace->heads[0]));
    weft_sim_memory_give(trace, 1, sizeof(*trace));
    return !failed;
}
