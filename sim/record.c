/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "did two runs do the same?", and writes down what they did. */
#include "record.h"

#include "protocol/rng.h"

#include <errno.h>
#include <string.h>

#define LINE_BYTES 256

bool weft_sim_record_begin(struct weft_sim_record *record, const char *path)
{
    memset(record, 0, sizeof(*record));
    record->path = path;
    if (path == NULL) {
        return true;
    }
    record->file = fopen(path, "w");
    if (record->file == NULL) {
        fprintf(stderr, "weft-sim: cannot write --trace %s: %s\n", path, strerror(errno));
    }
    return record->file != NULL;
}

static void fold(struct weft_sim_record *record, uint64_t value)
{
    record->hash = (record->hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    record->hash ^= record->hash >> 32;
}

void weft_sim_record_add(struct weft_sim_record *record, const struct weft_trace_record *line)
{
    record->counts[line->kind]++;
    fold(record, line->time_ns);
    fold(record, line->node);
    fold(record, ((uint64_t)line->kind << 32) | line->chunk);
    fold(record, line->peer);
    fold(record, line->release);
    fold(record, line->value);
    if (record->file != NULL) {
        char text[LINE_BYTES];
        weft_trace_format(line, text, sizeof(text));
        fprintf(record->file, "%s\n", text);
    }
}

bool weft_sim_record_end(struct weft_sim_record *record)
{
    if (record->file == NULL) {
        return true;
    }
    bool failed = ferror(record->file) != 0;
    failed = fclose(record->file) != 0 || failed;
    record->file = NULL;
    if (failed) {
        fprintf(stderr, "weft-sim: --trace %s is incomplete: %s\n", record->path, strerror(errno));
    }
    return !failed;
}
