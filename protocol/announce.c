/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is the newest metadata, and who must hear of it?"; whose word is checked next:
 * bulletin_check.c. The timers are in announce.h. */
#include "announce.h"

#include <string.h>

#include "datagram.h"
#include "frame.h"
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

weft_bulletin weft_announce_bulletin(const struct weft_core *core)
{
    return core->announces.bulletin;
}

uint32_t weft_announce_version(const struct weft_core *core)
{
    return weft_bulletin_version(core->announces.bulletin);
}

void weft_announce_carve(struct weft_core *core, struct weft_arena *arena)
{
    if (!core->config.shares_records) {
        core->announces.room = weft_arena_take(arena, core->config.bulletin_max, 1);
    }
}

/* ---- What was sent lately ---- */

/* May |peer| be sent this now? If so, it is noted. */
static bool may_send(struct weft_core *core, weft_node_id peer, bool is_get)
{
    struct weft_announces *announces = &core->announces;
    if (announces->sent == NULL) {
        announces->sent = weft_reserve_take(&core->reserves->rows);
        memset(announces->sent, 0, WEFT_ROWS_BYTES);
    }
    struct weft_announce_sent *sent = announces->sent;
    for (uint32_t i = 0; i < WEFT_ANNOUNCE_SENT_MAX; i++) {
        bool was_get = ((announces->gets >> i) & 1) != 0;
        if (sent[i].peer == peer && was_get == is_get && core->now_ns - sent[i].at_ns < SENT_NS) {
            return false;
        }
    }
    uint32_t bit = UINT32_C(1) << announces->sent_at;
    announces->gets = is_get ? announces->gets | bit : announces->gets & ~bit;
    sent[announces->sent_at] = (struct weft_announce_sent){.peer = peer, .at_ns = core->now_ns};
    announces->sent_at = (announces->sent_at + 1) % WEFT_ANNOUNCE_SENT_MAX;
    return true;
}

/* What was sent so long ago holds nothing back any more. */
static void expire_sent(struct weft_core *core)
{
    struct weft_announces *self = &core->announces;
    const struct weft_announce_sent *sent = self->sent;
    uint32_t last = (self->sent_at + WEFT_ANNOUNCE_SENT_MAX - 1) % WEFT_ANNOUNCE_SENT_MAX;
    if (sent != NULL && core->now_ns - sent[last].at_ns >= SENT_NS) {
        weft_rows_end(&core->reserves->rows, &self->sent, 1);
    }
}

void weft_announce_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, &core->announces.sent, 1);
    weft_bulletin_check_end(core);
}

/* ---- Sending ---- */

static void send_announce(struct weft_core *core, const struct weft_endpoint *to)
{
    const struct weft_announces *announces = &core->announces;
    if (announces->bulletin == 0 || !may_send(core, to->id, false /* is_get */)) {
        return;
    }
    struct weft_message message = {.kind = WEFT_MESSAGE_ANNOUNCE};
    message.announce.bytes = announces->bytes;
    message.announce.length = announces->length;
    weft_datagram_send(core, to, &message);
}

void weft_announce_get(struct weft_core *core, const struct weft_endpoint *to)
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

/* Over a link it is never lost, and the documents come the same way. */
static void tell_link(struct weft_core *core, const struct weft_link *link)
{
    struct weft_frame frame = {.kind = WEFT_FRAME_BULLETIN, .bulletin = core->announces.bulletin};
    weft_link_send(core, link, &frame);
}

void weft_announce_on_link_up(struct weft_core *core, const struct weft_link *link)
{
    if (core->announces.bulletin != 0) {
        tell_link(core, link);
    }
}

static void tell_links(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        if (link->up && !weft_announce_has(core, link->peer.id, core->announces.bulletin)) {
            tell_link(core, link);
        }
    }
}

/* Tell the agents of the own segment, and some other members, with all bytes. */
static void spread_here(struct weft_core *core)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t agent_count = weft_election_agents(core, agents);
    weft_bulletin bulletin = core->announces.bulletin;
    for (uint32_t i = 0; i < agent_count && core->announces.is_first; i++) {
        uint32_t slot = weft_member_slot(core, agents[i]);
        if (slot != 0 && slot != WEFT_MEMBER_NONE &&
            !weft_announce_has(core, agents[i], bulletin)) {
            struct weft_endpoint to = weft_member_endpoint(core, slot);
            send_announce(core, &to);
        }
    }
    uint32_t slots[2 * FANOUT];
    uint32_t count = weft_member_sample(core, 0, 2 * FANOUT, slots);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < count && sent < FANOUT; i++) {
        struct weft_endpoint to = weft_member_endpoint(core, slots[i]);
        if (!weft_announce_has(core, to.id, bulletin)) {
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
        if (!weft_bulletin_is_newer(core->announces.bulletin, remote->bulletin)) {
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

/* Take over a bulletin that the shell accepted. */
static void adopt(struct weft_core *core, const struct weft_event_bulletin *event)
{
    struct weft_announces *announces = &core->announces;
    announces->is_first = weft_bulletin_is_newer(event->bulletin, announces->check.bulletin);
    announces->bulletin = event->bulletin;
    announces->contradicted = 0;
    announces->length = (uint32_t)event->length;
    announces->hints = 0;
    announces->accepted_ns = core->now_ns;
    core->dues[WEFT_DUE_HINT] = core->now_ns + hint_ns[0];
    if (core->config.shares_records) {
        announces->bytes =
            core->host.keep_bulletin(core->host.context, event->bytes, event->length);
    } else if (event->length > 0) {
        announces->bytes = memcpy(announces->room, event->bytes, event->length);
    }
}

void weft_announce_on_bulletin(struct weft_core *core, const struct weft_event_bulletin *event)
{
    struct weft_announces *announces = &core->announces;
    bool is_checked = announces->check.bulletin != 0 &&
                      !weft_bulletin_is_newer(announces->check.bulletin, event->bulletin);
    if (weft_bulletin_is_newer(event->bulletin, announces->bulletin) &&
        event->length <= core->config.bulletin_max) {
        adopt(core, event);
        weft_pace_stir(core);
        weft_core_trace(
            core, (struct weft_trace_record){.kind = WEFT_TRACE_BULLETIN,
                                             .peer = announces->check.peer,
                                             .value = weft_bulletin_version(event->bulletin)});
        tell_links(core);
        spread_here(core);
        spread_far(core, false /* hint */);
        weft_remote_stir(core);
        weft_look_on_bulletin(core, event->fresh_ns);
    }
    if (is_checked) {
        weft_bulletin_check_next(core);
    }
}

/* ---- The peers' word ---- */

void weft_announce_on_frame(struct weft_core *core, struct weft_link *link,
                            const struct weft_frame *frame)
{
    if (link->far) {
        weft_remote_heard(core, link->peer.id, frame->bulletin);
    } else {
        weft_member_heard(core, link->peer.id, frame->bulletin);
    }
    struct weft_message_announce without_bytes = {.length = 0};
    weft_bulletin_check_on_announce(core, &link->peer, frame->bulletin, &without_bytes);
}

void weft_announce_on_get(struct weft_core *core, const struct weft_endpoint *from)
{
    send_announce(core, from);
}

void weft_announce_on_heard(struct weft_core *core, const struct weft_endpoint *from,
                            weft_bulletin bulletin)
{
    if (weft_bulletin_is_newer(core->announces.bulletin, bulletin)) {
        send_announce(core, from);
    } else {
        weft_bulletin_check_on_heard(core, from, bulletin);
    }
}

bool weft_announce_has(const struct weft_core *core, weft_node_id id, weft_bulletin bulletin)
{
    if (weft_bulletin_check_is_refused(core, id, bulletin)) {
        return false;
    }
    const struct weft_member *member = weft_member_find(core, id);
    if (member != NULL) {
        return !weft_bulletin_is_newer(bulletin, weft_member_bulletin(core, member));
    }
    const struct weft_remote *remote = weft_remote_find(core, id);
    return remote != NULL && !weft_bulletin_is_newer(bulletin, remote->bulletin);
}

/* ---- Timers ---- */

static void send_hints(struct weft_core *core)
{
    struct weft_announces *announces = &core->announces;
    announces->hints++;
    core->dues[WEFT_DUE_HINT] = announces->hints < HINT_ROUNDS
                                    ? announces->accepted_ns + hint_ns[announces->hints]
                                    : WEFT_NS_NEVER;
    uint32_t slots[2 * HINTS];
    uint32_t count = weft_member_sample(core, 0, 2 * HINTS, slots);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < count && sent < HINTS; i++) {
        struct weft_endpoint to = weft_member_endpoint(core, slots[i]);
        if (!weft_announce_has(core, to.id, announces->bulletin)) {
            send_hint(core, &to);
            sent++;
        }
    }
    spread_far(core, true /* hint */);
}

void weft_announce_expire(struct weft_core *core)
{
    if (core->now_ns >= core->dues[WEFT_DUE_HINT]) {
        send_hints(core);
    }
    weft_bulletin_check_expire(core);
    expire_sent(core);
    weft_look_expire(core);
}
