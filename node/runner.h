/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs the --on-update command? A process of its own, made before the node confines itself
 * (sandbox.h): the node may start nothing, and the runner talks to nobody but the node. SPEC.md
 * section "Activation".
 *
 * The command is fixed when the runner is made, and the directory of a release is worked out by the
 * runner from names that it checks: a node that was taken over can have the very command run for a
 * release below its own data directory, and nothing else. The runner ends with the node: it sees
 * the end of the socket between them, stops what runs, and leaves.
 *
 * Threads: all calls and call backs on the thread of the loop. Timers: see runner_hook.h. */
#ifndef WEFT_RUNNER_H
#define WEFT_RUNNER_H

#include "node/fileio.h"

#include <uv.h>

/* Time that a command has, at most. */
#define WEFT_RUNNER_LIMIT_MS (5 * 60 * 1000)

struct weft_runner;     /* opaque; the other process, seen from the node */
struct weft_runner_job; /* opaque; one command that runs */

struct weft_runner_request {
    const char *component; /* WEFT_COMPONENT; weft_name_place_ok() */
    const char *version;   /* WEFT_VERSION; weft_name_ok() */
    weft_release_id id;    /* WEFT_RELEASE */
    uint32_t limit_ms;     /* time for the command, 1..WEFT_RUNNER_LIMIT_MS */
};

/* How a command ended: OK, HOOK or CANCELLED. |text| is borrowed, a sentence unless OK. */
typedef void weft_runner_done(void *context, enum weft_err err, const char *text);

/* Make the process, for `/bin/sh -c COMMAND` on releases below |data_dir|. For a moment at which
 * the caller has no threads and is not confined yet.
 * Errors: MEMORY, IO (no process), with |message|; *runner is then NULL.
 * Owner:  copies nothing in the caller; |command|, |data_dir| live on in the new process. */
enum weft_err weft_runner_open(const char *command, const char *data_dir,
                               struct weft_runner **runner, struct weft_message *message);

/* Hear of ends on |loop|, which outlives the runner. Once, before the first start.
 * Errors: MEMORY. */
enum weft_err weft_runner_attach(struct weft_runner *runner, uv_loop_t *loop);

/* Have the command run for one release. Several may run at the same time.
 * Errors: MEMORY, HOOK (the runner is gone, or does not take more), with |message|; |done| is then
 *         not called.
 * Owner:  |request| is borrowed for the call; *job is valid until |done|. */
enum weft_err weft_runner_start(struct weft_runner *runner,
                                const struct weft_runner_request *request, weft_runner_done *done,
                                void *context, struct weft_runner_job **job,
                                struct weft_message *message);

/* Stop it early: |done| follows with CANCELLED, or as it ended in the same moment. */
void weft_runner_cancel(struct weft_runner_job *job);

/* End the process and wait for that, a second at most; no command may run any more. The memory
 * goes when the loop has run the close call back. NULL is allowed. */
void weft_runner_close(struct weft_runner *runner);

#endif
