/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses does the demo use? Segment s is 127.77.s.0/24, its nodes are .10, .11 and so on,
 * the source is 127.77.0.1: all on the loopback interface, which needs no rights. */
#ifndef WEFT_DEMO_NET_H
#define WEFT_DEMO_NET_H

#include "demo_options.h"

/* Bytes of "127.77.200.209:65535" and its end. */
#define WEFT_DEMO_ADDRESS_BYTES 32

/* Which segment node |node| belongs to: 0..segments-1; sizes differ by one at most. */
uint32_t weft_demo_net_segment(const struct weft_demo_options *options, uint32_t node);

/* The first node of |segment|; with segment == segments, the number of nodes. */
uint32_t weft_demo_net_first(const struct weft_demo_options *options, uint32_t segment);

/* Write node |node|'s address without port.  Shape: text[WEFT_DEMO_ADDRESS_BYTES]. */
void weft_demo_net_node(const struct weft_demo_options *options, uint32_t node, char *text);

/* Write a segment's network, "127.77.1.0/24".  Shape: text[WEFT_DEMO_ADDRESS_BYTES]. */
void weft_demo_net_prefix(uint32_t segment, char *text);

/* The address of the source, without port. */
const char *weft_demo_net_source(void);

/* Find a port that is free on all addresses, and keep other demos away from it.
 * Result: the port, and in *lock a descriptor that holds it (the caller closes it); 0 = none is. */
uint16_t weft_demo_net_claim(const struct weft_demo_options *options, int *lock);

/* Does something accept connections at |address|:|port|? */
bool weft_demo_net_answers(const char *address, uint16_t port);

#endif
