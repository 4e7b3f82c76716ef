/* SPDX-License-Identifier: Apache-2.0 */
/* Answers local callers on DATA/control.sock, on the node's loop. A caller costs a bounded buffer
 * and a timer, whatever it does; it can neither block the node nor change anything.
 *
 * Timers: one per caller, WEFT_CONTROL_MS from its connection to the end of the answer. */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct weft_control {
    uv_pipe_t listener;                          /* DATA/control.sock */
    const struct weft_control_request *requests; /* [request_count] that are known; borrowed */
    size_t request_count;                        /* of them */
    void *context;                               /* for their answers */
    char *path;                                  /* of the socket; owned */
    struct caller *callers;                      /* list */
    uint32_t caller_count;                       /* entries of callers */
    uint32_t handles_open; /* close callbacks still to come, the listener's included */
    bool closing;          /* no new callers */
};

struct caller {
    uv_pipe_t pipe;                         /* to the caller */
    uv_timer_t timer;                       /* ends the exchange */
    uv_write_t write;                       /* of the answer */
    struct weft_control *control;           /* owner */
    struct caller *next;                    /* in the list */
    char line[WEFT_CONTROL_LINE_BYTES_MAX]; /* request so far */
    size_t line_bytes;                      /* of line */
    char *answer;                           /* being sent; owned */
    uint32_t handles_open;                  /* pipe and timer */
    bool answered;                          /* further input is ignored */
    bool closing;                           /* close was begun */
};

static void release_if_done(struct weft_control *control)
{
    if (control->handles_open == 0) {
        free(control->path);
        free(control);
    }
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct weft_control *control = handle->data;
    control->handles_open--;
    release_if_done(control);
}

static void forget(struct weft_control *control, const struct caller *caller)
{
    struct caller **at = &control->callers;
    while (*at != NULL && *at != caller) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = caller->next;
        control->caller_count--;
    }
}

static void on_caller_closed(uv_handle_t *handle)
{
    struct caller *caller = handle->data;
    struct weft_control *control = caller->control;
    control->handles_open--;
    if (--caller->handles_open == 0) {
        forget(control, caller);
        free(caller->answer);
        free(caller);
    }
    release_if_done(control);
}

static void close_caller(struct caller *caller)
{
    if (!caller->closing) {
        caller->closing = true;
        uv_close((uv_handle_t *)&caller->pipe, on_caller_closed);
        uv_close((uv_handle_t *)&caller->timer, on_caller_closed);
    }
}

static void on_late(uv_timer_t *timer)
{
    close_caller(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    close_caller(write->data);
}

/* Takes the document over; NULL = memory was short. */
static void answer(struct caller *caller, json_t *document)
{
    caller->answered = true;
    caller->answer = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    if (caller->answer == NULL) {
        close_caller(caller);
        return;
    }
    uv_buf_t buffer = uv_buf_init(caller->answer, (unsigned)strlen(caller->answer));
    caller->write.data = caller;
    if (uv_write(&caller->write, (uv_stream_t *)&caller->pipe, &buffer, 1, on_written) != 0) {
        close_caller(caller);
    }
}

static void serve(struct caller *caller)
{
    const struct weft_control *control = caller->control;
    for (size_t i = 0; i < control->request_count; i++) {
        const struct weft_control_request *request = &control->requests[i];
        size_t length = strlen(request->word);
        const char *rest = caller->line + length;
        if (strncmp(caller->line, request->word, length) == 0 &&
            *rest == (request->has_argument ? ' ' : '\0')) {
            answer(caller,
                   request->answer(control->context, request->has_argument ? rest + 1 : ""));
            return;
        }
    }
    answer(caller,
           json_pack("{s:s}", "error", "unknown request; this node knows: status, target PATH"));
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct caller *caller = handle->data;
    (void)suggested;
    /* The last byte stays free for the terminating zero; a full line gives no room: ENOBUFS. */
    *buffer = uv_buf_init(caller->line + caller->line_bytes,
                          (unsigned)(sizeof(caller->line) - 1 - caller->line_bytes));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct caller *caller = stream->data;
    (void)buffer;
    if (got < 0) {
        close_caller(caller);
        return;
    }
    caller->line_bytes += (size_t)got;
    char *newline = memchr(caller->line, '\n', caller->line_bytes);
    if (newline != NULL && !caller->answered) {
        uv_read_stop(stream);
        *newline = '\0';
        serve(caller);
    }
}

static void on_caller(uv_stream_t *listener, int status)
{
    struct weft_control *control = listener->data;
    struct caller *caller = status == 0 ? calloc(1, sizeof(*caller)) : NULL;
    if (caller == NULL) {
        return;
    }
    caller->control = control;
    caller->handles_open = 2;
    control->handles_open += 2;
    uv_pipe_init(listener->loop, &caller->pipe, 0);
    uv_timer_init(listener->loop, &caller->timer);
    caller->pipe.data = caller;
    caller->timer.data = caller;
    caller->next = control->callers;
    control->callers = caller;
    control->caller_count++;
    if (uv_accept(listener, (uv_stream_t *)&caller->pipe) != 0 || control->closing ||
        control->caller_count > WEFT_CONTROL_CLIENTS_MAX ||
        uv_timer_start(&caller->timer, on_late, WEFT_CONTROL_MS, 0) != 0 ||
        uv_read_start((uv_stream_t *)&caller->pipe, on_room, on_read) != 0) {
        close_caller(caller);
    }
}

static enum weft_err err_of_errno(int error)
{
    if (error == EACCES || error == EPERM || error == EROFS) {
        return WEFT_ERR_PERMISSION;
    }
    return error == ENOSPC ? WEFT_ERR_DISK_FULL : WEFT_ERR_IO;
}

/* A bound socket that only the owner may open: the mode is right from the first moment on. */
static int bound_socket(const char *data_dir, const char *path)
{
    struct sockaddr_un address;
    int dir_fd;
    if (!weft_control_address(data_dir, &address, &dir_fd)) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(path);
    mode_t mask = umask(0177);
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    int error = errno;
    umask(mask);
    close(dir_fd);
    if (!bound && fd >= 0) {
        close(fd);
        fd = -1;
    }
    errno = error;
    return fd;
}

static char *socket_path(const char *data_dir)
{
    size_t room = strlen(data_dir) + sizeof(WEFT_CONTROL_NAME) + 1;
    char *path = malloc(room);
    if (path != NULL) {
        snprintf(path, room, "%s/%s", data_dir, WEFT_CONTROL_NAME);
    }
    return path;
}

static enum weft_err listen_on(struct weft_control *control, const char *data_dir)
{
    int fd = bound_socket(data_dir, control->path);
    if (fd < 0) {
        return err_of_errno(errno);
    }
    if (uv_pipe_open(&control->listener, fd) != 0) {
        close(fd);
        return WEFT_ERR_IO;
    }
    int failed = uv_listen((uv_stream_t *)&control->listener, WEFT_CONTROL_CLIENTS_MAX, on_caller);
    return failed == 0 ? WEFT_ERR_OK : WEFT_ERR_IO;
}

enum weft_err weft_control_open(struct weft_control **control, uv_loop_t *loop,
                                const char *data_dir, const struct weft_control_request *requests,
                                size_t request_count, void *context)
{
    struct weft_control *made = calloc(1, sizeof(*made));
    *control = NULL;
    if (made == NULL) {
        return WEFT_ERR_MEMORY;
    }
    made->path = socket_path(data_dir);
    if (made->path == NULL) {
        free(made);
        return WEFT_ERR_MEMORY;
    }
    made->requests = requests;
    made->request_count = request_count;
    made->context = context;
    made->handles_open = 1;
    uv_pipe_init(loop, &made->listener, 0);
    made->listener.data = made;
    enum weft_err err = listen_on(made, data_dir);
    if (err != WEFT_ERR_OK) {
        weft_control_close(made);
        return err;
    }
    *control = made;
    return WEFT_ERR_OK;
}

void weft_control_close(struct weft_control *control)
{
    if (control == NULL || control->closing) {
        return;
    }
    control->closing = true;
    unlink(control->path);
    for (struct caller *caller = control->callers; caller != NULL; caller = caller->next) {
        close_caller(caller);
    }
    uv_close((uv_handle_t *)&control->listener, on_listener_closed);
}
