/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "did two runs do the same?". */
#include "record.h"
#include "memory.h"

void weft_sim_record_begin(struct weft_sim_record *record, bool keep)
{
    *record = (struct weft_sim_record){.is_kept = keep};
}

void weft_sim_record_end(struct weft_sim_record *record)
{
    weft_sim_memory_give(record->lines, record->room, sizeof(record->lines[0]));
    weft_sim_record_begin(record, false);
}

uint64_t weft_sim_record_fold(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

void weft_sim_record_add(struct weft_sim_record *record, const struct weft_trace_record *line)
{
    uint64_t hash = weft_sim_record_fold(record->hash, line->time_ns);
    hash = weft_sim_record_fold(hash, line->node);
    hash = weft_sim_record_fold(hash, ((uint64_t)line->kind << 32) | line->chunk);
    hash = weft_sim_record_fold(hash, line->peer);
    hash = weft_sim_record_fold(hash, line->release);
    record->hash = weft_sim_record_fold(hash, line->value);
    if (!record->is_kept) {
        return;
    }
    if (record->count == record->room) {
        record->lines =
            weft_sim_memory_grow(record->lines, &record->room, sizeof(record->lines[0]));
    }
    record->lines[record->count++] = *line;
}
