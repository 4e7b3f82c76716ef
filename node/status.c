/* SPDX-License-Identifier: Apache-2.0 */
/* `weft status`: asks the node, shows the answer once or every second. */
#include "status.h"

#include "control_client.h"
#include "exit.h"
#include "rows.h"
#include "usage.h"

#include <time.h>

enum {
    ANSWER_MS = 3000, /* a node that takes longer is stuck */
    WATCH_MS = 1000   /* between two looks */
};

struct status_options {
    const char *data_dir; /* --data */
    bool watch;           /* --watch */
    bool json;            /* --json */
    bool help;            /* --help */
};

#define OPTION(field) WEFT_FLAG_AT(struct status_options, field)

static const struct weft_flag flags[] = {
    WEFT_ROW_DATA("data directory of the node", OPTION(data_dir)),
    {.name = "watch",
     .kind = WEFT_FLAG_BOOL,
     .help = "show it again every second, until Ctrl-C",
     OPTION(watch)},
    {.name = "json",
     .kind = WEFT_FLAG_BOOL,
     .help = "print the status document, for programs",
     OPTION(json)},
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};

/* Says what is wrong and what to do about it. */
static int explain(const char *data_dir, enum weft_err err)
{
    switch ((unsigned)err) {
    case WEFT_ERR_NOT_FOUND:
        fprintf(stderr,
                "weft status: no node runs on %s; start one with 'weft run --data %s ...', "
                "or name another directory with --data\n",
                data_dir, data_dir);
        return WEFT_EXIT_NOT_RUNNING;
    case WEFT_ERR_UNREACHABLE:
        fprintf(stderr, "weft status: no node runs on %s now; the last one did not end by itself\n",
                data_dir);
        return WEFT_EXIT_NOT_RUNNING;
    case WEFT_ERR_PERMISSION:
        fprintf(stderr,
                "weft status: cannot ask the node on %s: permission denied; only its user "
                "and root may\n",
                data_dir);
        return WEFT_EXIT_FAILED;
    case WEFT_ERR_TIMEOUT:
    case WEFT_ERR_CLOSED:
        fprintf(stderr, "weft status: the node on %s does not answer\n", data_dir);
        return WEFT_EXIT_NOT_RUNNING;
    default:
        fprintf(stderr, "weft status: cannot ask the node on %s: %s\n", data_dir,
                weft_err_text(err));
        return WEFT_EXIT_FAILED;
    }
}

static void show_json(const json_t *document, bool watch)
{
    json_dumpf(document, stdout, watch ? JSON_COMPACT : JSON_INDENT(2));
    fputc('\n', stdout);
    fflush(stdout);
}

static void show_page(const json_t *document, uint32_t *painted_lines)
{
    struct weft_page page = weft_page_new(weft_terminal_look(fileno(stdout)));
    weft_status_draw(&page, document);
    weft_page_show(&page, stdout, painted_lines);
    weft_page_free(&page);
}

static int show_once(const struct status_options *options, uint32_t *painted_lines)
{
    json_t *document;
    enum weft_err err = weft_control_ask(options->data_dir, "status", ANSWER_MS, &document);
    if (err != WEFT_ERR_OK) {
        return explain(options->data_dir, err);
    }
    if (options->json) {
        show_json(document, options->watch);
    } else {
        show_page(document, painted_lines);
    }
    json_decref(document);
    return ferror(stdout) != 0 ? WEFT_EXIT_FAILED : WEFT_EXIT_OK;
}

int weft_command_status(int argc, char **argv)
{
    struct status_options options;
    const struct weft_flag_group group = {NULL, flags, WEFT_FLAG_COUNT_OF(flags), &options};
    const struct weft_usage usage = {
        "status",
        "[--data DIR] [--watch] [--json]",
        "Show what the node on this machine has, does and waits for, and what its\n"
        "segment does.",
        {&group, 1},
        &options.help};
    uint32_t painted_lines = 0;
    int exit_code;

    if (!weft_usage_read(&usage, argc, argv, NULL, &exit_code)) {
        return exit_code;
    }
    exit_code = show_once(&options, options.watch ? &painted_lines : NULL);
    while (options.watch && exit_code == WEFT_EXIT_OK) {
        struct timespec pause = {WATCH_MS / 1000, 0};
        nanosleep(&pause, NULL);
        exit_code = show_once(&options, &painted_lines);
    }
    return exit_code;
}
