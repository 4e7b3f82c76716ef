/* SPDX-License-Identifier: Apache-2.0 */
/* How the --on-update command is run: see runner_hook.h. */
#include "node/runner_hook.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From SIGTERM to SIGKILL. */
#define GRACE_MS 5000
#define GRACE_CANCELLED_MS 1000

/* Variables that this file adds to the environment. */
#define VARIABLES 4

/* Bytes of the value of such a variable, with name and NUL. */
#define VARIABLE_BYTES (WEFT_FILE_PATH_BYTES + 32)

struct weft_hook {
    uv_process_t process;        /* the shell */
    char *command;               /* owned */
    uv_timer_t timer;            /* until the next signal */
    weft_hook_done *done;        /* called once */
    void *context;               /* passed to it */
    uint32_t limit_ms;           /* as requested */
    int open_handles;            /* of the two above */
    bool timed_out;              /* the limit passed */
    bool cancelled;              /* by weft_hook_cancel() */
    enum weft_err err;           /* result */
    struct weft_message message; /* why not OK */
};

/* Release a command without handles; NULL is allowed. */
static void free_hook(struct weft_hook *hook)
{
    if (hook != NULL) {
        free(hook->command);
        free(hook);
    }
}

/* On the loop: the last handle is closed. */
static void on_closed(uv_handle_t *handle)
{
    struct weft_hook *hook = handle->data;
    if (--hook->open_handles == 0) {
        hook->done(hook->context, hook->err, hook->message.text);
        free_hook(hook);
    }
}

/* On the loop: the shell ended. */
static void on_exit_of_shell(uv_process_t *process, int64_t status, int signal_number)
{
    struct weft_hook *hook = process->data;
    if (hook->cancelled) {
        hook->err = WEFT_ERR_CANCELLED;
        weft_message_set(&hook->message, "the --on-update command was stopped");
    } else if (hook->timed_out) {
        hook->err = WEFT_ERR_HOOK;
        weft_message_set(&hook->message,
                         "the --on-update command did not end within %" PRIu32 " s and was stopped",
                         hook->limit_ms / 1000);
    } else if (signal_number != 0) {
        hook->err = WEFT_ERR_HOOK;
        weft_message_set(&hook->message, "the --on-update command was ended by signal %d",
                         signal_number);
    } else if (status != 0) {
        hook->err = WEFT_ERR_HOOK;
        weft_message_set(&hook->message, "the --on-update command ended with status %" PRId64,
                         status);
    }
    uv_close((uv_handle_t *)&hook->process, on_closed);
    uv_close((uv_handle_t *)&hook->timer, on_closed);
}

/* Send a signal to the session of the command. */
static void send_signal(struct weft_hook *hook, int signal_number)
{
    if (uv_is_active((uv_handle_t *)&hook->process)) {
        kill(-uv_process_get_pid(&hook->process), signal_number);
    }
}

/* On the loop: the grace is over. */
static void on_grace(uv_timer_t *timer)
{
    send_signal(timer->data, SIGKILL);
}

/* On the loop: the limit is over. */
static void on_limit(uv_timer_t *timer)
{
    struct weft_hook *hook = timer->data;
    hook->timed_out = true;
    send_signal(hook, SIGTERM);
    uv_timer_start(timer, on_grace, GRACE_MS, 0);
}

void weft_hook_cancel(struct weft_hook *hook)
{
    if (hook->cancelled || uv_is_closing((uv_handle_t *)&hook->timer)) {
        return;
    }
    hook->cancelled = true;
    send_signal(hook, SIGTERM);
    uv_timer_start(&hook->timer, on_grace, GRACE_CANCELLED_MS, 0);
}

/* The own environment and the variables of the command, into one allocation of pointers; the values
 * added are in values[VARIABLES]. */
static char **make_environment(const struct weft_hook_request *request,
                               char values[VARIABLES][VARIABLE_BYTES])
{
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **environment = calloc(count + VARIABLES + 1, sizeof(*environment));
    if (environment == NULL) {
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "WEFT_COMPONENT=", 15) != 0 &&
            strncmp(environ[i], "WEFT_VERSION=", 13) != 0 &&
            strncmp(environ[i], "WEFT_PATH=", 10) != 0 &&
            strncmp(environ[i], "WEFT_RELEASE=", 13) != 0) {
            environment[used++] = environ[i];
        }
    }
    snprintf(values[0], VARIABLE_BYTES, "WEFT_COMPONENT=%s", request->component);
    snprintf(values[1], VARIABLE_BYTES, "WEFT_VERSION=%s", request->version);
    snprintf(values[2], VARIABLE_BYTES, "WEFT_PATH=%s", request->path);
    snprintf(values[3], VARIABLE_BYTES, "WEFT_RELEASE=%016" PRIx64, request->id);
    for (size_t i = 0; i < VARIABLES; i++) {
        environment[used++] = values[i];
    }
    return environment;
}

/* Start the shell in a session of its own, so that a signal reaches all that it starts. */
static int spawn(struct weft_hook *hook, uv_loop_t *loop, char **environment)
{
    char shell[] = "sh";
    char flag[] = "-c";
    char *arguments[] = {shell, flag, hook->command, NULL};
    uv_stdio_container_t files[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 1},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {
        .file = "/bin/sh",
        .args = arguments,
        .env = environment,
        .flags = UV_PROCESS_DETACHED,
        .exit_cb = on_exit_of_shell,
        .stdio = files,
        .stdio_count = 3,
    };
    return uv_spawn(loop, &hook->process, &options);
}

/* On the loop: a handle of a command that could not be started is closed. */
static void on_failed_closed(uv_handle_t *handle)
{
    struct weft_hook *hook = handle->data;
    if (--hook->open_handles == 0) {
        free_hook(hook);
    }
}

/* Start timer and shell. */
static enum weft_err begin(struct weft_hook *hook, const struct weft_hook_request *request,
                           char **environment, struct weft_message *message)
{
    uv_timer_init(request->loop, &hook->timer);
    hook->timer.data = hook;
    hook->process.data = hook;
    hook->open_handles = 2;
    int result = spawn(hook, request->loop, environment);
    if (result != 0) {
        weft_message_set(message, "the --on-update command cannot be started: %s",
                         uv_strerror(result));
        uv_close((uv_handle_t *)&hook->process, on_failed_closed);
        uv_close((uv_handle_t *)&hook->timer, on_failed_closed);
        return WEFT_ERR_HOOK;
    }
    uv_timer_start(&hook->timer, on_limit, hook->limit_ms, 0);
    return WEFT_ERR_OK;
}

enum weft_err weft_hook_start(const struct weft_hook_request *request, weft_hook_done *done,
                              void *context, struct weft_hook **hook, struct weft_message *message)
{
    struct weft_hook *started = calloc(1, sizeof(*started));
    char(*values)[VARIABLE_BYTES] = calloc(VARIABLES, sizeof(*values));
    char **environment = values != NULL ? make_environment(request, values) : NULL;
    enum weft_err err = WEFT_ERR_MEMORY;
    if (started != NULL) {
        started->command = strdup(request->command);
    }
    if (environment != NULL && started != NULL && started->command != NULL) {
        started->done = done;
        started->context = context;
        started->limit_ms = request->limit_ms;
        err = begin(started, request, environment, message);
    } else {
        free_hook(started);
    }
    free(environment);
    free(values);
    if (err == WEFT_ERR_OK) {
        *hook = started;
    }
    return err;
}
