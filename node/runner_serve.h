/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of runner.h: the process that runs commands, and what the two say to each other.
 * Messages of fixed size on a SOCK_SEQPACKET pair: both ends are one program on one machine. The
 * runner believes no field of an ask: names and lengths are checked as if a stranger sent them. */
#ifndef WEFT_RUNNER_SERVE_H
#define WEFT_RUNNER_SERVE_H

#include "node/runner.h"
#include "protocol/trust/name.h"

/* From the node. Texts end with a NUL inside their array. */
struct weft_runner_ask {
    uint64_t number;                       /* of the job, never used twice */
    weft_release_id id;                    /* of the release */
    uint32_t limit_ms;                     /* time for the command; 0 = stop job |number| */
    char component[WEFT_NAME_PLACE_BYTES]; /* as in weft_runner_request */
    char version[WEFT_NAME_BYTES_MAX + 1]; /* as in weft_runner_request */
};

/* From the runner: job |number| ended. */
struct weft_runner_answer {
    uint64_t number;               /* of the job */
    uint32_t err;                  /* enum weft_err: OK, HOOK or CANCELLED */
    char text[WEFT_MESSAGE_BYTES]; /* a sentence unless OK, with NUL */
};

/* Serve the socket |fd| until the node is gone and no command runs any more. Blocks; for the new
 * process only, which ends with the exit code returned. */
int weft_runner_serve(int fd, const char *command, const char *data_dir);

#endif
