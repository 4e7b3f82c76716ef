/* SPDX-License-Identifier: Apache-2.0 */
/* How a finished release takes effect: see activate.h. The stages, in order:
 *
 *   take effect  (pool)  check LINK, make the directory, point LINK, previous and current at it,
 *                        remove what is older
 *   command      (loop)  unless it succeeded for this release before
 *   mark         (pool)  note that it succeeded
 *
 * Each stage finds what an earlier attempt did, so a restart after a crash goes on where it was. */
#include "node/activate.h"
#include "node/activate_layout.h"
#include "node/activate_link.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Characters of an id as text, with the NUL. */
#define ID_TEXT_BYTES 17

struct weft_activation {
    uv_work_t work;                       /* the stage in the pool */
    struct weft_activate_request request; /* texts owned, in |texts| */
    int source;                           /* of the request; -1 = the one in the store */
    char *texts;                          /* the texts of the request; owned */
    weft_activate_done *done;             /* called once */
    void *context;                        /* passed to it */
    atomic_bool cancelled;                /* by weft_activate_cancel(); read by the pool */
    struct weft_layout layout;            /* paths */
    struct weft_runner_job *job;          /* the command that runs, or NULL */
    bool hook_wanted;                     /* it has to be run */
    enum weft_err err;                    /* result so far */
    struct weft_message message;          /* why not OK */
};

/* Asked from the pool. */
static bool is_cancelled(void *context)
{
    struct weft_activation *activation = context;
    return atomic_load(&activation->cancelled);
}

/* Point the own links at the release. "previous" first: after a crash in between both name the old
 * one, and this is repeated. */
static enum weft_err point_own(const struct weft_layout *layout, struct weft_message *message)
{
    char current[WEFT_FILE_PATH_BYTES];
    char previous[WEFT_FILE_PATH_BYTES];
    char before[WEFT_FILE_PATH_BYTES];
    if (!weft_fileio_join(current, layout->component, "current") ||
        !weft_fileio_join(previous, layout->component, "previous")) {
        return WEFT_ERR_LIMIT;
    }
    weft_link_read(current, before);
    enum weft_err err = WEFT_ERR_OK;
    if (before[0] != '\0' && strcmp(before, layout->name) != 0) {
        err = weft_link_point(previous, before, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_link_point(current, layout->name, message);
    }
    if (err == WEFT_ERR_OK) {
        weft_link_read(previous, before);
        weft_layout_prune(layout, layout->name, before);
    }
    return err;
}

/* Did the command succeed for this release before? */
static bool is_marked(const struct weft_activation *activation)
{
    char path[WEFT_FILE_PATH_BYTES];
    char id[ID_TEXT_BYTES];
    uint8_t *bytes;
    size_t length;
    if (!weft_fileio_join(path, activation->layout.component, "hook") ||
        weft_fileio_load(path, ID_TEXT_BYTES, &bytes, &length) != WEFT_ERR_OK) {
        return false;
    }
    snprintf(id, sizeof(id), "%016" PRIx64, activation->request.id);
    bool is_same = length >= sizeof(id) - 1 && memcmp(bytes, id, sizeof(id) - 1) == 0;
    free(bytes);
    return is_same;
}

/* In the pool: everything up to the command. LINK goes before "current": as long as LINK cannot be
 * moved, "current" stays too and the directory that LINK names is not removed. */
static void take_effect(uv_work_t *work)
{
    struct weft_activation *activation = work->data;
    const struct weft_activate_request *request = &activation->request;
    struct weft_layout *layout = &activation->layout;
    struct weft_message *message = &activation->message;
    enum weft_err err = weft_layout_init(layout, message);
    if (err == WEFT_ERR_OK && request->link != NULL) {
        err = weft_link_check(request->link, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_layout_make(layout, message);
    }
    if (err == WEFT_ERR_OK && is_cancelled(activation)) {
        err = WEFT_ERR_CANCELLED;
    }
    if (err == WEFT_ERR_OK && request->link != NULL) {
        err = weft_link_point(request->link, layout->directory, message);
    }
    if (err == WEFT_ERR_OK) {
        err = point_own(layout, message);
    }
    activation->hook_wanted =
        err == WEFT_ERR_OK && request->runner != NULL && !is_marked(activation);
    activation->err = err;
}

/* The end. */
static void finish(struct weft_activation *activation)
{
    const char *text = activation->message.text;
    if (activation->err == WEFT_ERR_OK) {
        text = activation->layout.directory;
    } else if (text[0] == '\0') {
        text = weft_err_text(activation->err);
    }
    activation->done(activation->context, activation->err, text);
    free(activation->texts);
    free(activation);
}

/* In the pool: the command succeeded. */
static void mark(uv_work_t *work)
{
    struct weft_activation *activation = work->data;
    char path[WEFT_FILE_PATH_BYTES];
    char id[ID_TEXT_BYTES + 1];
    int length = snprintf(id, sizeof(id), "%016" PRIx64 "\n", activation->request.id);
    if (weft_fileio_join(path, activation->layout.component, "hook")) {
        /* If this fails the command is run once more after a restart, which it must bear anyway. */
        weft_fileio_replace(path, id, (size_t)length, 0644);
    }
}

/* On the loop: marked. */
static void on_marked(uv_work_t *work, int status)
{
    (void)status;
    finish(work->data);
}

/* On the loop: the command ended. */
static void on_hook(void *context, enum weft_err err, const char *text)
{
    struct weft_activation *activation = context;
    activation->job = NULL;
    activation->err = err;
    if (err == WEFT_ERR_OK) {
        uv_queue_work(activation->request.loop, &activation->work, mark, on_marked);
        return;
    }
    weft_message_set(&activation->message, "%s %s is active, but %s", activation->request.component,
                     activation->request.version, text);
    finish(activation);
}

/* On the loop: the release took effect, or not. */
static void on_effect(uv_work_t *work, int status)
{
    struct weft_activation *activation = work->data;
    const struct weft_activate_request *request = &activation->request;
    (void)status;
    if (activation->hook_wanted && is_cancelled(activation)) {
        activation->err = WEFT_ERR_CANCELLED;
    } else if (activation->hook_wanted) {
        const struct weft_runner_request command = {
            .component = request->component,
            .version = request->version,
            .id = request->id,
            .limit_ms = request->hook_limit_ms != 0 ? request->hook_limit_ms : WEFT_RUNNER_LIMIT_MS,
        };
        activation->err = weft_runner_start(request->runner, &command, on_hook, activation,
                                            &activation->job, &activation->message);
        if (activation->err == WEFT_ERR_OK) {
            return;
        }
    }
    finish(activation);
}

/* Copy the texts of a request into one allocation and point the request at them. */
static bool copy_texts(struct weft_activation *activation)
{
    struct weft_activate_request *request = &activation->request;
    const char **texts[] = {&request->data_dir, &request->component, &request->version,
                            &request->file, &request->link};
    size_t count = sizeof(texts) / sizeof(texts[0]);
    size_t room = 1;
    for (size_t i = 0; i < count; i++) {
        room += *texts[i] != NULL ? strlen(*texts[i]) + 1 : 0;
    }
    activation->texts = malloc(room);
    if (activation->texts == NULL) {
        return false;
    }
    char *next = activation->texts;
    for (size_t i = 0; i < count; i++) {
        if (*texts[i] != NULL) {
            size_t length = strlen(*texts[i]) + 1;
            memcpy(next, *texts[i], length);
            *texts[i] = next;
            next += length;
        }
    }
    return true;
}

enum weft_err weft_activate_start(const struct weft_activate_request *request,
                                  weft_activate_done *done, void *context,
                                  struct weft_activation **activation)
{
    struct weft_activation *started = calloc(1, sizeof(*started));
    if (started == NULL) {
        return WEFT_ERR_MEMORY;
    }
    started->request = *request;
    started->source = request->source != NULL ? *request->source : -1;
    if (!copy_texts(started)) {
        free(started);
        return WEFT_ERR_MEMORY;
    }
    started->done = done;
    started->context = context;
    started->work.data = started;
    atomic_init(&started->cancelled, false);
    started->request.source = request->source != NULL ? &started->source : NULL;
    started->layout.request = &started->request;
    started->layout.is_cancelled = is_cancelled;
    started->layout.context = started;
    if (activation != NULL) {
        *activation = started;
    }
    uv_queue_work(request->loop, &started->work, take_effect, on_effect);
    return WEFT_ERR_OK;
}

bool weft_activate_is_made(const char *data_dir, const char *component, const char *version,
                           weft_release_id id)
{
    struct stat status;
    const struct weft_activate_request request = {
        .data_dir = data_dir, .component = component, .version = version, .id = id};
    struct weft_layout layout = {.request = &request};
    return weft_layout_init(&layout, NULL) == WEFT_ERR_OK &&
           lstat(layout.directory, &status) == 0 && S_ISDIR(status.st_mode);
}

void weft_activate_cancel(struct weft_activation *activation)
{
    atomic_store(&activation->cancelled, true);
    if (activation->job != NULL) {
        weft_runner_cancel(activation->job);
    }
}
