/* SPDX-License-Identifier: Apache-2.0 */
/* How do local commands talk to a running node? A Unix socket DATA/control.sock, mode 0600: one
 * request line, one JSON answer, end. This is the node's end; control_client.h asks; what the
 * answers say is inform.h. SPEC.md section "Control socket".
 *
 * Timers: a request that is not read and answered in WEFT_CONTROL_MS is dropped. */
#ifndef WEFT_CONTROL_H
#define WEFT_CONTROL_H

#include "control_client.h"

#include <uv.h>

enum {
    WEFT_CONTROL_CLIENTS_MAX = 16,     /* at the limit a further caller is closed at once */
    WEFT_CONTROL_LINE_BYTES_MAX = 600, /* a longer request is answered with an error */
    WEFT_CONTROL_MS = 5000             /* time for one exchange */
};

struct weft_control; /* opaque; the node's end */

/* A request that is known. */
struct weft_control_request {
    const char *word;  /* first word of the line */
    bool has_argument; /* a blank and an argument follow, else nothing */

    /* Makes the answer; called on the loop's thread. |argument| is "" without one.
     * Errors: NULL if memory is short; the caller is told so.
     * Owner:  the control socket releases the answer. */
    json_t *(*answer)(void *context, const char *argument);
};

/* Listen on DATA/control.sock. A socket left by a node that died is replaced: the caller holds the
 * lock of the data directory.
 * Errors: WEFT_ERR_IO, PERMISSION, DISK_FULL, MEMORY; *control is then NULL.
 * Shape:  requests[request_count].
 * Owner:  the caller, weft_control_close(); |loop|, |requests| and |context| must outlive it. */
enum weft_err weft_control_open(struct weft_control **control, uv_loop_t *loop,
                                const char *data_dir, const struct weft_control_request *requests,
                                size_t request_count, void *context);

/* Stop listening, drop the callers, remove the socket. Memory is released when the loop has run the
 * close callbacks. |control| may be NULL. */
void weft_control_close(struct weft_control *control);

#endif
