/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what do these files tell?": each file of a simulation is a run of its own, those of
 * nodes together are one, and that one comes first. */
#include "command_report.h"
#include "files.h"
#include "history_read.h"
#include "memory.h"
#include "output.h"
#include "page.h"
#include "perfetto.h"

#include "protocol/flag.h"
#include "protocol/manual.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WRITTEN = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
    const char *output;   /* --output; NULL = not given */
    const char *perfetto; /* --perfetto; NULL = not given */
    bool help;            /* --help */
};

#define AT(field) WEFT_FLAG_AT(struct options, field)

static const struct weft_flag flags[] = {
    {.name = "output",
     .kind = WEFT_FLAG_TEXT,
     .argument = "FILE.html",
     .help = "write a report to look at in a browser; -o is short for it",
     AT(output)},
    {.name = "perfetto",
     .kind = WEFT_FLAG_TEXT,
     .argument = "FILE.json",
     .help = "write the time line of the first run for ui.perfetto.dev",
     AT(perfetto)},
    WEFT_FLAG_HELP_ROW(AT(help)),
};

/* The runs that the files make. */
struct runs {
    struct weft_sim_history histories[WEFT_SIM_PAGE_RUNS_MAX]; /* owned */
    struct weft_sim_page_run items[WEFT_SIM_PAGE_RUNS_MAX];    /* of the page */
    uint32_t count;                                            /* entries of both */
};

static int fail(const char *text, int code)
{
    fprintf(stderr, "weft-sim report: %s\n", text);
    return code;
}

static void print_help(const struct weft_flag_set *set)
{
    static char buffer[4096];
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    weft_text_add(&text,
                  "Usage: weft-sim report FILE... --output FILE.html\n\n"
                  "Make a report of trace files: of weft-sim --trace, a run each, and of weft run\n"
                  "--trace, all nodes together a run; several runs are laid over each other.\n\n");
    weft_manual_add_help(&text, set);
    fputs(buffer, stdout);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Add what |paths| make: a simulation, or nodes. */
static bool add_run(struct runs *runs, char *const *paths, uint32_t count, bool is_nodes,
                    struct weft_text *message)
{
    if (runs->count == WEFT_SIM_PAGE_RUNS_MAX) {
        weft_text_add(message, "more than 8 runs do not fit into one report");
        return false;
    }
    struct weft_sim_history *history = &runs->histories[runs->count];
    bool good = is_nodes ? weft_sim_history_read_nodes(history, paths, count, message)
                         : weft_sim_history_read(history, paths[0], message);
    if (good) {
        runs->items[runs->count++] = (struct weft_sim_page_run){
            .history = history, .name = is_nodes ? "real nodes" : base_of(paths[0])};
    }
    return good;
}

/* Put the files of nodes to the front of |sorted|, simulations behind them; both stay in order. */
static bool sort_files(const struct weft_sim_files *files, char **sorted, uint32_t *node_count,
                       struct weft_text *message)
{
    uint32_t behind = files->count;
    *node_count = 0;
    for (uint32_t i = 0; i < files->count; i++) {
        enum weft_sim_origin origin = weft_sim_history_origin(files->paths[i], message);
        if (origin == WEFT_SIM_ORIGIN_NONE) {
            return false;
        }
        if (origin == WEFT_SIM_ORIGIN_NODE) {
            sorted[(*node_count)++] = files->paths[i];
        } else {
            sorted[--behind] = files->paths[i];
        }
    }
    for (uint32_t a = behind, b = files->count; a + 1 < b; a++) {
        char *path = sorted[a];
        sorted[a] = sorted[--b];
        sorted[b] = path;
    }
    return true;
}

static bool add_runs(struct runs *runs, char *const *sorted, uint32_t count, uint32_t node_count,
                     struct weft_text *message)
{
    bool good = node_count == 0 || add_run(runs, sorted, node_count, true, message);
    for (uint32_t i = node_count; good && i < count; i++) {
        good = add_run(runs, &sorted[i], 1, false, message);
    }
    return good;
}

static bool read_files(struct runs *runs, const struct weft_sim_files *files,
                       struct weft_text *message)
{
    char **sorted = weft_sim_memory_take(files->count, sizeof(sorted[0]));
    uint32_t node_count = 0;
    bool good = sort_files(files, sorted, &node_count, message) &&
                add_runs(runs, sorted, files->count, node_count, message);
    weft_sim_memory_give(sorted, files->count, sizeof(sorted[0]));
    return good;
}

static bool write_one(const struct runs *runs, const char *path, bool is_report)
{
    if (path == NULL) {
        return true;
    }
    FILE *out = weft_sim_output_open(path);
    if (out != NULL && is_report) {
        weft_sim_page_write(runs->items, runs->count, out);
    } else if (out != NULL) {
        weft_sim_perfetto_write(&runs->histories[0], out);
    }
    bool failed = out == NULL || !weft_sim_output_close(out, path, /* wanted */ true);
    if (failed) {
        fprintf(stderr, "weft-sim report: cannot write %s: %s\n", path, strerror(errno));
    }
    return !failed;
}

/* Is |path|, where something is to be written, none of the files that are read? */
static bool is_apart(const char *path, const struct weft_sim_files *files,
                     struct weft_text *message)
{
    for (uint32_t i = 0; path != NULL && i < files->count; i++) {
        if (weft_sim_output_is_same(path, files->paths[i])) {
            weft_text_add(message, path);
            weft_text_add(message, ": that would overwrite a file that is to be read");
            return false;
        }
    }
    return true;
}

static int make(const struct options *options, const struct weft_flag_list *arguments)
{
    static struct runs runs; /* large, and there is one command in a process */
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    struct weft_sim_files files;
    bool read = weft_sim_files_begin(&files, arguments, &message) &&
                is_apart(options->output, &files, &message) &&
                is_apart(options->perfetto, &files, &message) &&
                read_files(&runs, &files, &message);
    bool written = read && write_one(&runs, options->output, /* is_report */ true) &&
                   write_one(&runs, options->perfetto, /* is_report */ false);
    if (!read) {
        fail(buffer, EXIT_FAILED);
    }
    for (uint32_t i = 0; i < runs.count; i++) {
        weft_sim_history_end(&runs.histories[i]);
    }
    weft_sim_files_end(&files);
    return written ? EXIT_WRITTEN : EXIT_FAILED;
}

int weft_sim_command_report(int argc, char *const *argv)
{
    struct options options = {.help = false};
    const struct weft_flag_group group = {NULL, flags, WEFT_FLAG_COUNT_OF(flags), &options};
    const struct weft_flag_set set = {&group, 1};
    struct weft_flag_list arguments;
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    char **words = weft_sim_memory_take((size_t)argc + 1, sizeof(words[0]));
    static char output[] = "--output";
    for (int i = 0; i < argc; i++) {
        words[i] = strcmp(argv[i], "-o") == 0 ? output : argv[i];
    }
    enum weft_err err = weft_flag_parse(&set, argc, words, &arguments, &message);
    int code = EXIT_WRITTEN;
    if (err != WEFT_ERR_OK) {
        code = fail(buffer, EXIT_USAGE);
    } else if (options.help) {
        print_help(&set);
        code = weft_sim_output_said() ? EXIT_WRITTEN : EXIT_FAILED;
    } else if (options.output == NULL && options.perfetto == NULL) {
        code = fail("say where to write it: --output FILE.html", EXIT_USAGE);
    } else if (options.output != NULL && options.perfetto != NULL &&
               weft_sim_output_is_same(options.output, options.perfetto)) {
        code = fail("--output and --perfetto are the same file", EXIT_USAGE);
    } else {
        code = make(&options, &arguments);
    }
    weft_sim_memory_give(words, (size_t)argc + 1, sizeof(words[0]));
    return code;
}
