/* SPDX-License-Identifier: Apache-2.0 */
/* weft-sim: rehearses a distribution in virtual time. Exit status: 0 every living node completed
 * and no invariant was violated; 1 not; 2 wrong flags; 130 interrupted. SPEC.md "Simulator". */
#include "command_report.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "shrink.h"
#include "sweep.h"
#include "tally.h"
#include "wall.h"
#include "words.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

static volatile int stop; /* set by SIGINT and SIGTERM */

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* The words of the command, each as the shell wants it. */
static void keep_command(struct weft_sim_history *history, int argc, char **argv)
{
    struct weft_text text = weft_text_into(history->command, sizeof(history->command));
    weft_text_add(&text, "weft-sim");
    for (int i = 1; i < argc; i++) {
        weft_text_add(&text, " ");
        weft_sim_words_quote(&text, argv[i]);
    }
}

static const struct weft_sim_history *watched(const struct weft_sim_world *world)
{
    return world->watch == NULL ? NULL : &world->watch->history;
}

int main(int argc, char **argv)
{
    static struct weft_sim_options options;
    static struct weft_sim_world world;
    struct weft_sim_output output;
    if (argc > 1 && strcmp(argv[1], "merge") == 0) {
        return weft_sim_tally_merge(argc - 2, argv + 2);
    }
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    if (argc > 1 && strcmp(argv[1], "report") == 0) {
        return weft_sim_command_report(argc - 2, argv + 2);
    }
    if (weft_sim_options_parse(&options, argc - 1, argv + 1, &message) != WEFT_ERR_OK) {
        fprintf(stderr, "weft-sim: %s\nTry weft-sim --help\n", buffer);
        return EXIT_USAGE;
    }
    if (options.help) {
        weft_sim_options_print_help();
        return weft_sim_output_said() ? 0 : EXIT_FAILED;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (options.shrink) {
        return weft_sim_shrink(argc - 1, argv + 1, &stop);
    }
    if (options.sweep > 0 || options.fail_each) {
        return weft_sim_sweep(&options, argc - 1, argv + 1, &stop);
    }
    uint64_t start_ns = weft_sim_wall_ns();
    if (!weft_sim_output_begin(&output, &options)) {
        return EXIT_USAGE;
    }
    if (!weft_sim_world_begin(&world, &options)) {
        weft_sim_output_drop(&output, &options);
        return EXIT_USAGE;
    }
    if (!options.json) {
        weft_sim_screen_begin(&world.screen, stdout);
    }
    weft_sim_progress_begin(&world.progress, stderr, options.progress_ms,
                            weft_sim_screen_is_on(&world.screen));
    if (weft_sim_output_wanted(&output) || weft_sim_screen_is_on(&world.screen)) {
        weft_sim_world_watch(&world);
        keep_command(&world.watch->history, argc, argv);
    }
    weft_sim_world_run(&world, &stop);
    weft_sim_screen_clear(&world.screen);
    bool written = weft_sim_decisions_close(world.decisions);
    struct weft_sim_summary summary;
    weft_sim_summary_make(&summary, &world, weft_sim_wall_ns() - start_ns);
    weft_sim_expect_check(&world, &summary, &stop);
    if (world.watch != NULL) {
        weft_sim_watch_finish(world.watch, &world, &summary);
    }
    written = weft_sim_output_end(&output, &options, watched(&world)) && written;
    if (options.json) {
        weft_sim_report_json(&summary, &world, stdout);
    } else {
        weft_sim_report_text(&summary, &world);
    }
    bool failed = !weft_sim_output_said() || world.checks.failed || !written;
    bool interrupted = world.interrupted;
    weft_sim_world_end(&world);
    return failed ? EXIT_FAILED : interrupted ? EXIT_INTERRUPTED : 0;
}
