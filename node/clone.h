/* SPDX-License-Identifier: Apache-2.0 */
/* Does one identity run in two places? Whoever starts a copied disk image has the key and the
 * certificate of another machine: no proof tells them apart, only that both are heard. A node that
 * moved is not heard at its old address any more; one that is heard there again and again, and
 * elsewhere in between, runs twice. The address that was there first is kept.
 *
 * Plain data of one peer, without a clock; peer_clone.c says what follows. SPEC.md section "Copied
 * identities". */
#ifndef WEFT_CLONE_H
#define WEFT_CLONE_H

#include "../protocol/transport/bounds.h"
#include "../protocol/types.h"

/* All zero = heard nowhere yet. */
struct weft_clone {
    struct weft_address kept;  /* where it was heard first; port 0 = nowhere yet */
    struct weft_address other; /* where it was heard besides; counts if is_away or is_held */
    weft_ns kept_ns;           /* when it was heard at kept last */
    weft_ns returned_ns;       /* when a return was counted last */
    uint32_t returns;          /* to kept, after it was heard at other */
    bool is_away;              /* heard at other last */
    bool is_held;              /* found out: only kept is heard */
};

/* The verdict on what was heard. */
enum weft_clone_verdict {
    WEFT_CLONE_SINGLE,  /* nothing speaks against it */
    WEFT_CLONE_FOUND,   /* it comes from kept, and this was the return too many: held from now on */
    WEFT_CLONE_REFUSED, /* it comes from elsewhere while kept is held */
};

/* The peer proved itself in something that came from |from|. Times never go back. */
enum weft_clone_verdict weft_clone_hear(struct weft_clone *clone, const struct weft_address *from,
                                        weft_ns now_ns);

/* Is kept held, and |from| another address? |by_ip|: ports do not count, as for streams. */
bool weft_clone_refuses(const struct weft_clone *clone, const struct weft_address *from,
                        bool by_ip);

/* Forget everything if kept was not heard for WEFT_CLONE_SILENT_MS: the other one moves in. */
void weft_clone_expire(struct weft_clone *clone, weft_ns now_ns);

#endif
