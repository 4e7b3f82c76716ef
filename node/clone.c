/* SPDX-License-Identifier: Apache-2.0 */
/* Counts how often a peer came back to where it was first; see clone.h. */
#include "clone.h"

#include "../protocol/address.h"

#include <string.h>

void weft_clone_expire(struct weft_clone *clone, weft_ns now_ns)
{
    if (clone->kept.port != 0 && now_ns - clone->kept_ns > WEFT_CLONE_SILENT_MS * WEFT_NS_PER_MS) {
        memset(clone, 0, sizeof(*clone));
    }
}

/* It is back at kept. Datagrams of a node that moves may overtake each other: returns within
 * WEFT_CLONE_RETURN_MS are one. Who changes between two networks now and then is no copy: returns
 * far apart do not add up. */
static void count_return(struct weft_clone *clone, weft_ns now_ns)
{
    weft_ns since_ns = now_ns - clone->returned_ns;
    if (since_ns > WEFT_CLONE_SPAN_MS * WEFT_NS_PER_MS) {
        clone->returns = 0;
    }
    if (clone->returns == 0 || since_ns >= WEFT_CLONE_RETURN_MS * WEFT_NS_PER_MS) {
        clone->returns++;
        clone->returned_ns = now_ns;
    }
}

enum weft_clone_verdict weft_clone_hear(struct weft_clone *clone, const struct weft_address *from,
                                        weft_ns now_ns)
{
    weft_clone_expire(clone, now_ns);
    if (clone->kept.port == 0) {
        clone->kept = *from;
    }
    if (!weft_address_equal(&clone->kept, from)) {
        if (clone->is_held) {
            return WEFT_CLONE_REFUSED;
        }
        clone->other = *from;
        clone->is_away = true;
        return WEFT_CLONE_SINGLE;
    }
    clone->kept_ns = now_ns;
    if (!clone->is_away) {
        return WEFT_CLONE_SINGLE;
    }
    clone->is_away = false;
    count_return(clone, now_ns);
    clone->is_held = clone->returns >= WEFT_CLONE_RETURNS;
    return clone->is_held ? WEFT_CLONE_FOUND : WEFT_CLONE_SINGLE;
}

bool weft_clone_refuses(const struct weft_clone *clone, const struct weft_address *from, bool by_ip)
{
    if (!clone->is_held) {
        return false;
    }
    return by_ip ? memcmp(clone->kept.ip, from->ip, WEFT_IP_BYTES) != 0
                 : !weft_address_equal(&clone->kept, from);
}
