/* SPDX-License-Identifier: Apache-2.0 */
/* The lines between machines: how long a message takes, which lines it crosses, and who is charged
 * for it. How fast bulk bytes move is answered by lan.h inside a site and by backbone.h between
 * sites. SPEC.md section "Model of the simulator". */
#ifndef WEFT_SIM_NETWORK_H
#define WEFT_SIM_NETWORK_H

#include "options.h"
#include "topology.h"

struct weft_sim_shard;

/* What one line has carried. */
struct weft_sim_carried {
    uint64_t payload_bytes; /* chunks and documents, counted when the last byte has passed */
    uint64_t control_bytes; /* datagrams, control frames, handshakes, without lower layers */
};

/* A node's card. */
struct weft_sim_card {
    uint64_t rate;              /* of payload each way, 1/256 bytes per second */
    struct weft_sim_carried up; /* what it sent */
    uint64_t down_bytes;        /* payload it received */
    uint32_t draws;             /* random numbers used for its messages */
    uint32_t backbone_links;    /* its up side in the backbone, down behind it; NONE = not yet */
    uint16_t far_up;            /* flows to other sites */
    uint16_t far_down;          /* flows from other sites and the source */
    bool engaged;               /* it stands in the backbone's list of such cards */
};

struct weft_sim_network {
    const struct weft_sim_options *options;   /* delays, loss, queues; borrowed */
    const struct weft_sim_topology *topology; /* who is where; borrowed */
    struct weft_sim_card *cards;              /* of each node; owned */
    struct weft_sim_carried *wan_up;          /* per site, out of it; owned */
    struct weft_sim_carried *wan_down;        /* per site, into it; payload only; owned */
    struct weft_sim_carried source;           /* what the source sent */
    uint64_t *wire;                           /* bytes on the wire into sites, by the site that
                                                 caused them; behind them the source; owned */
    _Atomic uint64_t *beside;                 /* bytes on the wire beside payload since they were
                                                 taken, by line between sites; owned */
    uint32_t source_draws;                    /* random numbers used for its messages */
};

/* The cards and lines that |options| describe.
 * Owner: the caller; ends with weft_sim_network_end(). Borrows both. */
void weft_sim_network_begin(struct weft_sim_network *network,
                            const struct weft_sim_options *options,
                            const struct weft_sim_topology *topology);

/* Free them. */
void weft_sim_network_end(struct weft_sim_network *network);

/* Payload that a line of |bytes_per_s| (0 = without limit) carries, 1/256 bytes per second. */
uint64_t weft_sim_network_goodput(uint64_t bytes_per_s);

/* Bytes on the wire that went into all sites so far, with headers and acknowledgements. */
uint64_t weft_sim_network_wire(const struct weft_sim_network *network);

/* Take the count of bytes on the wire beside payload of line |number| of weft_sim_backbone_line():
 * messages, and acknowledgements of payload that flows the other way. Between windows. */
uint64_t weft_sim_network_take_beside(struct weft_sim_network *network, uint32_t number);

/* One-way delay between two nodes, or a node and the source, without jitter and queues. */
weft_ns weft_sim_network_delay(const struct weft_sim_network *network, uint32_t from, uint32_t to);

/* The least delay between two sites, or a site and the source: how far a shard may run ahead. */
weft_ns weft_sim_network_lookahead(const struct weft_sim_network *network);

/* Does the way between them cross access lines of sites? */
bool weft_sim_network_is_far(const struct weft_sim_network *network, uint32_t from, uint32_t to);

/* Count a control message of |bytes| that |from|, of this shard, sends now.
 * Returns its one-way delay, with jitter and the queues of full lines. */
weft_ns weft_sim_network_control(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                 uint32_t bytes);

/* The same for a document of |bytes|, which has to pass the narrowest line as well. */
weft_ns weft_sim_network_document(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                  uint32_t bytes);

/* Times that one datagram arrives at most. */
#define WEFT_SIM_ECHOES_MAX 3

/* When does the datagram that |from| sends now arrive, once or more often? Fills in the delays, the
 * first of them |delay_ns| unless it comes late; returns how many there are. */
uint32_t weft_sim_network_echoes(const struct weft_sim_network *network, uint32_t from,
                                 weft_ns delay_ns, weft_ns delays_ns[WEFT_SIM_ECHOES_MAX]);

/* Is the datagram that |from| sends now lost? Draws once per call. */
bool weft_sim_network_loses(struct weft_sim_network *network, uint32_t from);

/* Weight of connection number |lane| from |from| to |to| on a line that is full. */
uint32_t weft_sim_network_weight(const struct weft_sim_network *network, uint32_t from, uint32_t to,
                                 uint32_t lane);

/* Count payload that |from| has sent to |to|, on the lines of the sender's side. */
void weft_sim_network_sent(struct weft_sim_network *network, uint32_t from, uint32_t to,
                           uint32_t bytes);

/* Count payload that has arrived at |to|, on the lines of the receiver's side. */
void weft_sim_network_received(struct weft_sim_network *network, uint32_t from, uint32_t to,
                               uint32_t bytes);

#endif
