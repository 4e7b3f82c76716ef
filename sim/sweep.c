/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which of these many runs fail?". What one seed runs is swarm.c's. */
#include "sweep.h"
#include "memory.h"
#include "output.h"
#include "swarm.h"
#include "tally.h"
#include "try.h"
#include "wall.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* Real time that one run may take; and runs at the same time. */
#define RUN_SECONDS 120
#define JOBS_MAX 64

struct slot {
    struct weft_sim_try try; /* process 0 = free */
    uint64_t number;         /* of the case */
};

struct sweep {
    const struct weft_sim_options *options; /* what to run; borrowed */
    struct weft_sim_words given;            /* flags of the command line that each run has */
    uint64_t next;                          /* number of the next case */
    uint64_t end;                           /* one behind the last */
    uint32_t step;                          /* from one case to the next */
    struct slot slots[JOBS_MAX];            /* runs under way */
    uint32_t jobs;                          /* slots in use */
    struct weft_sim_tally tally;            /* what came of it */
};

/* --- cases --- */

/* Flags that are about the sweep and not about its runs; the first ones have a value. */
static bool is_about_sweep(const char *word, bool *has_value)
{
    static const char *const names[] = {"--sweep", "--shard", "--jobs",
                                        "--seed",  "--json",  "--fail-each"};
    enum { WITH_VALUE = 4 };
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);
        if (strncmp(word, names[i], length) == 0 && (word[length] == '\0' || word[length] == '=')) {
            *has_value = i < WITH_VALUE && word[length] == '\0';
            return true;
        }
    }
    return false;
}

static void keep_given(struct sweep *sweep, int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++) {
        bool has_value = false;
        if (is_about_sweep(argv[i], &has_value)) {
            i += has_value ? 1 : 0;
        } else {
            weft_sim_words_add(&sweep->given, argv[i]);
        }
    }
}

/* The flags of case |number|: a seed's, or the given ones with one operation that fails. */
static void make_case(const struct sweep *sweep, uint64_t number, struct weft_sim_words *words)
{
    memset(words, 0, sizeof(*words));
    if (!sweep->options->fail_each && sweep->options->scenario_path == NULL) {
        weft_sim_swarm_draw(words, number, /* draws_shape */ sweep->options->place_count == 0);
    }
    for (uint32_t i = 0; i < sweep->given.count; i++) {
        weft_sim_words_add(words, weft_sim_words_at(&sweep->given, i));
    }
    if (sweep->options->fail_each) {
        weft_sim_words_number(words, "seed", sweep->options->seed, "");
        weft_sim_words_number(words, "fail-nth", number, "");
    } else if (sweep->options->scenario_path != NULL) {
        weft_sim_words_number(words, "seed", number, "");
    }
}

/* Operations that can fail in the given run; 0 if it does not even pass without a failure. */
static uint64_t count_operations(const struct sweep *sweep)
{
    struct weft_sim_words words;
    struct weft_sim_verdict verdict;
    make_case(sweep, UINT32_MAX, &words);
    if (!weft_sim_try_once(&words, RUN_SECONDS, &verdict)) {
        fprintf(stderr, "weft-sim: cannot start a process: %s\n", strerror(errno));
        return 0;
    }
    if (verdict.outcome != WEFT_SIM_TRY_PASSED) {
        printf("without a failed operation: ");
        weft_sim_verdict_print(&verdict);
        return 0;
    }
    return verdict.operations;
}

/* --- running --- */

static bool begin_next(struct sweep *sweep, struct slot *slot)
{
    struct weft_sim_words words;
    make_case(sweep, sweep->next, &words);
    if (!weft_sim_try_begin(&slot->try, &words, RUN_SECONDS)) {
        fprintf(stderr, "weft-sim: cannot start a process: %s\n", strerror(errno));
        return false;
    }
    slot->number = sweep->next;
    sweep->next += sweep->step;
    return true;
}

static void end_one(struct sweep *sweep, struct slot *slot)
{
    struct weft_sim_verdict verdict;
    weft_sim_try_end(&slot->try, &verdict);
    if (weft_sim_verdict_is_stopped(&verdict)) {
        return; /* Ctrl-C goes to the runs as well; that is no failure of theirs */
    }
    weft_sim_tally_add(&sweep->tally, &verdict);
    if (verdict.outcome == WEFT_SIM_TRY_PASSED) {
        return;
    }
    struct weft_sim_words words;
    make_case(sweep, slot->number, &words);
    weft_sim_tally_add_failure(&sweep->tally, slot->number, &verdict, &words);
    if (!sweep->options->json) {
        printf("FAILED ");
        weft_sim_verdict_print(&verdict);
        printf("    weft-sim");
        weft_sim_words_print(&words);
        printf("\n");
        fflush(stdout);
    }
}

/* Wait until one of the runs has ended; false if there is none. */
static bool end_some(struct sweep *sweep)
{
    struct pollfd waits[JOBS_MAX];
    struct slot *of[JOBS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < sweep->jobs; i++) {
        if (sweep->slots[i].try.process != 0) {
            of[count] = &sweep->slots[i];
            waits[count++] = (struct pollfd){.fd = sweep->slots[i].try.pipe, .events = POLLIN};
        }
    }
    int ready = count == 0 ? 0 : poll(waits, count, -1);
    for (uint32_t i = 0; ready > 0 && i < count; i++) {
        if (waits[i].revents != 0) {
            end_one(sweep, of[i]);
        }
    }
    return count > 0;
}

static bool begin_some(struct sweep *sweep)
{
    for (uint32_t i = 0; i < sweep->jobs && sweep->next < sweep->end; i++) {
        struct slot *slot = &sweep->slots[i];
        if (slot->try.process == 0 && !begin_next(sweep, slot)) {
            return false;
        }
    }
    return true;
}

static bool run_all(struct sweep *sweep, const volatile int *stop)
{
    bool good = true;
    bool busy = true;
    while (busy && good && !*stop) {
        good = begin_some(sweep);
        busy = end_some(sweep);
    }
    for (uint32_t i = 0; i < sweep->jobs; i++) {
        weft_sim_try_stop(&sweep->slots[i].try);
    }
    return good;
}

int weft_sim_sweep(const struct weft_sim_options *options, int argc, char *const *argv,
                   const volatile int *stop)
{
    static struct sweep sweep;
    uint64_t begin_ns = weft_sim_wall_ns();
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t jobs =
        options->jobs != 0 ? options->jobs : (uint32_t)(processors > 0 ? processors : 1);
    sweep.options = options;
    sweep.jobs = jobs < JOBS_MAX ? jobs : JOBS_MAX;
    sweep.step = options->shard_count;
    keep_given(&sweep, argc, argv);
    uint64_t first = options->fail_each ? 1 : options->seed;
    uint64_t count = options->fail_each ? count_operations(&sweep) : options->sweep;
    if (sweep.given.is_full || count == 0) {
        return sweep.given.is_full ? EXIT_USAGE : EXIT_FAILED;
    }
    sweep.next = first + options->shard_index - 1;
    sweep.end = first + count;
    weft_sim_tally_set_flags(&sweep.tally, &sweep.given);
    sweep.tally.first = first;
    sweep.tally.count = count;
    sweep.tally.shard_index = options->shard_index;
    sweep.tally.shard_count = options->shard_count;
    bool good = run_all(&sweep, stop);
    sweep.tally.wall_ms = (weft_sim_wall_ns() - begin_ns) / WEFT_NS_PER_MS;
    sweep.tally.interrupted = *stop != 0;
    weft_sim_tally_print(&sweep.tally, options->json);
    bool failed = !weft_sim_output_said() || sweep.tally.failed > 0 || !good;
    weft_sim_tally_free(&sweep.tally);
    return *stop ? EXIT_INTERRUPTED : failed ? EXIT_FAILED : EXIT_FINE;
}
