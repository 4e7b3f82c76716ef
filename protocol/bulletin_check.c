/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "whose word of newer metadata is worth a check, and whose is checked next?". The timers
 * are in bulletin_check.h. */
#include "bulletin_check.h"

#include <string.h>

#include "state.h"

#define CHECK_NS (60 * WEFT_NS_PER_S)

/* How long a bulletin that could not be checked is not asked of the same peer again. */
#define REFUSED_NS (30 * WEFT_NS_PER_S)

/* ---- Who could not be checked, and who is next ---- */

/* Refusal |index|, below refused_count. */
static struct weft_bulletin_refusal *refused_at(const struct weft_bulletin_check *check,
                                                uint32_t index)
{
    uint32_t rows = WEFT_PIECE_ROWS(struct weft_bulletin_refusal);
    struct weft_bulletin_refusal *piece = check->refused_pieces[index / rows];
    return &piece[index % rows];
}

bool weft_bulletin_check_is_refused(const struct weft_core *core, weft_node_id peer,
                                    weft_bulletin bulletin)
{
    const struct weft_bulletin_check *check = &core->announces.check;
    for (uint32_t i = 0; i < check->refused_count; i++) {
        const struct weft_bulletin_refusal *refused = refused_at(check, i);
        if (refused->peer == peer && refused->bulletin == bulletin &&
            core->now_ns < refused->until_ns) {
            return true;
        }
    }
    return weft_penalty_is_doubted(core, peer);
}

/* What |peer| announced could not be checked: this one is not asked of it again for a while. The
 * refusal of it before, or the one that ends first, makes room. */
static void refuse(struct weft_core *core, weft_node_id peer, weft_bulletin bulletin)
{
    struct weft_bulletin_check *self = &core->announces.check;
    struct weft_bulletin_refusal *place = NULL;
    bool has_own = false;
    for (uint32_t i = 0; i < self->refused_count && !has_own; i++) {
        struct weft_bulletin_refusal *refused = refused_at(self, i);
        has_own = refused->peer == peer;
        bool better = has_own || place == NULL || refused->until_ns < place->until_ns;
        place = better ? refused : place;
    }
    if (!has_own && self->refused_count < WEFT_BULLETIN_REFUSALS_MAX &&
        weft_rows_grow(&core->reserves->rows, self->refused_pieces, self->refused_count,
                       WEFT_PIECE_ROWS(struct weft_bulletin_refusal))) {
        place = refused_at(self, self->refused_count++);
    }
    if (place != NULL) {
        *place = (struct weft_bulletin_refusal){
            .peer = peer, .bulletin = bulletin, .until_ns = core->now_ns + REFUSED_NS};
    }
}

/* Remember who else announced; the oldest bulletin gives way. */
static void remember(struct weft_core *core, const struct weft_endpoint *peer,
                     weft_bulletin bulletin)
{
    struct weft_bulletin_check *self = &core->announces.check;
    struct weft_bulletin_candidate *place = &self->candidates[0];
    for (uint32_t i = 0; i < WEFT_BULLETIN_CANDIDATES_MAX; i++) {
        struct weft_bulletin_candidate *candidate = &self->candidates[i];
        if (candidate->bulletin != 0 && candidate->peer.id == peer->id) {
            place = candidate;
            break;
        }
        place = candidate->bulletin < place->bulletin ? candidate : place;
    }
    if (place->bulletin <= bulletin) {
        *place = (struct weft_bulletin_candidate){.peer = *peer, .bulletin = bulletin};
    }
}

static void forget(struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = 0; i < WEFT_BULLETIN_CANDIDATES_MAX; i++) {
        struct weft_bulletin_candidate *candidate = &core->announces.check.candidates[i];
        candidate->bulletin = candidate->peer.id == peer ? 0 : candidate->bulletin;
    }
}

void weft_bulletin_check_next(struct weft_core *core)
{
    struct weft_bulletin_check *self = &core->announces.check;
    self->peer = 0;
    self->bulletin = 0;
    core->dues[WEFT_DUE_CHECK] = WEFT_NS_NEVER;
    struct weft_bulletin_candidate *next = NULL;
    for (uint32_t i = 0; i < WEFT_BULLETIN_CANDIDATES_MAX; i++) {
        struct weft_bulletin_candidate *candidate = &self->candidates[i];
        if (weft_bulletin_is_newer(candidate->bulletin, core->announces.bulletin) &&
            !weft_bulletin_check_is_refused(core, candidate->peer.id, candidate->bulletin) &&
            (next == NULL || candidate->bulletin > next->bulletin)) {
            next = candidate;
        }
    }
    if (next != NULL) {
        struct weft_endpoint peer = next->peer;
        next->bulletin = 0;
        weft_announce_get(core, &peer);
    }
}

/* ---- The shell's word ---- */

/* Does the result say that the document was bad, and not only that it could not be checked? */
static bool blames(enum weft_err result)
{
    return result == WEFT_ERR_SIGNATURE || result == WEFT_ERR_FORMAT ||
           result == WEFT_ERR_MISMATCH || result == WEFT_ERR_TOO_LONG;
}

void weft_bulletin_check_on_refused(struct weft_core *core,
                                    const struct weft_event_bulletin_refused *event)
{
    const struct weft_bulletin_check *self = &core->announces.check;
    bool is_equivocation = event->result == WEFT_ERR_EXISTS;
    weft_core_trace(
        core, (struct weft_trace_record){
                  .kind = is_equivocation ? WEFT_TRACE_EQUIVOCATION : WEFT_TRACE_BULLETIN_REFUSED,
                  .peer = event->peer,
                  .value = is_equivocation ? weft_bulletin_version(event->bulletin)
                                           : (uint64_t)event->result});
    if (is_equivocation) {
        core->announces.contradicted = event->bulletin;
    } else if (blames(event->result)) {
        weft_penalty_add(core, event->peer, WEFT_OFFENCE_METADATA);
    } else {
        refuse(core, event->peer, event->bulletin);
    }
    forget(core, event->peer);
    if (self->bulletin != 0 && self->peer == event->peer) {
        weft_bulletin_check_next(core);
    }
}

/* ---- The peers' word ---- */

/* Is |bulletin| of |peer| worth a check: newer, or other bytes that were not told of yet? */
static bool is_interesting(const struct weft_core *core, weft_node_id peer, weft_bulletin bulletin)
{
    const struct weft_announces *announces = &core->announces;
    bool is_other =
        weft_bulletin_contradicts(bulletin, announces->bulletin) && announces->contradicted == 0;
    return (is_other || weft_bulletin_is_newer(bulletin, announces->bulletin)) &&
           !weft_bulletin_check_is_refused(core, peer, bulletin);
}

void weft_bulletin_check_on_announce(struct weft_core *core, const struct weft_endpoint *from,
                                     weft_bulletin bulletin,
                                     const struct weft_message_announce *announce)
{
    struct weft_bulletin_check *self = &core->announces.check;
    if (!is_interesting(core, from->id, bulletin)) {
        return;
    }
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_BULLETIN_HEARD,
                                                     .peer = from->id,
                                                     .value = weft_bulletin_version(bulletin)});
    if (self->bulletin != 0) {
        remember(core, from, bulletin);
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
        .peer = *from, .bulletin = bulletin, .bytes = room, .length = announce->length};
    self->bulletin = bulletin;
    self->peer = from->id;
    core->dues[WEFT_DUE_CHECK] = core->now_ns + CHECK_NS;
    forget(core, from->id);
}

void weft_bulletin_check_on_heard(struct weft_core *core, const struct weft_endpoint *from,
                                  weft_bulletin bulletin)
{
    if (!is_interesting(core, from->id, bulletin)) {
        return;
    }
    if (core->announces.check.bulletin == 0) {
        weft_announce_get(core, from);
    } else if (bulletin >= core->announces.check.bulletin) {
        remember(core, from, bulletin);
    }
}

/* ---- Timers ---- */

void weft_bulletin_check_expire(struct weft_core *core)
{
    const struct weft_bulletin_check *self = &core->announces.check;
    if (core->now_ns >= core->dues[WEFT_DUE_CHECK]) {
        refuse(core, self->peer, self->bulletin);
        weft_bulletin_check_next(core);
    }
}

void weft_bulletin_check_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->announces.check.refused_pieces,
                  WEFT_ROW_PIECES(WEFT_BULLETIN_REFUSALS_MAX, struct weft_bulletin_refusal));
}
