/* SPDX-License-Identifier: Apache-2.0 */
/* Who else is on this link? Sends and hears beacons (protocol/transport/beacon.h) on the interface
 * of the own address; what one that was heard leads to is decided in the core: it finds a lone node
 * its segment, and two groups that grew apart each other.
 *
 * Timers: a node in company sends one every WEFT_BEACON_MS unless it heard two of others in
 * company meanwhile; a lone node every WEFT_BEACON_ALONE_MS. Whoever is in company and hears a lone
 * one answers within WEFT_BEACON_ANSWER_MS, unless somebody else did. All drawn, -50 to +50 %.
 * SPEC.md section "Beacons". */
#ifndef WEFT_BEACON_H
#define WEFT_BEACON_H

#include "membership.h"

#include <uv.h>

struct weft_beacon; /* opaque; one per node */

struct weft_beacon_config {
    uv_loop_t *loop;                          /* borrowed */
    const struct weft_membership *membership; /* borrowed */
    struct weft_address listen;               /* own address and port */
    void *context;                            /* passed back */
    /* Does this node know nobody in its segment? */
    bool (*is_alone)(void *context);
    /* Somebody is at |from|; of a lone node only another lone one is told. */
    void (*heard)(void *context, const struct weft_address *from);
};

/* Begin to send and hear.
 * Errors: NULL if the interface has no multicast (the loopback has none), or out of memory; the
 *         node does without.
 * Owner:  the caller; weft_beacon_close(). */
struct weft_beacon *weft_beacon_open(const struct weft_beacon_config *config);

/* End; NULL is allowed. Handles close in the loop; nobody is called any more. */
void weft_beacon_close(struct weft_beacon *beacon);

#endif
