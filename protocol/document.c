/* SPDX-License-Identifier: Apache-2.0 */
/* From whom does a node get a metadata document or a chunk index? */
#include "document.h"

#include <string.h>

#include "derive.h"
#include "link.h"
#include "state.h"

#define WAIT_NS (300 * WEFT_NS_PER_MS)
#define WAIT_RANK_NS (50 * WEFT_NS_PER_MS)
#define WAIT_RANKS_MAX 20
#define LINK_NS (1 * WEFT_NS_PER_S)
#define LOOK_AGAIN_NS (20 * WEFT_NS_PER_MS)
#define ROUND_NS (1 * WEFT_NS_PER_S)

/* A peer that has not sent the document by then may be slow: another one is asked as well, and it
 * is not asked first again for a while. At least, for each byte, at most; near and far. */
#define HEDGE_NEAR_NS (200 * WEFT_NS_PER_MS)
#define HEDGE_NEAR_BYTES_PER_S (8 << 20)
#define HEDGE_NEAR_MAX_NS (1 * WEFT_NS_PER_S)
#define HEDGE_FAR_NS (1 * WEFT_NS_PER_S)
#define HEDGE_FAR_BYTES_PER_S (64 << 10)
#define HEDGE_FAR_MAX_NS (5 * WEFT_NS_PER_S)
#define TARDY_NS (60 * WEFT_NS_PER_S)

/* A source that is late, as one far away, is not given up: it may be slow for all, and nobody may
 * have the document yet. So often peers are looked for beside it. */
#define BESIDE_SOURCE_NS (1 * WEFT_NS_PER_S)

/* A source that has not answered in this time, and that of the bytes, is asked once more beside the
 * request that may hang, and again after twice as long; so many requests at a time, and in all. */
#define HANG_NS (3 * WEFT_NS_PER_S)
#define AT_SOURCE_MAX 3
#define SOURCE_ASKS_MAX 6

/* While all that have it are late, one node after the other asks the source. */
#define LATE_RANK_NS (200 * WEFT_NS_PER_MS)
#define ROUNDS_MAX 3

void weft_document_carve(struct weft_core *core, struct weft_arena *arena)
{
    core->documents.items =
        weft_arena_take(arena, core->config.documents_max, sizeof(core->documents.items[0]));
    core->documents.paths =
        weft_arena_take(arena, core->config.documents_max, core->config.path_max + 1);
}

static char *path_at(const struct weft_core *core, const struct weft_document *document)
{
    size_t index = (size_t)(document - core->documents.items);
    return core->documents.paths + index * (core->config.path_max + 1);
}

static struct weft_document *find(struct weft_core *core, uint64_t token)
{
    for (uint32_t i = 0; i < core->config.documents_max; i++) {
        if (core->documents.items[i].token == token) {
            return &core->documents.items[i];
        }
    }
    return NULL;
}

static void trace(const struct weft_core *core, weft_node_id peer, uint64_t value)
{
    weft_core_trace(core, (struct weft_trace_record){
                              .kind = WEFT_TRACE_DOCUMENT, .peer = peer, .value = value});
}

/* The queue keeps its own copy of the path. */
static void push_action(struct weft_core *core, const struct weft_document *document,
                        enum weft_action_kind kind)
{
    uint32_t length = (uint32_t)strlen(document->path) + 1;
    uint8_t *path = weft_action_room(core->actions, length);
    struct weft_action *action = path == NULL ? NULL : weft_action_push(core->actions, kind);
    if (action == NULL) {
        return;
    }
    memcpy(path, document->path, length);
    weft_action_claim(core->actions, length);
    action->document = (struct weft_action_document){.token = document->token,
                                                     .from = document->from,
                                                     .path = (const char *)path,
                                                     .bytes_max = document->bytes_max};
}

static void forget(struct weft_core *core, struct weft_document *document)
{
    if (document->token != 0) {
        document->token = 0;
        core->documents.count--;
    }
}

static void fail(struct weft_core *core, struct weft_document *document)
{
    trace(core, 0, 2);
    push_action(core, document, WEFT_ACTION_DOCUMENT_FAILED);
    forget(core, document);
}

/* How long a document may take from there. */
static weft_ns hedge_ns(const struct weft_document *document, bool far)
{
    weft_ns least_ns = far ? HEDGE_FAR_NS : HEDGE_NEAR_NS;
    weft_ns most_ns = far ? HEDGE_FAR_MAX_NS : HEDGE_NEAR_MAX_NS;
    uint64_t bytes_per_s = far ? HEDGE_FAR_BYTES_PER_S : HEDGE_NEAR_BYTES_PER_S;
    weft_ns wait_ns = least_ns + document->bytes_max * WEFT_NS_PER_S / bytes_per_s;
    return wait_ns < most_ns ? wait_ns : most_ns;
}

/* Ask the source once more in |wait_ns|, if it may be. */
static void plan_again(const struct weft_core *core, struct weft_document *document,
                       weft_ns wait_ns)
{
    bool more = document->at_source > 0 && document->at_source < AT_SOURCE_MAX &&
                document->source_asks < SOURCE_ASKS_MAX && document->derived_bytes == 0;
    document->again_ns = more ? core->now_ns + wait_ns : WEFT_NS_NEVER;
}

/* One more request is at the source: when does it hang? */
static void watch_source(const struct weft_core *core, struct weft_document *document)
{
    weft_ns wait_ns = HANG_NS + document->bytes_max * WEFT_NS_PER_S / HEDGE_FAR_BYTES_PER_S;
    wait_ns <<= document->at_source++;
    document->source_asks++;
    plan_again(core, document, wait_ns);
}

static void ask(struct weft_core *core, struct weft_document *document, weft_node_id from)
{
    const struct weft_link *link = weft_link_find(core, from);
    document->from = from;
    document->asked = true;
    document->wait_ns = WEFT_NS_NEVER;
    if (from == 0) {
        watch_source(core, document);
    }
    if ((link != NULL || from == 0) && document->derived_bytes == 0) {
        document->wait_ns = core->now_ns + hedge_ns(document, link == NULL || link->far);
    }
    trace(core, from, 0);
    push_action(core, document, WEFT_ACTION_DOCUMENT_FETCH);
}

/* Ask the source, unless it is asked already. */
static void ask_source(struct weft_core *core, struct weft_document *document)
{
    if (document->at_source == 0) {
        ask(core, document, 0);
        return;
    }
    document->from = 0;
    document->asked = true;
    document->wait_ns = core->now_ns + BESIDE_SOURCE_NS;
}

/* The source has not answered: another request may be, whatever became of the first. */
static void ask_source_again(struct weft_core *core, struct weft_document *document)
{
    weft_node_id from = document->from;
    document->from = 0;
    watch_source(core, document);
    trace(core, 0, 0);
    push_action(core, document, WEFT_ACTION_DOCUMENT_FETCH);
    document->from = from;
}

static bool was_tried(const struct weft_document *document, weft_node_id peer)
{
    for (uint32_t i = 0; i < document->tried_count; i++) {
        if (document->tried[i] == peer) {
            return true;
        }
    }
    return document->tried_count == WEFT_DOCUMENT_TRIED;
}

/* How good |link| is as a holder of |document|, more is better; 0 = it is none. */
static uint32_t merit_of(const struct weft_core *core, const struct weft_document *document,
                         const struct weft_link *link)
{
    bool hint = link->peer.id == document->hint;
    if (!hint && !weft_announce_has(core, link->peer.id, document->bulletin)) {
        return 0;
    }
    bool prompt = core->now_ns >= link->tardy_ns;
    return 1 + (prompt ? 4U : 0) + (hint ? 2U : 0) + (link->far ? 0 : 1U);
}

weft_node_id weft_document_holder(struct weft_core *core, const struct weft_document *document,
                                  bool far)
{
    weft_node_id best = 0;
    uint32_t best_merit = 0;
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        bool usable = link->up && (far || !link->far) && !was_tried(document, link->peer.id);
        uint32_t merit = usable ? merit_of(core, document, link) : 0;
        if (merit > best_merit || (merit == best_merit && merit > 0 && !link->far)) {
            best = link->peer.id;
            best_merit = merit;
        }
    }
    return best;
}

bool weft_document_reach_hint(struct weft_core *core, const struct weft_document *document)
{
    if (document->hint == 0 || was_tried(document, document->hint)) {
        return false;
    }
    const struct weft_member *member = weft_member_find(core, document->hint);
    const struct weft_remote *remote = weft_remote_find(core, document->hint);
    if (member != NULL) {
        struct weft_endpoint endpoint = {.id = weft_member_said(core, member)->id,
                                         .address = weft_member_said(core, member)->address};
        weft_link_open(core, &endpoint, /* far */ false);
    } else if (remote != NULL) {
        weft_link_open(core, &remote->endpoint, /* far */ true);
    }
    return weft_link_find(core, document->hint) != NULL &&
           core->now_ns < document->since_ns + LINK_NS;
}

/* How long to hope that a peer announces it before the source is asked. */
static weft_ns patience(const struct weft_core *core)
{
    if (weft_election_self(core) || weft_member_up_count(core) < 2) {
        return 0;
    }
    uint32_t rank = weft_election_rank(core, core->self.id);
    return WAIT_NS + (rank < WAIT_RANKS_MAX ? rank : WAIT_RANKS_MAX) * WAIT_RANK_NS;
}

/* |holder| is the best one, and late: is it this node's turn to ask the source? */
static bool passes_over(struct weft_core *core, weft_node_id holder)
{
    const struct weft_link *link = weft_link_find(core, holder);
    if (link == NULL || core->now_ns >= link->tardy_ns || !core->config.has_source) {
        return false;
    }
    weft_ns since_ns = link->tardy_ns - TARDY_NS;
    uint32_t rank = weft_election_rank(core, core->self.id);
    return weft_election_self(core) || core->now_ns >= since_ns + WAIT_NS + rank * LATE_RANK_NS;
}

static void next_holder(struct weft_core *core, struct weft_document *document)
{
    weft_node_id from = 0;
    if (document->derived_bytes != 0) {
        if (weft_derive_next(core, document, &from)) {
            ask(core, document, from);
        }
        return;
    }
    bool patient = core->now_ns < document->since_ns + patience(core);
    weft_node_id holder = weft_document_holder(core, document, /* far */ !patient);
    if (holder != 0 && (document->at_source > 0 || !passes_over(core, holder))) {
        ask(core, document, holder);
        return;
    }
    if (holder != 0) {
        ask_source(core, document);
        return;
    }
    bool hopes = weft_document_reach_hint(core, document) || patient;
    if (hopes || !core->config.has_source) {
        bool over = !hopes && core->now_ns >= document->since_ns + LINK_NS;
        if (over && ++document->rounds >= ROUNDS_MAX) {
            fail(core, document);
            return;
        }
        document->wait_ns = core->now_ns + (over ? ROUND_NS : LOOK_AGAIN_NS);
        document->tried_count = over ? 0 : document->tried_count;
        return;
    }
    ask_source(core, document);
}

static void note_tried(struct weft_document *document, weft_node_id peer)
{
    if (!was_tried(document, peer)) {
        document->tried[document->tried_count++] = peer;
    }
}

/* A peer is late: ask another one as well, else the source when it is this node's turn; whoever
 * answers first is taken. */
static void hedge_peer(struct weft_core *core, struct weft_document *document)
{
    weft_node_id slow = document->from;
    struct weft_link *link = weft_link_find(core, slow);
    if (link != NULL && core->now_ns >= link->tardy_ns) {
        link->tardy_ns = core->now_ns + TARDY_NS;
    }
    note_tried(document, slow);
    weft_node_id holder = weft_document_holder(core, document, weft_election_self(core));
    document->wait_ns = core->now_ns + HEDGE_NEAR_NS;
    if (holder != 0) {
        ask(core, document, holder);
    } else if (passes_over(core, slow)) {
        ask_source(core, document);
    }
}

/* The last one asked is late; so may be the source: who has heard of the document meanwhile? */
static void hedge(struct weft_core *core, struct weft_document *document)
{
    if (document->from != 0) {
        hedge_peer(core, document);
        return;
    }
    weft_node_id holder = weft_document_holder(core, document, /* far */ true);
    document->wait_ns = core->now_ns + BESIDE_SOURCE_NS;
    if (holder != 0) {
        ask(core, document, holder);
    }
}

void weft_document_on_wanted(struct weft_core *core, const struct weft_event_document_wanted *event)
{
    struct weft_document *document = find(core, 0);
    size_t length = strlen(event->path);
    char none[] = "";
    struct weft_document wanted = {.token = event->token,
                                   .bytes_max = event->bytes_max,
                                   .bulletin = event->bulletin,
                                   .hint = event->hint,
                                   .derived_bytes = event->derived_bytes,
                                   .is_own_work = event->is_own_work,
                                   .since_ns = core->now_ns,
                                   .again_ns = WEFT_NS_NEVER,
                                   .path = none};
    bool has_room = event->derived_bytes == 0 || weft_derive_has_room(core);
    if (document == NULL || length > core->config.path_max || !has_room) {
        weft_core_reject(core, WEFT_REJECT_FULL);
        trace(core, 0, 2);
        push_action(core, &wanted, WEFT_ACTION_DOCUMENT_FAILED);
        return;
    }
    *document = wanted;
    document->path = path_at(core, document);
    core->documents.count++;
    memcpy(document->path, event->path, length + 1);
    next_holder(core, document);
}

/* The source failed, and nobody else is asked: a round is over. */
static void end_round(struct weft_core *core, struct weft_document *document)
{
    bool hung = document->source_asks == SOURCE_ASKS_MAX; /* it had the time of all rounds */
    document->rounds += document->derived_bytes != 0 ? 0 : hung ? ROUNDS_MAX : 1;
    document->source_asks = 0;
    if (document->rounds >= ROUNDS_MAX) {
        fail(core, document);
        return;
    }
    document->tried_count = 0;
    document->wait_ns = core->now_ns + ROUND_NS;
}

void weft_document_on_end(struct weft_core *core, const struct weft_event_document *event)
{
    struct weft_document *document = event->token == 0 ? NULL : find(core, event->token);
    bool is_here = event->result == WEFT_ERR_OK || event->result == WEFT_ERR_CANCELLED;
    if (document == NULL) {
        return;
    }
    if (is_here) {
        trace(core, event->from, 1);
        forget(core, document);
        return;
    }
    if (event->from == 0 && document->at_source > 0) {
        document->at_source--;
        plan_again(core, document, ROUND_NS);
    }
    bool again = event->from == 0 && document->at_source > 0; /* and that may bring it */
    if (!document->asked || again) {
        return;
    }
    if (event->from != 0) {
        if (event->result == WEFT_ERR_SIGNATURE || event->result == WEFT_ERR_FORMAT) {
            weft_penalty_add(core, event->from, WEFT_OFFENCE_METADATA);
        }
        note_tried(document, event->from);
    }
    if (document->derived_bytes != 0) {
        weft_derive_on_end(core, document, event);
    }
    if (event->from != document->from) {
        return; /* another one was asked since then, and may bring it */
    }
    document->asked = false;
    if (event->from != 0) {
        next_holder(core, document);
    } else {
        end_round(core, document);
    }
}

void weft_document_expire(struct weft_core *core)
{
    for (uint32_t i = 0; core->documents.count > 0 && i < core->config.documents_max; i++) {
        struct weft_document *document = &core->documents.items[i];
        if (document->token != 0 && document->wait_ns <= core->now_ns) {
            (document->asked ? hedge : next_holder)(core, document);
        }
        if (document->token != 0 && document->again_ns <= core->now_ns) {
            ask_source_again(core, document);
        }
    }
}

weft_ns weft_document_deadline(const struct weft_core *core)
{
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; core->documents.count > 0 && i < core->config.documents_max; i++) {
        const struct weft_document *document = &core->documents.items[i];
        weft_ns due_ns =
            document->wait_ns < document->again_ns ? document->wait_ns : document->again_ns;
        next = document->token != 0 && due_ns < next ? due_ns : next;
    }
    return next;
}
