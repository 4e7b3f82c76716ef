/* SPDX-License-Identifier: Apache-2.0 */
/* One core under test with a hand-made world around it. */
#include "tests/support/fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/address.h"
#include "protocol/claim.h"

static struct weft_address address_of(weft_node_id id)
{
    bool far = id >= 1000;
    uint8_t ipv4[4] = {10, far ? 9 : 0, 0, (uint8_t)id};
    return weft_address_of_ipv4(ipv4, 7767);
}

struct weft_config fixture_config(void)
{
    struct weft_config config = weft_config_default();
    config.members_max = 64;
    config.remotes_max = 16;
    config.links_max = 16;
    config.releases_max = 3;
    config.downloads_max = 2;
    config.chunks_max = 1024;
    config.seed = 7;
    return config;
}

struct fixture fixture_new(const struct weft_config *config)
{
    struct weft_config standard = fixture_config();
    config = config == NULL ? &standard : config;
    struct weft_host host = {0};
    size_t bytes = weft_core_size(config);
    ck_assert_uint_gt(bytes, 0);
    struct fixture self = {.memory = calloc(1, bytes),
                           .queue = calloc(1, sizeof(*self.queue)),
                           .now_ns = 1000 * WEFT_NS_PER_S};
    self.core = weft_core_init(self.memory, bytes, config, &host);
    ck_assert_ptr_nonnull(self.core);
    struct weft_endpoint endpoint = {.id = FIXTURE_SELF, .address = address_of(FIXTURE_SELF)};
    struct weft_endpoint seed = {.address = address_of(250)}; /* never answers */
    struct weft_event event = {.kind = WEFT_EVENT_START,
                               .start = {.self = endpoint,
                                         .segment = weft_prefix_of(endpoint.address.ip, 120),
                                         .incarnation = 1,
                                         .known = &seed,
                                         .known_count = 1}};
    fixture_step(&self, 0, event);
    return self;
}

void fixture_free(struct fixture *fixture)
{
    free(fixture->memory);
    free(fixture->queue);
}

void fixture_step(struct fixture *fixture, weft_ns later_ns, struct weft_event event)
{
    fixture->now_ns += later_ns;
    event.now_ns = fixture->now_ns;
    weft_action_reset(fixture->queue);
    weft_core_step(fixture->core, &event, fixture->queue);
}

void fixture_run(struct fixture *fixture, weft_ns span_ns)
{
    weft_ns end_ns = fixture->now_ns + span_ns;
    for (weft_ns due = weft_core_deadline(fixture->core); due <= end_ns;
         due = weft_core_deadline(fixture->core)) {
        weft_ns later = due > fixture->now_ns ? due - fixture->now_ns : 0;
        fixture_step(fixture, later, (struct weft_event){.kind = WEFT_EVENT_TICK});
    }
    fixture->now_ns = end_ns;
}

void fixture_member(struct fixture *fixture, weft_node_id id, bool agent)
{
    struct weft_record record = {.id = id,
                                 .incarnation = 5,
                                 .address = address_of(id),
                                 .state = WEFT_MEMBER_ALIVE,
                                 .agent_class = WEFT_AGENT_AUTO,
                                 .role = agent ? WEFT_ROLE_AGENT : WEFT_ROLE_FOLLOWER,
                                 .term = agent};
    fixture->core->actions = fixture->queue;
    ck_assert(weft_claim_merge(fixture->core, &record, WEFT_HEARSAY_SELF));
    fixture_step(fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
}

void fixture_become_agent(struct fixture *fixture)
{
    fixture->core->actions = fixture->queue;
    fixture->core->election.state = WEFT_ELECTION_AGENT;
    weft_own_record_take_role(fixture->core, WEFT_ROLE_AGENT, 1);
    fixture_step(fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert(weft_election_self(fixture->core));
}

struct weft_link *fixture_link(struct fixture *fixture, weft_node_id id)
{
    struct weft_event event = {
        .kind = WEFT_EVENT_STREAM_UP,
        .stream = {.peer = {.id = id, .address = address_of(id)}, .opened_here = true}};
    fixture_step(fixture, 0, event);
    return weft_link_find(fixture->core, id);
}

struct weft_release *fixture_release(struct fixture *fixture, uint32_t count)
{
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE,
                               .release = {.id = FIXTURE_RELEASE,
                                           .chunk_count = count,
                                           .bytes = (uint64_t)count * FIXTURE_CHUNK_BYTES,
                                           .wanted = true}};
    fixture_step(fixture, 0, event);
    return weft_release_find(fixture->core, FIXTURE_RELEASE);
}

void fixture_frame(struct fixture *fixture, weft_node_id peer, struct weft_frame frame)
{
    static uint8_t bytes[WEFT_FRAME_BYTES_MAX];
    frame.release = frame.release == 0 ? FIXTURE_RELEASE : frame.release;
    uint32_t length = weft_frame_encode(&frame, bytes, sizeof(bytes));
    ck_assert_uint_gt(length, 0);
    struct weft_event event = {.kind = WEFT_EVENT_FRAME,
                               .frame = {.peer = peer, .bytes = bytes, .length = length}};
    fixture_step(fixture, 0, event);
}

void fixture_peer_has(struct fixture *fixture, weft_node_id peer, uint32_t first, uint32_t count)
{
    uint8_t bits[WEFT_CHUNKS_MAX / 8] = {0};
    const struct weft_release *release = weft_release_find(fixture->core, FIXTURE_RELEASE);
    for (uint32_t i = first; i < first + count; i++) {
        bits[i / 8] |= (uint8_t)(1 << (i % 8));
    }
    struct weft_frame frame = {.kind = WEFT_FRAME_MAP,
                               .value = release->chunk_count,
                               .flags = WEFT_MAP_WANTED,
                               .list = {.bytes = bits, .length = (release->chunk_count + 7) / 8}};
    fixture_frame(fixture, peer, frame);
}

void fixture_chunk(struct fixture *fixture, weft_node_id peer, uint64_t token, uint32_t chunk,
                   enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_CHUNK,
                               .chunk = {.peer = peer,
                                         .token = token,
                                         .release = FIXTURE_RELEASE,
                                         .chunk = chunk,
                                         .result = result,
                                         .bytes = FIXTURE_CHUNK_BYTES,
                                         .transfer_ns = 5 * WEFT_NS_PER_MS}};
    fixture_step(fixture, WEFT_NS_PER_MS, event);
}

const struct weft_action *fixture_action(const struct fixture *fixture, enum weft_action_kind kind,
                                         uint32_t nth)
{
    for (uint32_t i = 0; i < fixture->queue->count; i++) {
        if (fixture->queue->items[i].kind == kind && nth-- == 0) {
            return &fixture->queue->items[i];
        }
    }
    return NULL;
}

uint32_t fixture_count(const struct fixture *fixture, enum weft_action_kind kind)
{
    uint32_t count = 0;
    while (fixture_action(fixture, kind, count) != NULL) {
        count++;
    }
    return count;
}

struct weft_frame fixture_sent(const struct fixture *fixture, weft_node_id peer,
                               enum weft_frame_kind kind, uint32_t nth)
{
    for (uint32_t i = 0; i < fixture->queue->count; i++) {
        const struct weft_action *action = &fixture->queue->items[i];
        struct weft_frame frame;
        if (action->kind != WEFT_ACTION_FRAME || (peer != 0 && action->send.to.id != peer)) {
            continue;
        }
        ck_assert_int_eq(weft_frame_decode(action->send.bytes, action->send.length, &frame),
                         WEFT_REJECT_NONE);
        if (frame.kind == kind && nth-- == 0) {
            return frame;
        }
    }
    return (struct weft_frame){0};
}
