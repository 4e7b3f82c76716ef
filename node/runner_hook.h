/* SPDX-License-Identifier: Apache-2.0 */
/* How the --on-update command is run and when it is stopped. Used by runner_serve.c only.
 *
 * Timers: limit (5 minutes) to SIGTERM, then 5 s (1 s when cancelled) to SIGKILL; signals go to the
 * whole session of the command. */
#ifndef WEFT_RUNNER_HOOK_H
#define WEFT_RUNNER_HOOK_H

#include "node/fileio.h"

#include <uv.h>

struct weft_hook_request {
    uv_loop_t *loop;       /* borrowed until |done| */
    const char *command;   /* for /bin/sh -c */
    const char *component; /* WEFT_COMPONENT */
    const char *version;   /* WEFT_VERSION */
    const char *path;      /* WEFT_PATH: the directory of the release, absolute */
    weft_release_id id;    /* WEFT_RELEASE, 16 hexadecimal digits */
    uint32_t limit_ms;     /* time for the command, not 0 */
};

struct weft_hook; /* opaque; one command that runs */

/* How it ended: OK, HOOK or CANCELLED. |text| is borrowed, a sentence unless OK. */
typedef void weft_hook_done(void *context, enum weft_err err, const char *text);

/* Start the command.
 * Errors: MEMORY, HOOK; then |done| is not called and |message| says why.
 * Owner:  |request| is borrowed for the call; *hook is valid until |done|. */
enum weft_err weft_hook_start(const struct weft_hook_request *request, weft_hook_done *done,
                              void *context, struct weft_hook **hook, struct weft_message *message);

/* Stop it early: |done| follows with CANCELLED. */
void weft_hook_cancel(struct weft_hook *hook);

#endif
