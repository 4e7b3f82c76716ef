/* SPDX-License-Identifier: Apache-2.0 */
/* A settled segment with a member that says whatever a test wants, for attack_membership and
 * attack_hearsay. Beside that its core is honest. */
#ifndef WEFT_TESTS_LIAR_H
#define WEFT_TESTS_LIAR_H

#include "protocol/state.h"
#include "tests/support/cluster.h"

enum {
    LIAR_NODES = 8,  /* in the segment */
    LIAR_VICTIM = 0, /* who is lied to */
    LIAR = 1,        /* who lies */
    LIAR_OTHER = 5,  /* who is lied about */
    LIAR_AGENTS = 2  /* of so many nodes */
};

/* A segment in which all know each other.   Owner: the caller. */
struct weft_cluster *liar_cluster(uint64_t seed);

/* Node |to| receives |message| as if from |from|, with |hop_limit|. */
void liar_send_to(struct weft_cluster *cluster, uint32_t to, const struct weft_endpoint *from,
                  uint8_t hop_limit, struct weft_message *message);

/* The victim does. */
void liar_send(struct weft_cluster *cluster, const struct weft_endpoint *from, uint8_t hop_limit,
               struct weft_message *message);

/* The liar passes |record| on to node |to|. */
void liar_gossip_to(struct weft_cluster *cluster, uint32_t to, const struct weft_record *record);

/* It passes |record| on to the victim. */
void liar_gossip(struct weft_cluster *cluster, const struct weft_record *record);

/* It passes |record| on to everybody but its subject. */
void liar_gossip_to_all(struct weft_cluster *cluster, const struct weft_record *record);

/* The record of node |index| as the victim holds it; of itself as well. */
struct weft_record liar_held(const struct weft_cluster *cluster, uint32_t index);

/* The state in which the victim holds node |index|. */
enum weft_member_state liar_state(const struct weft_cluster *cluster, uint32_t index);

#endif
