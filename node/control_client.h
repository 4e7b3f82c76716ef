/* SPDX-License-Identifier: Apache-2.0 */
/* How does a command ask the node that runs on a data directory? The asking end of control.h.
 * Blocks at most as long as it is told. SPEC.md section "Control socket". */
#ifndef WEFT_CONTROL_CLIENT_H
#define WEFT_CONTROL_CLIENT_H

#include "protocol/err.h"
#include "protocol/types.h"

#include <jansson.h>
#include <sys/un.h>

/* Name of the socket in the data directory. */
#define WEFT_CONTROL_NAME "control.sock"

/* A longer answer is refused: nothing a node says is longer. */
#define WEFT_CONTROL_ANSWER_BYTES_MAX (4 * 1024 * 1024)

/* One question being asked. Several may be open at once; poll() for POLLIN on |fd|. */
struct weft_control_query {
    int fd;        /* connected, non-blocking; -1 = not open */
    char *answer;  /* bytes so far; owned */
    size_t length; /* bytes of answer */
    size_t room;   /* bytes allocated */
};

/* Write the address of the socket in |data_dir|. A path too long for a socket address goes through
 * the directory's descriptor, so that any path works.
 * Errors: false and errno; *dir_fd is then -1.
 * Owner:  the caller closes *dir_fd when it no longer uses the address. */
bool weft_control_address(const char *data_dir, struct sockaddr_un *address, int *dir_fd);

/* Connect to the node on |data_dir| and send the line |request| (without newline).
 * Errors: NOT_FOUND (no socket), UNREACHABLE (nobody listens), TIMEOUT or CLOSED (too many ask),
 *         PERMISSION, IO.
 * Owner:  the caller, weft_control_query_close(). */
enum weft_err weft_control_query_open(struct weft_control_query *query, const char *data_dir,
                                      const char *request);

/* Read what is there. *done becomes true when the node has said everything.
 * Errors: CLOSED, LIMIT, MEMORY, IO. */
enum weft_err weft_control_query_read(struct weft_control_query *query, bool *done);

/* The document of a query that is done.
 * Errors: NULL if it is not a JSON object. Owner: the caller, json_decref(). */
json_t *weft_control_query_document(const struct weft_control_query *query);

/* Close and release; also for one that is not open but zeroed with fd -1. */
void weft_control_query_close(struct weft_control_query *query);

/* Ask the node on |data_dir| and wait at most |timeout_ms|.
 * Errors: as above, TIMEOUT, FORMAT; *answer is then NULL.
 * Owner:  *answer is the caller's, json_decref(). */
enum weft_err weft_control_ask(const char *data_dir, const char *request, int timeout_ms,
                               json_t **answer);

#endif
