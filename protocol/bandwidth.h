/* SPDX-License-Identifier: Apache-2.0 */
/* How fast others send, as this node measured and as observers agree.
 *
 * A node never counts its own word: what others received from it is its goodput. Each node keeps a
 * moving mean per sender, and once a minute tells the segment those that changed by two
 * half-octaves or were not told for four hours (RATE, in GOSSIP), of the first candidates only, for
 * nobody keeps others. It tells each member itself, and what somebody tells in the name of another
 * one is dropped: so nobody has more than one voice. Of every likely candidate the values of its
 * five first rendezvous observers are kept; their lower median counts if there are at least two.
 * SPEC.md section "Bandwidth". */
#ifndef WEFT_BANDWIDTH_H
#define WEFT_BANDWIDTH_H

#include "message.h"
#include "reserve.h"

struct weft_core;

/* Candidates of which observers' values are kept: the first ones by class and rendezvous order, so
 * that every node keeps the same; all others count as unknown. */
#define WEFT_BANDWIDTH_SUBJECTS_MAX 24

/* Observers kept per candidate. */
#define WEFT_BANDWIDTH_OBSERVERS 5

struct weft_bandwidth {
    weft_node_id peer;    /* sender */
    uint64_t bytes_per_s; /* moving mean */
    weft_ns seen_ns;      /* last sample */
    weft_ns told_ns;      /* when it was told */
    uint8_t told;         /* half-octaves told last; UINT8_MAX = never */
};

struct weft_bandwidth_subject {
    weft_node_id id;                              /* candidate */
    uint32_t sequences[WEFT_BANDWIDTH_OBSERVERS]; /* of the values */
    uint16_t tags[WEFT_BANDWIDTH_OBSERVERS];      /* rendezvous weight of the observer, 0 = free */
    uint8_t values[WEFT_BANDWIDTH_OBSERVERS];     /* half-octaves */
};

struct weft_bandwidths {
    void *pieces[WEFT_ROW_PIECES(WEFT_LINKS_MAX, struct weft_bandwidth)]; /* senders measured */
    uint32_t count; /* of them, config.links_max at most; they stay */
    void *subject_pieces[WEFT_ROW_PIECES(WEFT_BANDWIDTH_SUBJECTS_MAX,
                                         struct weft_bandwidth_subject)]; /* what others told */
    uint32_t subject_count; /* candidates they told it of */
    uint32_t told_count;    /* rates told since START, part of their sequence */
};

/* The core ends: give back the table. */
void weft_bandwidth_end(struct weft_core *core);

/* A chunk of |bytes| arrived from |peer| in |transfer_ns|, first to last byte. Pieces below 16 KiB
 * and unknown times say nothing. */
void weft_bandwidth_observe(struct weft_core *core, weft_node_id peer, uint32_t bytes,
                            weft_ns transfer_ns);

/* Goodput from |peer| as this node measured it, bytes per second; 0 = unknown. */
uint64_t weft_bandwidth_of(const struct weft_core *core, weft_node_id peer);

/* Goodput of |id| on which its observers agree: half-octaves, or WEFT_MEMBER_RATE_UNKNOWN. */
uint8_t weft_bandwidth_attested(const struct weft_core *core, weft_node_id id);

/* The member |from| told what was measured: dropped unless |from| is the observer. */
void weft_bandwidth_on_rate(struct weft_core *core, weft_node_id from,
                            const struct weft_rate *rate);

/* Half-octaves above 128 KiB/s, 0..WEFT_HALF_OCTAVES_MAX. */
uint8_t weft_bandwidth_half_octaves(uint64_t bytes_per_s);

/* Tell what is due. */
void weft_bandwidth_expire(struct weft_core *core);

#endif
