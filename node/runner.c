/* SPDX-License-Identifier: Apache-2.0 */
/* The node's side of the runner: see runner.h. States of a job: asked; gone after its answer, or
 * with the runner. */
#include "node/runner.h"

#include "node/runner_serve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct weft_runner {
    int fd;                       /* to the process; -1 = it is gone */
    pid_t pid;                    /* of the process */
    bool attached;                /* poll is a handle */
    uv_poll_t poll;               /* of fd; active while jobs run */
    uint64_t last_number;         /* of the jobs so far */
    struct weft_runner_job *jobs; /* that run */
};

struct weft_runner_job {
    struct weft_runner_job *next; /* in the list */
    struct weft_runner *runner;   /* owner */
    uint64_t number;              /* as in the ask */
    weft_runner_done *done;       /* called once */
    void *context;                /* passed to it */
};

/* Take a job out of the list and tell how it ended. */
static void end_job(struct weft_runner_job **link, enum weft_err err, const char *text)
{
    struct weft_runner_job *job = *link;
    *link = job->next;
    if (job->runner->jobs == NULL && job->runner->fd >= 0) {
        uv_poll_stop(&job->runner->poll);
    }
    job->done(job->context, err, text);
    free(job);
}

/* The process has ended although it should not: so have all jobs. */
static void lose(struct weft_runner *runner)
{
    uv_poll_stop(&runner->poll);
    close(runner->fd);
    runner->fd = -1;
    while (runner->jobs != NULL) {
        end_job(&runner->jobs, WEFT_ERR_HOOK,
                "the process that runs --on-update commands has ended; restart weft");
    }
}

static void on_answer(struct weft_runner *runner, struct weft_runner_answer *answer)
{
    struct weft_runner_job **link = &runner->jobs;
    while (*link != NULL && (*link)->number != answer->number) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        answer->text[sizeof(answer->text) - 1] = '\0';
        end_job(link, (enum weft_err)answer->err, answer->text);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct weft_runner *runner = poll->data;
    struct weft_runner_answer answer;
    ssize_t length = recv(runner->fd, &answer, sizeof(answer), MSG_DONTWAIT);
    (void)status;
    (void)events;
    if (length == (ssize_t)sizeof(answer)) {
        on_answer(runner, &answer);
    } else if (length >= 0 || (errno != EAGAIN && errno != EINTR)) {
        lose(runner);
    }
}

enum weft_err weft_runner_open(const char *command, const char *data_dir,
                               struct weft_runner **runner, struct weft_message *message)
{
    int pair[2];
    struct weft_runner *opened = calloc(1, sizeof(*opened));
    *runner = NULL;
    if (opened == NULL) {
        weft_message_set(message, "out of memory");
        return WEFT_ERR_MEMORY;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        free(opened);
        return weft_message_errno(message, errno, "make a socket for", "--on-update");
    }
    opened->pid = fork();
    if (opened->pid == 0) {
        close(pair[0]);
        _exit(weft_runner_serve(pair[1], command, data_dir));
    }
    int saved = errno;
    close(pair[1]);
    if (opened->pid < 0) {
        close(pair[0]);
        free(opened);
        return weft_message_errno(message, saved, "make a process for", "--on-update");
    }
    opened->fd = pair[0];
    *runner = opened;
    return WEFT_ERR_OK;
}

enum weft_err weft_runner_attach(struct weft_runner *runner, uv_loop_t *loop)
{
    runner->attached = uv_poll_init(loop, &runner->poll, runner->fd) == 0;
    runner->poll.data = runner;
    return runner->attached ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
}

static bool send_ask(struct weft_runner *runner, const struct weft_runner_ask *ask)
{
    return runner->fd >= 0 && send(runner->fd, ask, sizeof(*ask), MSG_DONTWAIT | MSG_NOSIGNAL) ==
                                  (ssize_t)sizeof(*ask);
}

enum weft_err weft_runner_start(struct weft_runner *runner,
                                const struct weft_runner_request *request, weft_runner_done *done,
                                void *context, struct weft_runner_job **job,
                                struct weft_message *message)
{
    struct weft_runner_ask ask = {.id = request->id, .limit_ms = request->limit_ms};
    struct weft_runner_job *started = calloc(1, sizeof(*started));
    if (started == NULL) {
        return WEFT_ERR_MEMORY;
    }
    ask.number = ++runner->last_number;
    snprintf(ask.component, sizeof(ask.component), "%s", request->component);
    snprintf(ask.version, sizeof(ask.version), "%s", request->version);
    if (!send_ask(runner, &ask)) {
        free(started);
        weft_message_set(message, "the process that runs --on-update commands does not answer; "
                                  "restart weft");
        return WEFT_ERR_HOOK;
    }
    *started = (struct weft_runner_job){.next = runner->jobs,
                                        .runner = runner,
                                        .number = ask.number,
                                        .done = done,
                                        .context = context};
    runner->jobs = started;
    uv_poll_start(&runner->poll, UV_READABLE, on_readable);
    *job = started;
    return WEFT_ERR_OK;
}

void weft_runner_cancel(struct weft_runner_job *job)
{
    const struct weft_runner_ask ask = {.number = job->number};
    send_ask(job->runner, &ask); /* if it fails the command ends at its limit */
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void weft_runner_close(struct weft_runner *runner)
{
    if (runner == NULL) {
        return;
    }
    if (runner->attached) {
        uv_close((uv_handle_t *)&runner->poll, on_closed);
    }
    if (runner->fd >= 0) {
        close(runner->fd);
    }
    while (waitpid(runner->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    if (!runner->attached) {
        free(runner);
    }
}
