/* SPDX-License-Identifier: Apache-2.0 */
/* What does this node say of itself? Makes the status document of `weft status --json` from the
 * core's view and from what only the shell knows. Reads everything, changes nothing. SPEC.md
 * section "Status document". */
#ifndef WEFT_SNAPSHOT_H
#define WEFT_SNAPSHOT_H

#include "node/peer.h"
#include "protocol/view.h"

#include <jansson.h>

/* Number of the document's layout; grows when a field changes its meaning or goes away. */
#define WEFT_SNAPSHOT_SCHEMA 1

/* What the shell knows of one subscribed component. Strings are borrowed, never NULL. */
struct weft_snapshot_component {
    const char *name;           /* of --component */
    const char *link;           /* of --component NAME=LINK; "" = none */
    uint32_t number;            /* as given to the core in RELEASE events */
    const char *active_version; /* of the release that is active; "" = none yet */
    weft_release_id active_id;  /* its id; 0 = none or not known to the core */
    int64_t active_unix_s;      /* when it was activated; 0 = before this start, not known */
    const char *target_version; /* newest version signed by the publisher; "" = not known yet */
    weft_release_id target_id;  /* its id; 0 = its chunk index is not known yet */
    const char *error;          /* why the last activation or check failed; "" = it did not */
};

/* A peer that owes something. */
struct weft_snapshot_debtor {
    struct weft_view_penalty penalty; /* what, and why */
    const char *name;                 /* in its certificate; "" = not known; borrowed */
};

/* What the shell knows besides the core. Strings are borrowed, never NULL. */
struct weft_snapshot_info {
    weft_ns now_ns;                    /* clock of the core */
    int64_t now_unix_s;                /* wall clock */
    int64_t started_unix_s;            /* when the node started */
    const char *data_dir;              /* --data */
    const char *sandbox;               /* what confines the process, and what not and why */
    const char *site;                  /* --site; "" = none */
    enum weft_agent_class agent_class; /* --agent, or never */
    const char *source_url;            /* --source; "" = none */
    int64_t looked_unix_s;             /* last look at the source that ended; 0 = none yet */
    enum weft_err look_error;          /* how it ended */
    const char *look_text;             /* what was wrong, for people; "" = nothing */
    uint32_t root_version;             /* trusted root; 0 = none */
    int64_t expires_unix_s;            /* when the trusted timestamp expires; 0 = there is none */
    const char *clock_text;            /* what is wrong with this machine's clock; "" = nothing */
    const char *alarm_text;            /* proof that the publisher said two things; "" = none */
    const struct weft_membership *membership;         /* keys and certificate; NULL = not told */
    bool is_by_hand;                                  /* no server renews the certificate */
    const struct weft_peers_copy *copies;             /* identities that run in two places */
    uint32_t copy_count;                              /* entries of copies */
    struct weft_peers_refusal refusal;                /* of this node as a copy; id 0 = none */
    const struct weft_snapshot_debtor *debtors;       /* peers that owe something */
    uint32_t debtor_count;                            /* entries of debtors */
    const struct weft_snapshot_component *components; /* subscribed ones */
    uint32_t component_count;                         /* entries of components */
    const uint64_t *rates_bytes_per_s; /* received per component, mean of the last seconds */
};

/* Make the status document.
 * Errors: NULL if memory is short.
 * Owner:  the caller, json_decref(). */
json_t *weft_snapshot_make(const struct weft_core *core, const struct weft_snapshot_info *info);

#endif
