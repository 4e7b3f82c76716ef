/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a node over its control socket. Does not interpret the answer. */
#include "control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bool weft_control_address(const char *data_dir, struct sockaddr_un *address, int *dir_fd)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    *dir_fd = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dir_fd < 0) {
        return false;
    }
    int length = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", data_dir,
                          WEFT_CONTROL_NAME);
    if (length < 0 || (size_t)length >= sizeof(address->sun_path)) {
        snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", *dir_fd,
                 WEFT_CONTROL_NAME);
    }
    return true;
}

static enum weft_err err_of_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return WEFT_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return WEFT_ERR_PERMISSION;
    case ECONNREFUSED:
        return WEFT_ERR_UNREACHABLE;
    case EAGAIN:
        return WEFT_ERR_TIMEOUT; /* more callers wait than it answers */
    default:
        return WEFT_ERR_IO;
    }
}

static enum weft_err dial(int fd, const char *data_dir)
{
    struct sockaddr_un address;
    int dir_fd;
    if (!weft_control_address(data_dir, &address, &dir_fd)) {
        return err_of_errno(errno);
    }
    enum weft_err err = WEFT_ERR_OK;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        err = err_of_errno(errno);
    }
    close(dir_fd);
    return err;
}

enum weft_err weft_control_query_open(struct weft_control_query *query, const char *data_dir,
                                      const char *request)
{
    char line[64];
    int length = snprintf(line, sizeof(line), "%s\n", request);
    memset(query, 0, sizeof(*query));
    query->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (query->fd < 0) {
        return WEFT_ERR_IO;
    }
    enum weft_err err = dial(query->fd, data_dir);
    if (err == WEFT_ERR_OK && send(query->fd, line, (size_t)length, MSG_NOSIGNAL) != length) {
        err = WEFT_ERR_CLOSED;
    }
    if (err != WEFT_ERR_OK) {
        weft_control_query_close(query);
    }
    return err;
}

static enum weft_err grow(struct weft_control_query *query)
{
    if (query->length < query->room) {
        return WEFT_ERR_OK;
    }
    if (query->room >= WEFT_CONTROL_ANSWER_BYTES_MAX) {
        return WEFT_ERR_LIMIT;
    }
    size_t room = query->room == 0 ? 16384 : query->room * 2;
    char *answer = realloc(query->answer, room);
    if (answer == NULL) {
        return WEFT_ERR_MEMORY;
    }
    query->answer = answer;
    query->room = room;
    return WEFT_ERR_OK;
}

enum weft_err weft_control_query_read(struct weft_control_query *query, bool *done)
{
    *done = false;
    for (;;) {
        enum weft_err err = grow(query);
        if (err != WEFT_ERR_OK) {
            return err;
        }
        ssize_t got =
            recv(query->fd, query->answer + query->length, query->room - query->length, 0);
        if (got == 0) {
            *done = true;
            return query->length > 0 ? WEFT_ERR_OK : WEFT_ERR_CLOSED;
        }
        if (got < 0) {
            return errno == EAGAIN || errno == EINTR ? WEFT_ERR_OK : WEFT_ERR_CLOSED;
        }
        query->length += (size_t)got;
    }
}

json_t *weft_control_query_document(const struct weft_control_query *query)
{
    json_t *document = json_loadb(query->answer, query->length, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(document)) {
        json_decref(document);
        return NULL;
    }
    return document;
}

void weft_control_query_close(struct weft_control_query *query)
{
    if (query->fd >= 0) {
        close(query->fd);
    }
    free(query->answer);
    memset(query, 0, sizeof(*query));
    query->fd = -1;
}

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static enum weft_err wait_for_answer(struct weft_control_query *query, int timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    bool done = false;
    while (!done) {
        int64_t left_ms = deadline_ms - now_ms();
        struct pollfd wait = {.fd = query->fd, .events = POLLIN};
        if (left_ms <= 0) {
            return WEFT_ERR_TIMEOUT;
        }
        if (poll(&wait, 1, (int)left_ms) < 0 && errno != EINTR) {
            return WEFT_ERR_IO;
        }
        enum weft_err err = weft_control_query_read(query, &done);
        if (err != WEFT_ERR_OK) {
            return err;
        }
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_control_ask(const char *data_dir, const char *request, int timeout_ms,
                               json_t **answer)
{
    struct weft_control_query query;
    *answer = NULL;
    enum weft_err err = weft_control_query_open(&query, data_dir, request);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = wait_for_answer(&query, timeout_ms);
    if (err == WEFT_ERR_OK) {
        *answer = weft_control_query_document(&query);
        err = *answer != NULL ? WEFT_ERR_OK : WEFT_ERR_FORMAT;
    }
    weft_control_query_close(&query);
    return err;
}
