/* SPDX-License-Identifier: Apache-2.0 */
/* The timers of the control plane, one of each: when each ends stands beside the others in
 * core->dues, as all are looked at after nearly every event. Which is set when: the header that is
 * named. A timer is set by its own module only. */
#ifndef WEFT_DUE_H
#define WEFT_DUE_H

#include "types.h"

enum weft_due {
    WEFT_DUE_LOOK,     /* look.h: at the source, or the end of a look */
    WEFT_DUE_HINT,     /* announce.h: the next round of hints */
    WEFT_DUE_CHECK,    /* bulletin_check.h: the check under way is given up */
    WEFT_DUE_OLDER,    /* own_record.h: this node has run for long enough to be called stabler */
    WEFT_DUE_JOIN,     /* join.h: the next attempt */
    WEFT_DUE_PROBE,    /* probe.h: the first stage of a probe to end */
    WEFT_DUE_ROUND,    /* round.h: the next period */
    WEFT_DUE_WATCH,    /* round.h: the next probe of watched agents */
    WEFT_DUE_CLAIM,    /* claim.h: a suspicion, tombstone or pause ends */
    WEFT_DUE_ELECTION, /* election.h: who should be agent? */
    WEFT_DUE_RATE,     /* bandwidth.h: what was measured is told */
    WEFT_DUE_PUSH,     /* gossip.h: the next push of records */
    WEFT_DUE_RATES,    /* gossip.h: the next members hear of rates */
    WEFT_DUE_SYNC,     /* sync.h: the rest of a view is asked for */
    WEFT_DUE_EXCHANGE, /* overlay.h: with agents elsewhere */
    WEFT_DUE_TELL,     /* overlay.h: the own segment hears of agents elsewhere */
    WEFT_DUE_COUNT,

    WEFT_DUE_ONLINE = WEFT_DUE_OLDER,   /* from here on those that wait for a network */
    WEFT_DUE_AGENT = WEFT_DUE_EXCHANGE, /* from here on those that only an agent follows */
};

#endif
