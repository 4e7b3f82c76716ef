/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the one line of text that stands for a trace record. Answers "how is it written?"; what is
 * worth a record is each module's question. */
#include "trace.h"

#include "text.h"

static const char *const words[] = {
#define X(name, word, value) word,
    WEFT_TRACE_MAP(X)
#undef X
};

static const char *const stalls[] = {
#define X(name, word) word,
    WEFT_STALL_MAP(X)
#undef X
};

_Static_assert(sizeof(words) / sizeof(words[0]) == WEFT_TRACE_KIND_COUNT, "one word per kind");
_Static_assert(sizeof(stalls) / sizeof(stalls[0]) == WEFT_STALL_COUNT, "one word per reason");

const char *weft_trace_word(enum weft_trace_kind kind)
{
    return (size_t)kind < WEFT_TRACE_KIND_COUNT ? words[kind] : "unknown";
}

const char *weft_stall_word(enum weft_stall stall)
{
    return (size_t)stall < WEFT_STALL_COUNT ? stalls[stall] : "unknown";
}

static void add_time(struct weft_text *line, weft_ns time_ns)
{
    weft_text_add(line, "[");
    weft_text_add_uint(line, time_ns / WEFT_NS_PER_MS);
    weft_text_add(line, ".");
    weft_text_add_digits(line, time_ns % WEFT_NS_PER_MS / WEFT_NS_PER_US, 3);
    weft_text_add(line, "] ");
}

static void add_id(struct weft_text *line, const char *label, uint64_t id)
{
    if (id != 0) {
        weft_text_add(line, label);
        weft_text_add_hex64(line, id);
    }
}

static void add_number(struct weft_text *line, const char *label, uint64_t number)
{
    if (number != 0) {
        weft_text_add(line, label);
        weft_text_add_uint(line, number);
    }
}

size_t weft_trace_format(const struct weft_trace_record *record, char *text, size_t size)
{
    struct weft_text line = weft_text_into(text, size);
    add_time(&line, record->time_ns);
    weft_text_add_hex64(&line, record->node);
    weft_text_add(&line, " ");
    weft_text_add(&line, weft_trace_word(record->kind));
    add_id(&line, " peer=", record->peer);
    add_id(&line, " release=", record->release);
    add_number(&line, " chunk=", record->chunk);
    add_number(&line, " value=", record->value);
    return line.length;
}
