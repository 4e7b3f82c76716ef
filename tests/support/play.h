/* SPDX-License-Identifier: Apache-2.0 */
/* A world around the node of a fixture for attacks that take their time: the source and the members
 * answer rightly, neighbours that are asked for chunks as a case likes. */
#ifndef WEFT_TESTS_PLAY_H
#define WEFT_TESTS_PLAY_H

#include "tests/support/fixture.h"

#define PLAY_PENDING_MAX 256

/* A chunk that a neighbour was asked for. */
struct play_request {
    weft_node_id peer; /* who was asked */
    uint32_t chunk;    /* index */
};

struct play {
    struct fixture *fixture; /* the node */
    void (*answer)(struct fixture *fixture, weft_node_id peer,
                   uint32_t chunk);       /* to a REQUEST; NULL = never */
    void (*nag)(struct fixture *fixture); /* once a second; NULL = nothing */
    void (*notice)(struct play *play, const struct weft_action *action); /* each action; NULL */
    bool (*act)(struct play *play); /* one thing more to carry out; false = nothing; NULL */
    bool source_fails;              /* ranges end with UNREACHABLE */
    bool source_hangs;              /* ranges stay in |fetches| and are not answered */
    struct weft_action_source fetches[PLAY_PENDING_MAX]; /* to be answered */
    uint32_t fetch_count;                                /* of fetches */
    struct play_request requests[PLAY_PENDING_MAX];      /* to be answered */
    uint32_t request_count;                              /* of requests */
    struct weft_endpoint pinged[PLAY_PENDING_MAX];       /* members to answer */
    uint32_t sequences[PLAY_PENDING_MAX];                /* of their PINGs */
    uint32_t ping_count;                                 /* of pinged */
};

/* Note what the last step of the fixture asked of the world. */
void play_collect(struct play *play);

/* |from| sends |message|, on a link of the segment if |near|; sender and mesh are filled in. */
void play_send(struct play *play, const struct weft_endpoint *from, bool near,
               struct weft_message *message);

/* Let |span_ns| pass: carry out what is asked, and tick at every deadline. */
void play_on(struct play *play, weft_ns span_ns);

#endif
