/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is the newest metadata, who must hear of it, and whose word is checked next?". The
 * timers are in announce.h. */
#include "announce.h"

#include <string.h>

#include "datagram.h"
#include "state.h"

/* How many hear of it at once, elsewhere, and in every later round of hints. */
#define FANOUT 3
#define FAR_FANOUT 4
#define HINTS 4

/* Rounds of hints, after the acceptance. */
static const weft_ns hint_ns[] = {50 * WEFT_NS_PER_MS, 200 * WEFT_NS_PER_MS, 500 * WEFT_NS_PER_MS,
                                  1000 * WEFT_NS_PER_MS};
#define HINT_ROUNDS (sizeof hint_ns / sizeof hint_ns[0])

/* The same thing is not sent to the same node more often. */
#define SENT_NS (300 * WEFT_NS_PER_MS)

#define CHECK_NS (60 * WEFT_NS_PER_S)
#define REFUSED_NS (30 * WEFT_NS_PER_S)

uint32_t weft_announce_version(const struct weft_core *core)
{
    return core->announces.version;
}

/* ---- Small memories ---- */

/* May |peer| be sent this now? If so, it is noted. */
static bool may_send(struct weft_core *core, weft_node_id peer, bool is_get)
{
    struct weft_announces *announces = &core->announces;
    for (uint32_t i = 0; i < WEFT_ANNOUNCE_SENT_MAX; i++) {
        const struct weft_announce_sent *sent = &announces->sent[i];
        if (sent->peer == peer && sent->is_get == is_get && core->now_ns - sent->at_ns < SENT_NS) {
            return false;
        }
    }
    announces->sent[announces->sent_at] =
        (struct weft_announce_sent){.peer = peer, .at_ns = core->now_ns, .is_get = is_get};
    announces->sent_at = (announces->sent_at + 1) % WEFT_ANNOUNCE_SENT_MAX;
    return true;
}

static bool is_refused(const struct weft_core *core, weft_node_id peer, uint32_t version)
{
    for (uint32_t i = 0; i < WEFT_ANNOUNCE_REFUSED_MAX; i++) {
        const struct weft_announce_refused *refused = &core->announces.refused[i];
        if (refused->peer == peer && core->now_ns < refused->until_ns &&
            (refused->version == 0 || refused->version == version)) {
            return true;
        }
    }
    return false;
}

static void refuse(struct weft_core *core, weft_node_id peer, uint32_t version)
{
    struct weft_announces *announces = &core->announces;
    struct weft_announce_refused *place = &announces->refused[0];
    for (uint32_t i = 0; i < WEFT_ANNOUNCE_REFUSED_MAX; i++) {
        struct weft_announce_refused *refused = &announces->refused[i];
        place = refused->until_ns < place->until_ns ? refused : place;
    }
    *place = (struct weft_announce_refused){
        .peer = peer, .version = version, .until_ns = core->now_ns + REFUSED_NS};
}

/* Remember who else announced; the lowest version gives way. */
static void remember(struct weft_core *core, const struct weft_endpoint *peer, uint32_t version)
{
    struct weft_announces *announces = &core->announces;
    struct weft_announce_candidate *place = &announces->candidates[0];
    for (uint32_t i = 0; i < WEFT_ANNOUNCE_CANDIDATES_MAX; i++) {
        struct weft_announce_candidate *candidate = &announces->candidates[i];
        if (candidate->version != 0 && candidate->peer.id == peer->id) {
            place = candidate;
            break;
        }
        place = candidate->version < place->version ? candidate : place;
    }
    if (place->version <= version) {
        *place = (struct weft_announce_candidate){.peer = *peer, .version = version};
    }
}

static void forget(struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = 0; i < WEFT_ANNOUNCE_CANDIDATES_MAX; i++) {
        struct weft_announce_candidate *candidate = &core->announces.candidates[i];
        candidate->version = candidate->peer.id == peer ? 0 : candidate->version;
    }
}

/* ---- Sending ---- */

static void send_announce(struct weft_core *core, const struct weft_endpoint *to)
{
    const struct weft_announces *announces = &core->announces;
    if (announces->version == 0 || !may_send(core, to->id, false /* is_get */)) {
        return;
    }
    struct weft_message message = {.kind = WEFT_MESSAGE_ANNOUNCE};
    message.announce.root_version = announces->root_version;
    message.announce.bytes = announces->bytes;
    message.announce.length = announces->length;
    weft_datagram_send(core, to, &message);
}

static void send_get(struct weft_core *core, const struct weft_endpoint *to)
{
    if (may_send(core, to->id, true /* is_get */)) {
        struct weft_message message = {.kind = WEFT_MESSAGE_ANNOUNCE_GET};
        weft_datagram_send(core, to, &message);
    }
}

static void send_hint(struct weft_core *core, const struct weft_endpoint *to)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_HINT};
    weft_datagram_send(core, to, &message);
}

/* Tell the agents of the own segment, and some other members, with all bytes. */
static void spread_here(struct weft_core *core)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t agent_count = weft_election_agents(core, agents);
    uint32_t version = core->announces.version;
    for (uint32_t i = 0; i < agent_count && core->announces.is_first; i++) {
        uint32_t slot = weft_member_slot(core, agents[i]);
        if (slot != 0 && slot != WEFT_MEMBER_NONE && !weft_announce_has(core, agents[i], version)) {
            struct weft_endpoint to = weft_member_endpoint(core, slot);
            send_announce(core, &to);
        }
    }
    uint32_t slots[2 * FANOUT];
    uint32_t count = weft_member_sample(core, 0, 2 * FANOUT, slots);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < count && sent < FANOUT; i++) {
        struct weft_endpoint to = weft_member_endpoint(core, slots[i]);
        if (!weft_announce_has(core, to.id, version)) {
            send_announce(core, &to);
            sent++;
        }
    }
}

/* Tell agents elsewhere; |hint|: only that there is something. */
static void spread_far(struct weft_core *core, bool hint)
{
    if (!core->announces.is_first && !weft_election_self(core)) {
        return;
    }
    uint32_t places[2 * FAR_FANOUT];
    uint32_t count = weft_remote_sample(core, 2 * FAR_FANOUT, places);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < count && sent < FAR_FANOUT; i++) {
        const struct weft_remote *remote = weft_remote_at(core, places[i]);
        if (remote->bulletin >= core->announces.version) {
            continue;
        }
        sent++;
        if (hint) {
            send_hint(core, &remote->endpoint);
        } else {
            send_announce(core, &remote->endpoint);
        }
    }
}

/* ---- The shell's word ---- */

/* The check is over: the next candidate is asked for its bytes again. */
static void check_next(struct weft_core *core)
{
    struct weft_announces *announces = &core->announces;
    announces->checking = 0;
    struct weft_announce_candidate *next = NULL;
    for (uint32_t i = 0; i < WEFT_ANNOUNCE_CANDIDATES_MAX; i++) {
        struct weft_announce_candidate *candidate = &announces->candidates[i];
        if (candidate->version > announces->version &&
            !is_refused(core, candidate->peer.id, candidate->version) &&
            (next == NULL || candidate->version > next->version)) {
            next = candidate;
        }
    }
    if (next != NULL) {
        struct weft_endpoint peer = next->peer;
        next->version = 0;
        send_get(core, &peer);
    }
}

void weft_announce_on_bulletin(struct weft_core *core, const struct weft_event_bulletin *event)
{
    struct weft_announces *announces = &core->announces;
    bool is_checked = announces->checking != 0 && event->version >= announces->checking;
    if (event->version > announces->version && event->length <= WEFT_BULLETIN_BYTES_MAX) {
        announces->version = event->version;
        announces->root_version = event->root_version;
        announces->length = (uint32_t)event->length;
        announces->is_first = announces->checking < event->version;
        announces->hints = 0;
        announces->accepted_ns = core->now_ns;
        announces->hint_due_ns = core->now_ns + hint_ns[0];
        if (event->length > 0) {
            memcpy(announces->bytes, event->bytes, event->length);
        }
        weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_BULLETIN,
                                                         .peer = announces->checking_peer,
                                                         .value = event->version});
        spread_here(core);
        spread_far(core, false /* hint */);
        weft_remote_stir(core);
    }
    if (is_checked) {
        announces->checking_peer = 0;
        check_next(core);
    }
}

/* Does the result say that the document was bad, and not only that it could not be checked? */
static bool blames(enum weft_err result)
{
    return result == WEFT_ERR_SIGNATURE || result == WEFT_ERR_FORMAT ||
           result == WEFT_ERR_MISMATCH || result == WEFT_ERR_TOO_LONG;
}

void weft_announce_on_refused(struct weft_core *core,
                              const struct weft_event_bulletin_refused *event)
{
    struct weft_announces *announces = &core->announces;
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_BULLETIN_REFUSED,
                                                     .peer = event->peer,
                                                     .value = (uint64_t)event->result});
    refuse(core, event->peer, blames(event->result) ? 0 : event->version);
    forget(core, event->peer);
    if (announces->checking != 0 && announces->checking_peer == event->peer) {
        announces->checking_peer = 0;
        check_next(core);
    }
}

/* ---- The peers' word ---- */

void weft_announce_on_announce(struct weft_core *core, const struct weft_endpoint *from,
                               uint32_t version, const struct weft_message_announce *announce)
{
    struct weft_announces *announces = &core->announces;
    if (version <= announces->version || is_refused(core, from->id, version)) {
        return;
    }
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_BULLETIN_HEARD,
                                                     .peer = from->id,
                                                     .value = version});
    if (announces->checking != 0) {
        remember(core, from, version);
        return;
    }
    uint8_t *room = weft_action_room(core->actions, WEFT_BULLETIN_BYTES_MAX);
    struct weft_action *action =
        room == NULL ? NULL : weft_action_push(core->actions, WEFT_ACTION_BULLETIN_CHECK);
    if (action == NULL) {
        return;
    }
    if (announce->length > 0) {
        memcpy(room, announce->bytes, announce->length);
    }
    weft_action_claim(core->actions, announce->length);
    action->bulletin = (struct weft_action_bulletin){
        .peer = *from,
        .version = version,
        .root_version = announce->root_version,
        .bytes = room,
        .length = announce->length,
    };
    announces->checking = version;
    announces->checking_peer = from->id;
    announces->checking_until_ns = core->now_ns + CHECK_NS;
    forget(core, from->id);
}

void weft_announce_on_get(struct weft_core *core, const struct weft_endpoint *from)
{
    send_announce(core, from);
}

void weft_announce_on_version(struct weft_core *core, const struct weft_endpoint *from,
                              uint32_t version)
{
    const struct weft_announces *announces = &core->announces;
    if (version < announces->version) {
        send_announce(core, from);
    } else if (version > announces->version && !is_refused(core, from->id, version)) {
        if (announces->checking == 0) {
            send_get(core, from);
        } else if (version >= announces->checking) {
            remember(core, from, version);
        }
    }
}

bool weft_announce_has(const struct weft_core *core, weft_node_id id, uint32_t version)
{
    if (is_refused(core, id, version)) {
        return false;
    }
    const struct weft_member *member = weft_member_find(core, id);
    if (member != NULL) {
        return member->bulletin >= version;
    }
    const struct weft_remote *remote = weft_remote_find(core, id);
    return remote != NULL && remote->bulletin >= version;
}

/* ---- Timers ---- */

static void send_hints(struct weft_core *core)
{
    struct weft_announces *announces = &core->announces;
    announces->hints++;
    announces->hint_due_ns = announces->hints < HINT_ROUNDS
                                 ? announces->accepted_ns + hint_ns[announces->hints]
                                 : WEFT_NS_NEVER;
    uint32_t slots[2 * HINTS];
    uint32_t count = weft_member_sample(core, 0, 2 * HINTS, slots);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < count && sent < HINTS; i++) {
        struct weft_endpoint to = weft_member_endpoint(core, slots[i]);
        if (!weft_announce_has(core, to.id, announces->version)) {
            send_hint(core, &to);
            sent++;
        }
    }
    spread_far(core, true /* hint */);
}

void weft_announce_expire(struct weft_core *core)
{
    struct weft_announces *announces = &core->announces;
    if (core->now_ns >= announces->hint_due_ns) {
        send_hints(core);
    }
    if (announces->checking != 0 && core->now_ns >= announces->checking_until_ns) {
        refuse(core, announces->checking_peer, announces->checking);
        announces->checking_peer = 0;
        check_next(core);
    }
    weft_look_expire(core);
}

weft_ns weft_announce_deadline(const struct weft_core *core)
{
    const struct weft_announces *announces = &core->announces;
    weft_ns due_ns = weft_look_deadline(core);
    due_ns = announces->hint_due_ns < due_ns ? announces->hint_due_ns : due_ns;
    if (announces->checking != 0 && announces->checking_until_ns < due_ns) {
        due_ns = announces->checking_until_ns;
    }
    return due_ns;
}
