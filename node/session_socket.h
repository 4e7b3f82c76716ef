/* SPDX-License-Identifier: Apache-2.0 */
/* Which sockets does a node need, and with which options? Makes them; what travels over them is the
 * business of session_datagram.c and stream.h. Addresses of the core to and from the kernel's. */
#ifndef WEFT_SESSION_SOCKET_H
#define WEFT_SESSION_SOCKET_H

#include "../protocol/err.h"
#include "../protocol/types.h"

#include <sys/socket.h>

/* Unsent bytes in the kernel up to which a stream's socket takes more: what a control frame waits
 * for at most, apart from the part it may not interrupt. 26 ms at 20 Mbit/s. */
#define WEFT_SESSION_SOCKET_UNSENT_BYTES 65536

/* The kernel's form of |address|; its length. */
socklen_t weft_session_socket_to(const struct weft_address *address,
                                 struct sockaddr_storage *storage);

/* The core's form of a kernel address; all zero if it is not an IP address. */
struct weft_address weft_session_socket_from(const struct sockaddr_storage *storage);

/* The hop limit that |message| arrived with, from its ancillary data; 0 = not told. */
uint8_t weft_session_socket_hops(struct msghdr *message);

/* Bind a datagram socket and a listening stream socket to |address|; port 0 chooses one that is
 * free for both, and is replaced in |address|.
 * Errors: as weft_session_open(); the descriptors are then untouched.
 * Owner:  the caller closes both. */
enum weft_err weft_session_socket_listen(struct weft_address *address, int *datagram_fd,
                                         int *listen_fd);

/* Begin to connect from the address |from| (any port) to |to|; non-blocking.
 * Errors: -1 and errno.
 * Owner:  the caller closes it. */
int weft_session_socket_connect(const struct weft_address *from, const struct weft_address *to);

/* Set the options of a stream that is connected. */
void weft_session_socket_tune(int fd, unsigned int unacked_ms);

/* The weft_err of an errno of a socket. */
enum weft_err weft_session_socket_error(int error_number);

#endif
