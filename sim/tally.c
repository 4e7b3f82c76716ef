/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what came of the sweep, and of its shards together?". */
#include "tally.h"
#include "memory.h"
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Shards of one sweep. */
#define SHARDS_MAX 4096

#define NOT_A_SHARD "this is not what weft-sim --sweep N --shard I/N --json prints"

/* --- counting --- */

void weft_sim_tally_add(struct weft_sim_tally *tally, const struct weft_sim_verdict *verdict)
{
    tally->runs++;
    tally->failed += verdict->outcome != WEFT_SIM_TRY_PASSED ? 1 : 0;
    tally->events += verdict->events;
}

static json_t *words_of(const struct weft_sim_words *words)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < words->count; i++) {
        json_array_append_new(array, json_string(weft_sim_words_at(words, i)));
    }
    return array;
}

void weft_sim_tally_set_flags(struct weft_sim_tally *tally, const struct weft_sim_words *words)
{
    json_decref(tally->flags);
    tally->flags = words_of(words);
}

void weft_sim_tally_add_failure(struct weft_sim_tally *tally, uint64_t number,
                                const struct weft_sim_verdict *verdict,
                                const struct weft_sim_words *words)
{
    json_t *failure =
        json_pack("{s:I, s:s, s:s, s:I, s:I, s:o}", "case", (json_int_t)number, "what",
                  weft_sim_verdict_name(verdict), "how", verdict->checks.detail, "node",
                  (json_int_t)verdict->checks.node, "time_ns", (json_int_t)verdict->checks.time_ns,
                  "flags", words_of(words));
    tally->failures = tally->failures == NULL ? json_array() : tally->failures;
    json_array_append_new(tally->failures, failure);
}

void weft_sim_tally_free(struct weft_sim_tally *tally)
{
    json_decref(tally->failures);
    json_decref(tally->flags);
    tally->failures = NULL;
    tally->flags = NULL;
}

/* --- printing --- */

static void print_json(const struct weft_sim_tally *tally)
{
    json_t *failures = tally->failures == NULL ? json_array() : json_incref(tally->failures);
    json_t *all = json_pack(
        "{s:I, s:I, s:O?, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "first", (json_int_t)tally->first,
        "count", (json_int_t)tally->count, "flags", tally->flags, "shard",
        (json_int_t)tally->shard_index, "shards", (json_int_t)tally->shard_count, "runs",
        (json_int_t)tally->runs, "failed", (json_int_t)tally->failed, "events",
        (json_int_t)tally->events, "wall_ms", (json_int_t)tally->wall_ms, "failures", failures);
    json_dumpf(all, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(all);
}

void weft_sim_tally_print(const struct weft_sim_tally *tally, bool json)
{
    if (json) {
        print_json(tally);
        return;
    }
    uint64_t ms = tally->wall_ms + 1;
    if (tally->shard_count > 1) {
        printf("shard %u of %u: ", tally->shard_index, tally->shard_count);
    }
    printf("%" PRIu64 " of %" PRIu64 " runs, %" PRIu64 ".%" PRIu64 " s, %" PRIu64
           " runs a second, %" PRIu64 " events\n",
           tally->runs, tally->count, ms / 1000, ms / 100 % 10, tally->runs * 1000 / ms,
           tally->events);
    if (tally->interrupted) {
        printf("interrupted: these are the runs so far\n");
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", tally->runs - tally->failed,
           tally->failed);
}

/* --- joining --- */

struct merge {
    struct weft_sim_tally sum; /* so far */
    bool seen[SHARDS_MAX];     /* shard index - 1: its file was read */
    uint32_t files;            /* read */
    uint32_t cut_off;          /* of them, of shards that did not come to their end */
};

static bool refuse(const char *path, const char *why)
{
    fprintf(stderr, "weft-sim merge: %s: %s\n", path, why);
    return false;
}

/* Runs that a shard of a sweep of |count| has. */
static uint64_t runs_of(uint64_t count, uint32_t shard, uint32_t shards)
{
    return count / shards + (shard - 1 < count % shards ? 1 : 0);
}

static bool add_shard(struct merge *merge, const char *path, json_t *root)
{
    struct weft_sim_tally *sum = &merge->sum;
    json_int_t first = 0, count = 0, shard = 0, shards = 0, runs = 0, failed = 0, events = 0;
    json_int_t wall_ms = 0;
    json_t *failures = NULL;
    json_t *flags = NULL;
    if (json_unpack(root, "{s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "first", &first,
                    "count", &count, "flags", &flags, "shard", &shard, "shards", &shards, "runs",
                    &runs, "failed", &failed, "events", &events, "wall_ms", &wall_ms, "failures",
                    &failures) != 0 ||
        !json_is_array(failures) || shards < 1 || shards > SHARDS_MAX || shard < 1 ||
        shard > shards || count < 0 || runs < 0 || failed < 0 || events < 0 || wall_ms < 0) {
        return refuse(path, NOT_A_SHARD);
    }
    bool same = sum->first == (uint64_t)first && sum->count == (uint64_t)count &&
                sum->shard_count == (uint32_t)shards && json_equal(sum->flags, flags);
    if (merge->files > 0 && !same) {
        return refuse(path, "it is of another sweep than the files before it");
    }
    if (merge->seen[shard - 1]) {
        return refuse(path, "its shard was in a file before it");
    }
    merge->seen[shard - 1] = true;
    merge->files++;
    if ((uint64_t)runs < runs_of((uint64_t)count, (uint32_t)shard, (uint32_t)shards)) {
        refuse(path, "that shard did not come to its end; run it again");
        merge->cut_off++;
    }
    sum->flags = sum->flags == NULL ? json_incref(flags) : sum->flags;
    sum->first = (uint64_t)first;
    sum->count = (uint64_t)count;
    sum->shard_count = (uint32_t)shards;
    sum->runs += (uint64_t)runs;
    sum->failed += (uint64_t)failed;
    sum->events += (uint64_t)events;
    sum->wall_ms = (uint64_t)wall_ms > sum->wall_ms ? (uint64_t)wall_ms : sum->wall_ms;
    sum->failures = sum->failures == NULL ? json_array() : sum->failures;
    json_array_extend(sum->failures, failures);
    return true;
}

static bool add_file(struct merge *merge, const char *path)
{
    json_error_t error;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return refuse(path, strerror(errno));
    }
    json_t *root = json_loadf(file, 0, &error);
    bool broken = ferror(file) != 0;
    int why = errno;
    fclose(file);
    if (root == NULL) {
        return refuse(path, broken ? strerror(why) : NOT_A_SHARD);
    }
    bool added = add_shard(merge, path, root);
    json_decref(root);
    return added;
}

static void print_failures(const struct weft_sim_tally *sum)
{
    size_t index = 0;
    json_t *failure = NULL;
    json_array_foreach(sum->failures, index, failure)
    {
        const char *what = json_string_value(json_object_get(failure, "what"));
        const char *how = json_string_value(json_object_get(failure, "how"));
        struct weft_sim_words words = {.count = 0};
        size_t place = 0;
        json_t *word = NULL;
        json_array_foreach(json_object_get(failure, "flags"), place, word)
        {
            const char *text = json_string_value(word);
            weft_sim_words_add(&words, text == NULL ? "" : text);
        }
        printf("FAILED %s: %s\n    weft-sim", what == NULL ? "" : what, how == NULL ? "" : how);
        weft_sim_words_print(&words);
        printf("\n");
    }
}

static uint32_t print_missing(const struct merge *merge)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < merge->sum.shard_count; i++) {
        if (!merge->seen[i]) {
            fprintf(stderr, "weft-sim merge: no file has shard %u of %u\n", i + 1,
                    merge->sum.shard_count);
            missing++;
        }
    }
    return missing;
}

static void print_usage(FILE *out)
{
    fputs("Usage: weft-sim merge [--json] FILE...\n\n"
          "Join what the shards of a sweep printed: weft-sim --sweep N --shard I/N --json.\n",
          out);
}

int weft_sim_tally_merge(int argc, char *const *argv)
{
    static struct merge merge;
    bool json = false;
    bool good = true;
    if (argc == 0 || strcmp(argv[0], "--help") == 0) {
        print_usage(argc == 0 ? stderr : stdout);
        bool said = weft_sim_output_said();
        return argc == 0 ? EXIT_USAGE : said ? EXIT_FINE : EXIT_FAILED;
    }
    for (int i = 0; i < argc; i++) {
        bool is_flag = strcmp(argv[i], "--json") == 0;
        json = json || is_flag;
        bool is_other = !is_flag && strncmp(argv[i], "--", 2) == 0;
        good = (is_flag || (is_other ? refuse(argv[i], "there is no such flag")
                                     : add_file(&merge, argv[i]))) &&
               good;
    }
    if (merge.files == 0 && good) {
        fprintf(stderr, "weft-sim merge: name the files that the shards printed\n");
    }
    if (merge.files == 0 || !good) {
        fprintf(stderr, "Try weft-sim merge --help\n");
        weft_sim_tally_free(&merge.sum);
        return EXIT_USAGE;
    }
    uint32_t missing = print_missing(&merge);
    merge.sum.shard_index = 1;
    merge.sum.shard_count = 1;
    if (!json) {
        print_failures(&merge.sum);
    }
    weft_sim_tally_print(&merge.sum, json);
    bool failed = !weft_sim_output_said() || missing + merge.cut_off > 0 || merge.sum.failed > 0;
    weft_sim_tally_free(&merge.sum);
    return failed ? EXIT_FAILED : EXIT_FINE;
}
