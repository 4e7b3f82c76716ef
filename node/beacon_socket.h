/* SPDX-License-Identifier: Apache-2.0 */
/* A socket for the multicast group of beacons, on the interface of one address. IPv4 and IPv6; the
 * groups are link-local, so no router passes them on, and hop limits are 255 both ways. */
#ifndef WEFT_BEACON_SOCKET_H
#define WEFT_BEACON_SOCKET_H

#include "../protocol/types.h"

/* The port of the groups, whatever port a node listens on. */
#define WEFT_BEACON_PORT 7767

struct weft_beacon_socket {
    int fd;                  /* -1 = closed */
    uint32_t interface;      /* index; 0 = none */
    struct weft_address own; /* address on it */
};

/* Make a socket of |own|'s interface and join the group.
 * Errors: false and errno if there is no such interface or it has no multicast.
 * Owner:  the caller closes made->fd. */
bool weft_beacon_socket_open(struct weft_beacon_socket *made, const struct weft_address *own);

/* Send bytes[length] to the group, joining it again if the interface was away; lost on an error. */
void weft_beacon_socket_send(const struct weft_beacon_socket *self, const uint8_t *bytes,
                             size_t length);

/* Take a packet that came through no router.
 * Shape:  bytes[size]; *from is its sender.
 * Result: its length, at most |size|; 0 = one to pass over, -1 = there is none. */
long weft_beacon_socket_receive(const struct weft_beacon_socket *self, uint8_t *bytes, size_t size,
                                struct weft_address *from);

#endif
