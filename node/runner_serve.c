/* SPDX-License-Identifier: Apache-2.0 */
/* The process that runs commands: see runner_serve.h. States: serving; leaving, when the node is
 * gone and what runs is being stopped. No timers but those of runner_hook.h. Signals meant for the
 * node are left to it: it says with the socket when this process has to go. */
#include "node/runner_serve.h"

#include "node/activate_layout.h"
#include "node/runner_hook.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Commands that may run at the same time: one for each component that a node keeps. */
#define JOBS_MAX WEFT_COMPONENTS_MAX

struct job {
    struct serve *serve;    /* owner */
    uint64_t number;        /* of the ask; 0 = this entry is free */
    struct weft_hook *hook; /* the command */
};

struct serve {
    int fd;                    /* to the node */
    const char *command;       /* --on-update */
    const char *data_dir;      /* of the node */
    uv_loop_t loop;            /* own */
    uv_poll_t poll;            /* of fd */
    struct job jobs[JOBS_MAX]; /* that run; further asks are refused */
    struct weft_layout layout; /* paths of the ask that is looked at */
};

/* The node reads as long as it has asked for something, so there is room; if it is gone nobody
 * wants to know. */
static void answer(const struct serve *serve, uint64_t number, enum weft_err err, const char *text)
{
    struct weft_runner_answer message = {.number = number, .err = err};
    snprintf(message.text, sizeof(message.text), "%s", text);
    send(serve->fd, &message, sizeof(message), MSG_NOSIGNAL);
}

static void on_done(void *context, enum weft_err err, const char *text)
{
    struct job *job = context;
    answer(job->serve, job->number, err, text);
    job->number = 0;
    job->hook = NULL;
}

static struct job *find(struct serve *serve, uint64_t number)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (serve->jobs[i].number == number) {
            return &serve->jobs[i];
        }
    }
    return NULL;
}

/* Find the directory of the release, and start the command. */
static enum weft_err start(struct serve *serve, struct job *job, const struct weft_runner_ask *ask,
                           struct weft_message *message)
{
    const struct weft_activate_request release = {.data_dir = serve->data_dir,
                                                  .component = ask->component,
                                                  .version = ask->version,
                                                  .id = ask->id};
    serve->layout.request = &release;
    enum weft_err err = weft_layout_init(&serve->layout, message);
    serve->layout.request = NULL;
    if (err != WEFT_ERR_OK) {
        return err;
    }
    const struct weft_hook_request hook = {.loop = &serve->loop,
                                           .command = serve->command,
                                           .component = ask->component,
                                           .version = ask->version,
                                           .path = serve->layout.directory,
                                           .id = ask->id,
                                           .limit_ms = ask->limit_ms};
    return weft_hook_start(&hook, on_done, job, &job->hook, message);
}

static bool is_text(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* Start, or stop. A number that is in use is not started twice but stopped: no node does that. */
static void on_ask(struct serve *serve, const struct weft_runner_ask *ask)
{
    struct weft_message message = {.text = ""};
    struct job *job = ask->number != 0 ? find(serve, ask->number) : NULL;
    if (ask->limit_ms == 0 || job != NULL) {
        if (job != NULL) {
            weft_hook_cancel(job->hook);
        }
        return;
    }
    job = find(serve, 0);
    if (job == NULL || ask->number == 0 || ask->limit_ms > WEFT_RUNNER_LIMIT_MS ||
        !is_text(ask->component, sizeof(ask->component)) ||
        !is_text(ask->version, sizeof(ask->version))) {
        answer(serve, ask->number, WEFT_ERR_HOOK, "the runner was asked for what it does not do");
        return;
    }
    job->serve = serve;
    enum weft_err err = start(serve, job, ask, &message);
    if (err != WEFT_ERR_OK) {
        answer(serve, ask->number, WEFT_ERR_HOOK,
               message.text[0] != '\0' ? message.text : weft_err_text(err));
        return;
    }
    job->number = ask->number;
}

/* The node is gone: the loop ends with the last command. */
static void leave(struct serve *serve)
{
    uv_close((uv_handle_t *)&serve->poll, NULL);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (serve->jobs[i].number != 0) {
            weft_hook_cancel(serve->jobs[i].hook);
        }
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct serve *serve = poll->data;
    struct weft_runner_ask ask;
    ssize_t length = recv(serve->fd, &ask, sizeof(ask), MSG_DONTWAIT);
    (void)status;
    (void)events;
    if (length == (ssize_t)sizeof(ask)) {
        on_ask(serve, &ask);
    } else if (length >= 0 || (errno != EAGAIN && errno != EINTR)) {
        leave(serve);
    }
}

int weft_runner_serve(int fd, const char *command, const char *data_dir)
{
    static struct serve serve; /* large, and there is one in a process */
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        signal(signals[i], SIG_IGN);
    }
    prctl(PR_SET_NAME, "weft-runner");
    serve.fd = fd;
    serve.command = command;
    serve.data_dir = data_dir;
    if (uv_loop_init(&serve.loop) != 0 || uv_poll_init(&serve.loop, &serve.poll, fd) != 0) {
        return 1;
    }
    serve.poll.data = &serve;
    uv_poll_start(&serve.poll, UV_READABLE, on_readable);
    uv_run(&serve.loop, UV_RUN_DEFAULT);
    return 0;
}
