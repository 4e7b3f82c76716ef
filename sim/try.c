/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how does a run of these flags go?" from outside the run. */
#include "try.h"
#include "options.h"
#include "summary.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit status of the child; the verdict comes through the pipe. */
enum { CHILD_DONE = 0, CHILD_MUTE = 3 };

/* --- inside the child --- */

static void judge(struct weft_sim_world *world, struct weft_sim_verdict *verdict)
{
    static struct weft_sim_summary summary;
    const volatile int stop = 0;
    weft_sim_summary_make(&summary, world, 0);
    weft_sim_expect_check(world, &summary, &stop);
    verdict->outcome = world->checks.failed ? WEFT_SIM_TRY_VIOLATED : WEFT_SIM_TRY_PASSED;
    verdict->checks = world->checks;
    verdict->operations = world->operations;
    for (uint32_t i = 0; i < world->shard_count; i++) {
        verdict->events += weft_sim_queue_popped(world->shards[i].queue);
    }
}

static void run(struct weft_sim_words *words, struct weft_sim_verdict *verdict)
{
    static struct weft_sim_options options;
    static struct weft_sim_world world;
    static char *argv[WEFT_SIM_WORDS_MAX];
    const volatile int stop = 0;
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    weft_sim_words_argv(words, argv);
    verdict->outcome = WEFT_SIM_TRY_REFUSED;
    if (weft_sim_options_parse(&options, (int)words->count, argv, &message) != WEFT_ERR_OK) {
        struct weft_text detail =
            weft_text_into(verdict->checks.detail, sizeof(verdict->checks.detail));
        weft_text_add(&detail, buffer);
        return;
    }
    if (weft_sim_world_begin(&world, &options)) {
        weft_sim_world_run(&world, &stop);
        judge(&world, verdict);
        weft_sim_world_end(&world);
    }
}

static void be_child(struct weft_sim_words *words, int pipe, uint32_t seconds)
{
    struct weft_sim_verdict verdict;
    memset(&verdict, 0, sizeof(verdict));
    signal(SIGALRM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    alarm(seconds);
    run(words, &verdict);
    ssize_t written = write(pipe, &verdict, sizeof(verdict));
    _exit(written == (ssize_t)sizeof(verdict) ? CHILD_DONE : CHILD_MUTE);
}

/* --- outside --- */

bool weft_sim_try_begin(struct weft_sim_try *try, struct weft_sim_words *words, uint32_t seconds)
{
    int ends[2];
    try->process = 0;
    if (pipe(ends) != 0) {
        return false;
    }
    fflush(stdout);
    pid_t process = fork();
    if (process == 0) {
        close(ends[0]);
        be_child(words, ends[1], seconds);
    }
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return false;
    }
    *try = (struct weft_sim_try){.process = process, .pipe = ends[0]};
    return true;
}

void weft_sim_try_end(struct weft_sim_try *try, struct weft_sim_verdict *verdict)
{
    int status = 0;
    memset(verdict, 0, sizeof(*verdict));
    ssize_t length = read(try->pipe, verdict, sizeof(*verdict));
    close(try->pipe);
    waitpid(try->process, &status, 0);
    try->process = 0;
    if (length == (ssize_t)sizeof(*verdict)) {
        return;
    }
    memset(verdict, 0, sizeof(*verdict));
    verdict->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    verdict->outcome = verdict->signal == SIGALRM ? WEFT_SIM_TRY_ENDLESS : WEFT_SIM_TRY_CRASHED;
}

void weft_sim_try_stop(struct weft_sim_try *try)
{
    struct weft_sim_verdict verdict;
    if (try->process != 0) {
        kill(try->process, SIGTERM);
        weft_sim_try_end(try, &verdict);
    }
}

bool weft_sim_try_once(struct weft_sim_words *words, uint32_t seconds,
                       struct weft_sim_verdict *verdict)
{
    struct weft_sim_try try;
    if (!weft_sim_try_begin(&try, words, seconds)) {
        return false;
    }
    weft_sim_try_end(&try, verdict);
    return true;
}

bool weft_sim_verdict_is_stopped(const struct weft_sim_verdict *verdict)
{
    return verdict->outcome == WEFT_SIM_TRY_CRASHED &&
           (verdict->signal == SIGINT || verdict->signal == SIGTERM);
}

bool weft_sim_verdict_same(const struct weft_sim_verdict *a, const struct weft_sim_verdict *b)
{
    return a->outcome == b->outcome &&
           (a->outcome != WEFT_SIM_TRY_VIOLATED || a->checks.check == b->checks.check);
}

const char *weft_sim_verdict_name(const struct weft_sim_verdict *verdict)
{
    static const char *const names[] = {
        [WEFT_SIM_TRY_PASSED] = "passed",   [WEFT_SIM_TRY_VIOLATED] = "violated",
        [WEFT_SIM_TRY_REFUSED] = "refused", [WEFT_SIM_TRY_CRASHED] = "crash",
        [WEFT_SIM_TRY_ENDLESS] = "no end",
    };
    return verdict->outcome == WEFT_SIM_TRY_VIOLATED ? weft_sim_check_name(verdict->checks.check)
                                                     : names[verdict->outcome];
}

void weft_sim_verdict_print(const struct weft_sim_verdict *verdict)
{
    const struct weft_sim_checks *checks = &verdict->checks;
    printf("%s", weft_sim_verdict_name(verdict));
    if (verdict->outcome == WEFT_SIM_TRY_VIOLATED) {
        uint64_t ms = checks->time_ns / WEFT_NS_PER_MS;
        printf(", node %u at %llu.%03llu s: %s", checks->node, (unsigned long long)(ms / 1000),
               (unsigned long long)(ms % 1000), checks->detail);
    } else if (verdict->outcome == WEFT_SIM_TRY_REFUSED) {
        printf(": %s", checks->detail);
    } else if (verdict->outcome == WEFT_SIM_TRY_CRASHED) {
        printf(", signal %d", verdict->signal);
    }
    printf("\n");
}
