/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "ask a peer, wait, or do the work?" for chunk indexes that are not signed. */
#include "derive.h"

#include <string.h>

#include "join.h"
#include "link.h"
#include "rng.h"
#include "state.h"

#define AGAIN_NS (1 * WEFT_NS_PER_S)
#define PLACE_NS (2 * WEFT_NS_PER_S)
#define RANK_NS (5 * WEFT_NS_PER_S)

/* Who said PENDING is believed to be at work for so long. */
#define PENDING_NS (3 * WEFT_NS_PER_S)
#define PATIENCE_BYTES_PER_S (256 * 1024)

/* A source that failed is tried again later each time. */
#define FAILED_NS (5 * WEFT_NS_PER_S)

bool weft_derive_has_room(const struct weft_core *core)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->config.documents_max; i++) {
        const struct weft_document *document = &core->documents.items[i];
        count += document->token != 0 && document->derived_bytes != 0;
    }
    return count < WEFT_DERIVE_MAX;
}

static uint32_t work_count(const struct weft_core *core)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->config.documents_max; i++) {
        const struct weft_document *document = &core->documents.items[i];
        count += document->token != 0 && document->derived_bytes != 0 && document->asked &&
                 document->from == 0;
    }
    return count;
}

static uint64_t path_key(const char *path)
{
    uint64_t key = 0;
    for (; *path != '\0'; path++) {
        key = weft_mix(key ^ (uint8_t)*path);
    }
    return key;
}

/* How many agents in force come before this one. */
static uint32_t place_of(const struct weft_core *core, const struct weft_document *document)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    uint64_t key = path_key(document->path);
    uint64_t own = weft_rendezvous(key, core->self.id);
    uint32_t place = 0;
    for (uint32_t i = 0; i < count; i++) {
        place += weft_rendezvous(key, agents[i]) > own;
    }
    return place;
}

/* Is it this node's own work now? If its source fails, peers get another chance in between. */
static bool is_own_work(const struct weft_core *core, const struct weft_document *document)
{
    return document->is_own_work && core->config.has_source && document->rounds % 2 == 0;
}

/* When this node makes it, if nobody else is at work. */
static weft_ns turn_ns(const struct weft_core *core, const struct weft_document *document)
{
    weft_ns wait_ns = 0;
    if (is_own_work(core, document) || weft_join_is_alone(core)) {
        wait_ns = 0;
    } else if (weft_election_self(core)) {
        wait_ns = place_of(core, document) * PLACE_NS;
    } else {
        wait_ns = core->config.tuning.fallback_ms * WEFT_NS_PER_MS +
                  weft_election_rank(core, core->self.id) * RANK_NS;
    }
    return document->since_ns + wait_ns + document->rounds * FAILED_NS;
}

/* Is somebody at work, as far as can be believed? */
static bool is_pending(const struct weft_core *core, const struct weft_document *document)
{
    weft_ns patience_ns = core->config.tuning.fallback_ms * WEFT_NS_PER_MS +
                          document->derived_bytes / PATIENCE_BYTES_PER_S * WEFT_NS_PER_S;
    return core->now_ns < document->pending_until_ns &&
           core->now_ns < document->since_ns + patience_ns;
}

bool weft_derive_next(struct weft_core *core, struct weft_document *document, weft_node_id *from)
{
    bool is_acting = weft_election_self(core) || weft_join_is_alone(core);
    bool is_own = is_own_work(core, document);
    if (is_acting && !is_own) {
        weft_document_reach_hint(core, document); /* it may be at work in another segment */
    }
    weft_ns turn = turn_ns(core, document);
    bool is_turn =
        core->config.has_source && core->now_ns >= turn && (is_own || !is_pending(core, document));
    *from = is_own ? 0 : weft_document_holder(core, document, /* far */ is_acting || is_turn);
    if (*from != 0) {
        return true;
    }
    if (is_turn && work_count(core) < WEFT_DERIVE_WORK_MAX) {
        return true;
    }
    /* The round is over: all peers may be asked again. */
    document->tried_count = 0;
    document->wait_ns = core->now_ns + AGAIN_NS;
    return false;
}

void weft_derive_on_end(struct weft_core *core, struct weft_document *document,
                        const struct weft_event_document *event)
{
    if (event->from == 0) {
        document->rounds++;
    } else if (event->result == WEFT_ERR_PENDING) {
        document->pending_until_ns = core->now_ns + PENDING_NS;
    }
}

void weft_derive_on_misled(struct weft_core *core, const struct weft_event_misled *event)
{
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_MISLED,
                                                     .peer = event->peer,
                                                     .release = event->release,
                                                     .value = event->is_certain});
    weft_penalty_add(core, event->peer,
                     event->is_certain ? WEFT_OFFENCE_FALSE_INDEX : WEFT_OFFENCE_METADATA);
}
