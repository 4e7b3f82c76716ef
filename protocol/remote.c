/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "whom do we know in other segments, and who is forgotten first?". */
#include "remote.h"

#include "rng.h"
#include "state.h"

/* An entry that was asked this often without an answer, and not heard of for this long, goes. */
#define UNANSWERED_MAX 4
#define SILENT_NS (60 * WEFT_NS_PER_S)

/* An entry that nobody asks goes after this. */
#define OLD_NS (1800 * WEFT_NS_PER_S)

/* How long a release keeps the exchange quick. */
#define BUSY_NS (10 * WEFT_NS_PER_S)

#define REMOTE_NONE UINT32_MAX

/* Entry |place|, below count. */
static struct weft_remote *at(const struct weft_remotes *remotes, uint32_t place)
{
    struct weft_remote *rows = remotes->pieces[place / WEFT_PIECE_ROWS(struct weft_remote)];
    return &rows[place % WEFT_PIECE_ROWS(struct weft_remote)];
}

void weft_remote_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->remotes.pieces,
                  WEFT_ROW_PIECES(WEFT_REMOTES_MAX, struct weft_remote));
}

static uint32_t place_of(const struct weft_remotes *remotes, weft_node_id id)
{
    for (uint32_t i = 0; i < remotes->count; i++) {
        if (at(remotes, i)->endpoint.id == id) {
            return i;
        }
    }
    return REMOTE_NONE;
}

const struct weft_remote *weft_remote_find(const struct weft_core *core, weft_node_id id)
{
    uint32_t place = place_of(&core->remotes, id);
    return place == REMOTE_NONE ? NULL : at(&core->remotes, place);
}

uint32_t weft_remote_count(const struct weft_core *core)
{
    return core->remotes.count;
}

const struct weft_remote *weft_remote_at(const struct weft_core *core, uint32_t index)
{
    return index < core->remotes.count ? at(&core->remotes, index) : NULL;
}

struct weft_contact weft_remote_contact(const struct weft_core *core, uint32_t index)
{
    const struct weft_remote *remote = at(&core->remotes, index);
    return (struct weft_contact){
        .endpoint = remote->endpoint,
        .segment = remote->segment,
        .site = remote->site,
        .bulletin = remote->bulletin,
        .agent_class = remote->agent_class,
        .is_agent = remote->is_agent,
    };
}

static void trace(const struct weft_core *core, weft_node_id id, bool is_learned)
{
    weft_core_trace(core, (struct weft_trace_record){
                              .kind = WEFT_TRACE_REMOTE, .peer = id, .value = is_learned ? 1 : 0});
}

static void drop(struct weft_core *core, uint32_t place)
{
    struct weft_remotes *remotes = &core->remotes;
    trace(core, at(remotes, place)->endpoint.id, false /* is_learned */);
    *at(remotes, place) = *at(remotes, --remotes->count);
    weft_rows_shrink(&core->reserves->rows, remotes->pieces, remotes->count,
                     WEFT_PIECE_ROWS(struct weft_remote));
}

static uint32_t count_of(const struct weft_remotes *remotes, uint64_t segment)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < remotes->count; i++) {
        count += at(remotes, i)->segment == segment ? 1 : 0;
    }
    return count;
}

/* Should |a| be forgotten before |b|? Ordinary nodes first, then crowded segments, then silence. */
static bool is_lesser(const struct weft_remotes *remotes, const struct weft_remote *a,
                      const struct weft_remote *b)
{
    if (a->is_agent != b->is_agent) {
        return !a->is_agent;
    }
    uint32_t a_count = count_of(remotes, a->segment);
    uint32_t b_count = count_of(remotes, b->segment);
    if (a_count != b_count) {
        return a_count > b_count;
    }
    if (a->heard_ns != b->heard_ns) {
        return a->heard_ns < b->heard_ns;
    }
    return a->endpoint.id < b->endpoint.id;
}

/* The entry to forget for one of |segment|: among its own if it has too many, else among all. */
static uint32_t victim(const struct weft_remotes *remotes, uint64_t segment, bool own_only)
{
    uint32_t worst = REMOTE_NONE;
    for (uint32_t i = 0; i < remotes->count; i++) {
        const struct weft_remote *remote = at(remotes, i);
        if (own_only && remote->segment != segment) {
            continue;
        }
        if (worst == REMOTE_NONE || is_lesser(remotes, remote, at(remotes, worst))) {
            worst = i;
        }
    }
    return worst;
}

/* Make room for |next|; false if everything known is worth more. */
static bool make_room(struct weft_core *core, const struct weft_remote *next)
{
    struct weft_remotes *remotes = &core->remotes;
    bool is_crowded = count_of(remotes, next->segment) >= WEFT_REMOTES_PER_SEGMENT;
    if (!is_crowded && remotes->count < core->config.remotes_max) {
        return true;
    }
    uint32_t place = victim(remotes, next->segment, is_crowded);
    if (place == REMOTE_NONE || (at(remotes, place)->is_agent && !next->is_agent)) {
        return false;
    }
    drop(core, place);
    return true;
}

static void admit(struct weft_core *core, const struct weft_remote *next)
{
    struct weft_remotes *remotes = &core->remotes;
    if (make_room(core, next) &&
        weft_rows_grow(&core->reserves->rows, remotes->pieces, remotes->count,
                       WEFT_PIECE_ROWS(struct weft_remote))) {
        *at(remotes, remotes->count++) = *next;
        trace(core, next->endpoint.id, true /* is_learned */);
    }
}

void weft_remote_learn(struct weft_core *core, const struct weft_contact *contact, bool first_hand)
{
    weft_node_id id = contact->endpoint.id;
    const struct weft_member *member = weft_member_find(core, id);
    if (id == core->self.id || (member != NULL && weft_member_is_up(member)) ||
        (!first_hand && contact->segment == core->segment_key)) {
        return;
    }
    struct weft_remote next = {
        .endpoint = contact->endpoint,
        .segment = contact->segment,
        .heard_ns = core->now_ns,
        .site = contact->site,
        .bulletin = contact->bulletin,
        .agent_class = contact->agent_class,
        .is_agent = contact->is_agent,
        .is_first_hand = first_hand,
    };
    uint32_t place = place_of(&core->remotes, id);
    if (place == REMOTE_NONE) {
        admit(core, &next);
    } else if (first_hand) {
        *at(&core->remotes, place) = next;
    } else {
        /* Hearsay changes the role only: it may be newer, but proves no life. */
        at(&core->remotes, place)->is_agent = contact->is_agent;
    }
}

bool weft_remote_is_fresh(const struct weft_core *core, const struct weft_remote *remote)
{
    return remote->is_agent && remote->is_first_hand &&
           core->now_ns - remote->heard_ns < WEFT_REMOTE_FRESH_NS;
}

uint32_t weft_remote_reach(const struct weft_core *core, bool any)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->remotes.count; i++) {
        const struct weft_remote *remote = at(&core->remotes, i);
        count += any ? remote->is_agent : weft_remote_is_fresh(core, remote);
    }
    return count;
}

bool weft_remote_heard(struct weft_core *core, weft_node_id id, weft_bulletin bulletin)
{
    uint32_t place = place_of(&core->remotes, id);
    if (place == REMOTE_NONE) {
        return false;
    }
    struct weft_remote *remote = at(&core->remotes, place);
    remote->heard_ns = core->now_ns;
    remote->bulletin = bulletin;
    remote->unanswered = 0;
    remote->is_first_hand = true;
    return true;
}

void weft_remote_asked(struct weft_core *core, uint32_t index)
{
    struct weft_remote *remote = at(&core->remotes, index);
    if (remote->unanswered < UINT8_MAX) {
        remote->unanswered++;
    }
}

void weft_remote_sweep(struct weft_core *core)
{
    struct weft_remotes *remotes = &core->remotes;
    for (uint32_t i = remotes->count; i-- > 0;) {
        const struct weft_remote *remote = at(remotes, i);
        weft_ns silent_ns = core->now_ns - remote->heard_ns;
        if (silent_ns >= OLD_NS ||
            (remote->unanswered >= UNANSWERED_MAX && silent_ns >= SILENT_NS)) {
            drop(core, i);
        }
    }
}

void weft_remote_forget(struct weft_core *core, weft_node_id id)
{
    uint32_t place = place_of(&core->remotes, id);
    if (place != REMOTE_NONE) {
        drop(core, place);
    }
}

/* Draw entries of one kind that are not of a segment drawn already, unless |any_segment|. */
static uint32_t draw(struct weft_core *core, bool is_agent, bool any_segment, uint32_t wanted,
                     uint32_t *places)
{
    const struct weft_remotes *remotes = &core->remotes;
    uint32_t drawn = 0;
    while (places[drawn] != REMOTE_NONE) {
        drawn++;
    }
    uint32_t start = weft_rng_below(&core->rng, remotes->count);
    for (uint32_t i = 0; i < remotes->count && drawn < wanted; i++) {
        uint32_t place = (start + i) % remotes->count;
        bool is_usable = at(remotes, place)->is_agent == is_agent;
        for (uint32_t j = 0; j < drawn && is_usable; j++) {
            is_usable = places[j] != place && (any_segment || at(remotes, places[j])->segment !=
                                                                  at(remotes, place)->segment);
        }
        if (is_usable) {
            places[drawn++] = place;
            places[drawn] = REMOTE_NONE;
        }
    }
    return drawn;
}

uint32_t weft_remote_sample(struct weft_core *core, uint32_t wanted, uint32_t *places)
{
    uint32_t drawn_places[WEFT_REMOTES_MAX + 1] = {REMOTE_NONE};
    uint32_t count = 0;
    if (core->remotes.count == 0) {
        return 0;
    }
    wanted = wanted < WEFT_REMOTES_MAX ? wanted : WEFT_REMOTES_MAX;
    draw(core, true /* is_agent */, false /* any_segment */, wanted, drawn_places);
    draw(core, true /* is_agent */, true /* any_segment */, wanted, drawn_places);
    draw(core, false /* is_agent */, false /* any_segment */, wanted, drawn_places);
    count = draw(core, false /* is_agent */, true /* any_segment */, wanted, drawn_places);
    for (uint32_t i = 0; i < count; i++) {
        places[i] = drawn_places[i];
    }
    return count;
}

void weft_remote_stir(struct weft_core *core)
{
    struct weft_overlays *overlay = &core->remotes.overlay;
    bool was_busy = overlay->busy_ns > core->now_ns;
    overlay->busy_ns = core->now_ns + BUSY_NS;
    if (!was_busy && weft_election_self(core)) {
        weft_overlay_begin(core);
    }
}

void weft_remote_expire(struct weft_core *core)
{
    weft_overlay_expire(core);
}
