/* SPDX-License-Identifier: Apache-2.0 */
/* One core under test with a hand-made world around it: members, links and time are what the test
 * says. Reads the core's own tables, so that a test can state what must have changed. */
#ifndef WEFT_TESTS_FIXTURE_H
#define WEFT_TESTS_FIXTURE_H

#include "protocol/frame.h"
#include "protocol/state.h"

#define FIXTURE_SELF UINT64_C(1)
#define FIXTURE_RELEASE UINT64_C(0xabcdef)
#define FIXTURE_CHUNK_BYTES 65536

struct fixture {
    struct weft_core *core;          /* the node under test */
    struct weft_action_queue *queue; /* actions of the last step */
    weft_ns now_ns;                  /* of the last step */
    void *memory;                    /* of the core */
};

/* A started node 10.0.0.1/24, alone, with |config| or, if NULL, small tables and defaults. */
struct fixture fixture_new(const struct weft_config *config);

/* Release everything. */
void fixture_free(struct fixture *fixture);

/* Small tables, default flags. */
struct weft_config fixture_config(void);

/* Let one event happen |later_ns| after the last one; the queue then holds its actions. */
void fixture_step(struct fixture *fixture, weft_ns later_ns, struct weft_event event);

/* TICKs at every deadline during |span_ns|; the queue holds the actions of the last one only. */
void fixture_run(struct fixture *fixture, weft_ns span_ns);

/* Node |id| (2..250) at 10.0.0.id is a member of the segment, an agent if |agent|. */
void fixture_member(struct fixture *fixture, weft_node_id id, bool agent);

/* This node is an agent of its segment from now on. */
void fixture_become_agent(struct fixture *fixture);

/* A stream to |id| is up: a member's, or for ids from 1000 on of a node at 10.9.0.x. */
struct weft_link *fixture_link(struct fixture *fixture, weft_node_id id);

/* A release of |count| chunks is wanted, none there. */
struct weft_release *fixture_release(struct fixture *fixture, uint32_t count);

/* |peer| sends a frame. */
void fixture_frame(struct fixture *fixture, weft_node_id peer, struct weft_frame frame);

/* |peer| says that it has the |count| chunks from |first| on, and that it wants the others. */
void fixture_peer_has(struct fixture *fixture, weft_node_id peer, uint32_t first, uint32_t count);

/* A chunk from |peer| (0 = the source, with |token|) ended with |result|. */
void fixture_chunk(struct fixture *fixture, weft_node_id peer, uint64_t token, uint32_t chunk,
                   enum weft_err result);

/* Actions of |kind| in the queue. */
uint32_t fixture_count(const struct fixture *fixture, enum weft_action_kind kind);

/* The |nth| action of |kind| in the queue, from 0; NULL = there are fewer. */
const struct weft_action *fixture_action(const struct fixture *fixture, enum weft_action_kind kind,
                                         uint32_t nth);

/* The |nth| frame of |kind| to |peer| (0 = anybody) in the queue, decoded.
 * Errors: kind 0 in the result if there are fewer. */
struct weft_frame fixture_sent(const struct fixture *fixture, weft_node_id peer,
                               enum weft_frame_kind kind, uint32_t nth);

#endif
