/* SPDX-License-Identifier: Apache-2.0 */
/* Turns a core's records and counters into lines of a trace file: counts until a second is over,
 * then writes what grew. Times are of the monotonic clock, counted from the head of the file, which
 * has the time of the day. */
#include "trace_file.h"

#include "protocol/address.h"
#include "protocol/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A line covers so much time while chunks come, while the node waits for some, and while it has
 * nothing to wait for but news. */
#define BUSY_NS (400 * WEFT_NS_PER_MS)
#define WAITING_NS (5 * WEFT_NS_PER_S)
#define IDLE_NS (600 * WEFT_NS_PER_S)

/* Neighbours told apart within a line; the others' chunks count for nobody. */
#define PEERS_MAX 64

/* Releases whose bytes are followed. */
#define RELEASES_MAX 64

static const char *const tiers[] = {
#define X(name, text) text,
    WEFT_TIER_MAP(X)
#undef X
};

/* Chunks that came from one neighbour. */
struct giver {
    weft_node_id peer; /* 0 = the source */
    uint32_t chunks;   /* since the last line */
};

/* Bytes of one release, as the core counted them. */
struct count {
    weft_release_id id;              /* 0 = free */
    uint64_t bytes[WEFT_TIER_COUNT]; /* at the last look */
};

struct weft_trace_file {
    FILE *file;                         /* owned */
    uint64_t begin_ns;                  /* time of the head; 0 = it is not written */
    uint64_t line_ns;                   /* time up to which lines tell */
    uint64_t looked_ns;                 /* time of the last look */
    struct giver givers[PEERS_MAX];     /* of chunks */
    uint32_t giver_count;               /* entries of givers */
    struct count counts[RELEASES_MAX];  /* of releases */
    uint64_t bytes[WEFT_TIER_COUNT];    /* since the last line */
    uint64_t wait_ns[WEFT_STALL_COUNT]; /* since the last line */
    uint64_t control_bytes;             /* sent, as the core counted them at the last line */
    uint64_t news_ns;                   /* time of the core's last record of a new release */
    weft_release_id release;            /* the newest one, of which bytes are; 0 = none yet */
};

struct weft_trace_file *weft_trace_file_open(const char *path)
{
    struct weft_trace_file *file = calloc(1, sizeof(*file));
    if (file == NULL) {
        return NULL;
    }
    file->file = fopen(path, "ae");
    if (file->file == NULL) {
        free(file);
        return NULL;
    }
    return file;
}

bool weft_trace_file_close(struct weft_trace_file *file)
{
    if (file == NULL) {
        return true;
    }
    bool failed = ferror(file->file) != 0;
    failed = fclose(file->file) != 0 || failed;
    free(file);
    return !failed;
}

void weft_trace_file_begin(struct weft_trace_file *file, const struct weft_core *core,
                           uint64_t now_ns)
{
    char address[WEFT_ADDRESS_TEXT_BYTES];
    char segment[WEFT_ADDRESS_TEXT_BYTES];
    struct weft_view_node node = weft_view_node(core);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    weft_address_format(&node.self.address, address, sizeof(address));
    weft_prefix_format(&node.segment, segment, sizeof(segment));
    file->begin_ns = now_ns;
    file->line_ns = now_ns;
    file->looked_ns = now_ns;
    fprintf(file->file,
            "{\"weft_trace\":1,\"origin\":\"node\",\"node\":\"%016" PRIx64
            "\",\"address\":\"%s\",\"segment\":\"%s\",\"unix_ms\":%" PRId64 "}\n",
            node.self.id, address, segment, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static uint64_t since_begin_ms(const struct weft_trace_file *file, uint64_t now_ns)
{
    return now_ns > file->begin_ns ? (now_ns - file->begin_ns) / WEFT_NS_PER_MS : 0;
}

/* --- what the core tells --- */

static void count_chunk(struct weft_trace_file *file, weft_node_id peer)
{
    uint32_t i = 0;
    while (i < file->giver_count && file->givers[i].peer != peer) {
        i++;
    }
    if (i == PEERS_MAX) {
        return;
    }
    if (i == file->giver_count) {
        file->givers[file->giver_count++] = (struct giver){.peer = peer};
    }
    file->givers[i].chunks++;
}

static void write_event(const struct weft_trace_file *file, uint64_t now_ns, const char *word,
                        weft_release_id release)
{
    fprintf(file->file, "{\"t_ms\":%" PRIu64 ",\"event\":\"%s\"", since_begin_ms(file, now_ns),
            word);
    if (release != 0) {
        fprintf(file->file, ",\"release\":\"%016" PRIx64 "\"", release);
    }
    fprintf(file->file, "}\n");
}

void weft_trace_file_record(struct weft_trace_file *file, const struct weft_trace_record *record,
                            uint64_t now_ns)
{
    if (record->kind == WEFT_TRACE_CHUNK) {
        count_chunk(file, record->peer);
    } else if (file->begin_ns == 0) {
        return;
    } else if (record->kind == WEFT_TRACE_AGENT_CLAIM) {
        write_event(file, now_ns, "agent", 0);
    } else if (record->kind == WEFT_TRACE_AGENT_DRAIN || record->kind == WEFT_TRACE_LEAVE) {
        write_event(file, now_ns, "agent-ends", 0);
    } else if (record->kind == WEFT_TRACE_RELEASE) {
        write_event(file, now_ns, "release", record->release);
        file->news_ns = now_ns;
        file->giver_count = 0; /* chunks from here on are of this release */
    } else if (record->kind == WEFT_TRACE_ACTIVATED && record->value == WEFT_ERR_OK) {
        write_event(file, now_ns, "complete", record->release);
    }
}

/* --- what is looked at --- */

static struct count *count_of(struct weft_trace_file *file, weft_release_id id)
{
    struct count *free_count = NULL;
    for (uint32_t i = 0; i < RELEASES_MAX; i++) {
        if (file->counts[i].id == id) {
            return &file->counts[i];
        }
        free_count = file->counts[i].id == 0 && free_count == NULL ? &file->counts[i] : free_count;
    }
    return free_count;
}

static bool is_known(const struct weft_core *core, weft_release_id id)
{
    struct weft_view_release release;
    for (uint32_t i = 0; weft_view_release(core, i, &release); i++) {
        if (release.id == id) {
            return true;
        }
    }
    return false;
}

static void write_release(struct weft_trace_file *file, const struct weft_view_release *release,
                          uint64_t now_ns)
{
    fprintf(file->file,
            "{\"t_ms\":%" PRIu64 ",\"event\":\"release\",\"release\":\"%016" PRIx64
            "\",\"bytes\":%" PRIu64 ",\"chunks\":%u}\n",
            since_begin_ms(file, now_ns), release->id, release->bytes, release->chunk_count);
}

/* Bytes that came since the last look, of releases that were known then. Returns whether there is
 * one that was not. */
static bool look_at_known(struct weft_trace_file *file, const struct weft_core *core)
{
    struct weft_view_release release;
    bool is_news = false;
    for (uint32_t i = 0; weft_view_release(core, i, &release); i++) {
        struct count *count = count_of(file, release.id);
        is_news |= count != NULL && count->id == 0;
        for (uint32_t t = 0; count != NULL && count->id != 0 && t < WEFT_TIER_COUNT; t++) {
            file->bytes[t] += release.bytes_by_tier[t] - count->bytes[t];
            count->bytes[t] = release.bytes_by_tier[t];
        }
    }
    return is_news;
}

/* A release seen for the first time is an event, once more: the core's record of it did not say how
 * large it is. */
static void look_at_news(struct weft_trace_file *file, const struct weft_core *core,
                         uint64_t now_ns)
{
    struct weft_view_release release;
    for (uint32_t i = 0; weft_view_release(core, i, &release); i++) {
        struct count *count = count_of(file, release.id);
        if (count != NULL && count->id == 0) {
            *count = (struct count){.id = release.id};
            file->release = release.id;
            write_release(file, &release, now_ns);
        }
    }
    look_at_known(file, core);
}

static void forget_releases(struct weft_trace_file *file, const struct weft_core *core)
{
    for (uint32_t i = 0; i < RELEASES_MAX; i++) {
        if (file->counts[i].id != 0 && !is_known(core, file->counts[i].id)) {
            file->counts[i].id = 0;
        }
    }
}

static uint64_t sum_of(const uint64_t *values, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}

/* ,"name":{...} of what is not 0, each divided by |unit|. */
static void write_map(FILE *out, const char *name, const uint64_t *values, uint32_t count,
                      uint64_t unit, const char *(*word)(uint32_t))
{
    if (sum_of(values, count) < unit) {
        return;
    }
    const char *separator = "";
    fprintf(out, ",\"%s\":{", name);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] >= unit) {
            fprintf(out, "%s\"%s\":%" PRIu64, separator, word(i), values[i] / unit);
            separator = ",";
        }
    }
    fputc('}', out);
}

static const char *tier_word(uint32_t tier)
{
    return tiers[tier];
}

static const char *stall_word(uint32_t stall)
{
    return weft_stall_word((enum weft_stall)stall);
}

/* Chunks have about the same length, so neighbours share the bytes by chunks. */
static void write_givers(const struct weft_trace_file *file, uint64_t bytes)
{
    uint64_t chunks = 0;
    for (uint32_t i = 0; i < file->giver_count; i++) {
        chunks += file->givers[i].chunks;
    }
    if (bytes == 0 || chunks == 0) {
        return;
    }
    fprintf(file->file, ",\"pulled\":{");
    for (uint32_t i = 0; i < file->giver_count; i++) {
        uint64_t part = bytes / chunks * file->givers[i].chunks;
        fputs(i == 0 ? "" : ",", file->file);
        if (file->givers[i].peer == 0) {
            fprintf(file->file, "\"source\":%" PRIu64, part);
        } else {
            fprintf(file->file, "\"%016" PRIx64 "\":%" PRIu64, file->givers[i].peer, part);
        }
    }
    fputc('}', file->file);
}

/* Write what was counted, up to |now_ns|, and begin anew. If not |is_whole|, who gave chunks
 * belongs to the next line. */
static void write_line(struct weft_trace_file *file, uint64_t control_bytes, uint64_t now_ns,
                       bool is_whole)
{
    uint64_t bytes = sum_of(file->bytes, WEFT_TIER_COUNT);
    uint64_t wan = file->bytes[WEFT_TIER_REMOTE] + file->bytes[WEFT_TIER_SERVER] +
                   file->bytes[WEFT_TIER_SOURCE];
    fprintf(file->file, "{\"t_ms\":%" PRIu64 ",\"for_ms\":%" PRIu64,
            since_begin_ms(file, file->line_ns), (now_ns - file->line_ns) / WEFT_NS_PER_MS);
    if (bytes > 0) {
        fprintf(file->file, ",\"release\":\"%016" PRIx64 "\"", file->release);
    }
    write_map(file->file, "bytes", file->bytes, WEFT_TIER_COUNT, 1, tier_word);
    write_map(file->file, "wait_ms", file->wait_ns, WEFT_STALL_COUNT, WEFT_NS_PER_MS, stall_word);
    if (wan > 0) {
        fprintf(file->file, ",\"wan\":%" PRIu64, wan);
    }
    if (is_whole) {
        write_givers(file, bytes);
        file->giver_count = 0;
    }
    fprintf(file->file, ",\"control\":%" PRIu64 "}\n", control_bytes - file->control_bytes);
    file->control_bytes = control_bytes;
    file->line_ns = now_ns;
    memset(file->bytes, 0, sizeof(file->bytes));
    memset(file->wait_ns, 0, sizeof(file->wait_ns));
    fflush(file->file);
}

/* How much time the line that is due next may cover. */
static uint64_t span_ns(const struct weft_trace_file *file)
{
    uint64_t waits_ns = sum_of(file->wait_ns, WEFT_STALL_COUNT);
    uint64_t quiet_ns = file->wait_ns[WEFT_STALL_NO_MANIFEST] + file->wait_ns[WEFT_STALL_ASLEEP];
    if (sum_of(file->bytes, WEFT_TIER_COUNT) > 0) {
        return BUSY_NS;
    }
    return waits_ns > quiet_ns ? WAITING_NS : IDLE_NS;
}

void weft_trace_file_sample(struct weft_trace_file *file, const struct weft_core *core,
                            uint64_t now_ns, bool last)
{
    enum weft_stall stall = weft_view_node(core).stall;
    uint64_t control_bytes = weft_view_counters(core).control_bytes_sent;
    forget_releases(file, core);
    bool is_news = look_at_known(file, core);
    if (stall != WEFT_STALL_NONE) {
        file->wait_ns[stall] += now_ns - file->looked_ns;
    }
    file->looked_ns = now_ns;
    if (is_news) {
        /* What came since the core's record is of the new release, and belongs to the next line. */
        write_line(file, control_bytes, file->news_ns > file->line_ns ? file->news_ns : now_ns,
                   false);
        look_at_news(file, core, now_ns);
    }
    if (last || now_ns - file->line_ns >= span_ns(file)) {
        write_line(file, control_bytes, now_ns, true);
    }
}
