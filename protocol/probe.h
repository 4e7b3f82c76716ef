/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers: probes of members, direct and through others.
 *
 * A probe is PING; after tuning.probe_timeout_ms again PING, and PINGREQ to three helpers; after
 * the same time again the member is suspect, unless it was heard meanwhile. If a quarter of the
 * probes needed help lately, the second stage is made twice.
 * Who is probed when is in round.h.
 * Own-fault guard: a node that heard nobody for 2.5 periods suspects nobody until 10 s are over.
 * Sleep: an expire that comes more than five periods late means that this machine slept.
 * SPEC.md section "Probes". */
#ifndef WEFT_PROBE_H
#define WEFT_PROBE_H

#include "arena.h"
#include "limits.h"
#include "message.h"
#include "reserve.h"
#include "round.h"

struct weft_core;

/* Probes under way at one time; a further one is not begun. */
#define WEFT_PROBES_MAX 16

enum weft_probe_stage {
    WEFT_PROBE_FREE,     /* entry not in use */
    WEFT_PROBE_DIRECT,   /* PING sent */
    WEFT_PROBE_INDIRECT, /* helpers asked */
    WEFT_PROBE_RELAY     /* on behalf of somebody else */
};

struct weft_probe {
    weft_node_id target;     /* who is probed */
    weft_node_id asker;      /* RELAY: for whom, else 0 */
    weft_ns sent_ns;         /* when it began */
    weft_ns due_ns;          /* when the stage ends */
    uint32_t sequence;       /* of the PING */
    uint32_t asker_sequence; /* RELAY: of the PINGREQ */
    uint8_t stage;           /* enum weft_probe_stage */
    uint8_t helpers;         /* to ask in the second stage */
    bool is_again;           /* the second stage was begun again, as the network is lossy */
};

struct weft_probes {
    void *pieces[WEFT_ROW_PIECES(WEFT_PROBES_MAX, struct weft_probe)]; /* under way, in no order */
    uint32_t end;             /* entries from here on are free */
    uint32_t sequence;        /* of the newest PING */
    struct weft_rounds round; /* who is next */
    uint32_t loss;            /* share of probes that needed help, of 256, moving mean */
    weft_ns heard_ns;         /* last datagram of any member */
};

/* Take the tables of probing from the block. */
void weft_probe_carve(struct weft_core *core, struct weft_arena *arena);

/* The core ends: give back the table. */
void weft_probe_end(struct weft_core *core);

/* START. */
void weft_probe_on_start(struct weft_core *core);

/* Probe |id| now: a stream to it broke, or somebody says it is dead. The own node, unknown nodes
 * and those probed already are passed over. */
void weft_probe_doubt(struct weft_core *core, weft_node_id id);

/* Probe the member at |slot| now, unless that is being done. */
void weft_probe_slot(struct weft_core *core, uint32_t slot);

/* Tell the member at |slot|, by one PING, that somebody holds it suspect or dead, so that it can
 * refute. Nothing follows if it stays silent. */
void weft_probe_accuse(struct weft_core *core, uint32_t slot);

/* Probe the member at |slot| now, telling it the accusation: it is ALIVE for this node, but not for
 * somebody else. */
void weft_probe_confront(struct weft_core *core, uint32_t slot);

/* A datagram of a member arrived. */
void weft_probe_on_heard(struct weft_core *core);

/* PING arrived from |from|, whose id is the sender's: answer. */
void weft_probe_on_ping(struct weft_core *core, const struct weft_endpoint *from,
                        const struct weft_message_probe *probe);

/* ACK arrived: the probe it belongs to is over; one made for somebody else is passed on. */
void weft_probe_on_ack(struct weft_core *core, const struct weft_endpoint *from,
                       const struct weft_message_probe *ack);

/* PINGREQ arrived: probe for |from|. */
void weft_probe_on_pingreq(struct weft_core *core, const struct weft_endpoint *from,
                           const struct weft_message_pingreq *request);

/* Was nobody at all heard for 2.5 periods, though not yet for 10 s? Then it is rather this node
 * that is cut off, and it judges nobody. */
bool weft_probe_is_own_fault(const struct weft_core *core);

/* True, once, if this step comes so late that the machine slept; probes under way are forgotten. */
bool weft_probe_notice_sleep(struct weft_core *core);

/* The network is back: begin afresh. */
void weft_probe_restart(struct weft_core *core);

/* The pace is full again: probe within a period, and judge silence from now on only. */
void weft_probe_hasten(struct weft_core *core);

/* Send what is due, suspect who stayed silent. */
void weft_probe_expire(struct weft_core *core);

#endif
