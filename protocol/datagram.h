/* SPDX-License-Identifier: Apache-2.0 */
/* The way in and out for datagrams: who may say what, and which module hears it.
 *
 * Answers "is this datagram for us, and from where it claims to be?": decode, then mesh, own id,
 * proven id, hop limit, then the module of its kind. Segment messages (PING, ACK, PINGREQ, GOSSIP,
 * SYNC*, LEAVE) count only from an address inside the own prefix that arrived with hop limit 255;
 * 0 (a driver that cannot tell) is accepted. SPEC.md section "Datagrams". */
#ifndef WEFT_DATAGRAM_H
#define WEFT_DATAGRAM_H

#include "event.h"
#include "message.h"

struct weft_core;

/* A datagram arrived; counts it, and drops and counts what is not acceptable. */
void weft_datagram_on_datagram(struct weft_core *core, const struct weft_event_datagram *event);

/* Send |message| to |to|; mesh, sender and bulletin are filled in here. Nothing is sent while the
 * network is down. Datagrams to the own prefix go out with hop limit 255.
 * Errors: dropped silently if the action queue is full or the message does not fit. */
void weft_datagram_send(struct weft_core *core, const struct weft_endpoint *to,
                        struct weft_message *message);

#endif
