/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a TUF client, shared by client.c (the four top-level roles) and client_role.c
 * (delegated roles), included by nobody else. */
#ifndef WEFT_TRUST_CLIENT_STATE_H
#define WEFT_TRUST_CLIENT_STATE_H

#include "client.h"
#include "roles.h"

/* A delegated role that a search asked for and that was not fed yet. Forgotten before any document
 * that it borrows from goes. */
struct weft_trust_pending {
    const struct weft_metadata *delegator; /* borrowed; NULL = nothing is pending */
    struct weft_delegation delegation;     /* to the role; borrows from |delegator| */
    struct weft_pin pin;                   /* what the snapshot states of its document */
};

struct weft_trust {
    struct weft_metadata *trusted[WEFT_ROLE_COUNT]; /* one reference each; NULL = none */
    struct weft_metadata *current[WEFT_ROLE_COUNT]; /* likewise; root is not used */
    struct weft_roles roles;                        /* delegated, of the current set */
    struct weft_trust_pending pending;              /* wanted by the last search */
    enum weft_trust_stage stage;                    /* of the update */
    int64_t now_s;                                  /* time of the update */
    uint64_t root_version_max;                      /* where its chain of roots ends */
    uint32_t root_count;                            /* roots it followed so far */
    struct weft_fault fault;                        /* of the last refusal */
};

/* The current set changed, or an update began: forget which delegated documents could not be had,
 * and drop those that the current snapshot does not state any more. */
void weft_trust_role_renew(struct weft_trust *trust);

#endif
