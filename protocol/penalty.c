/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what no honest node does, and for how long is it held against him? */
#include "penalty.h"

#include "state.h"

#define MAX_NS (WEFT_PENALTY_MAX_S * WEFT_NS_PER_S)
#define MEMORY_NS (WEFT_PENALTY_MEMORY_S * WEFT_NS_PER_S)

static const struct {
    uint32_t first_s;         /* price of the first offence */
    uint32_t again;           /* factor of each further one */
    enum weft_standing worst; /* it makes nobody worse */
} prices[WEFT_OFFENCE_COUNT] = {
#define X(name, first_s, again, worst, what) {first_s, again, WEFT_STANDING_##worst},
    WEFT_OFFENCE_MAP(X)
#undef X
};

/* Entry |index|, below count. */
static struct weft_penalty *at(const struct weft_penalties *penalties, uint32_t index)
{
    struct weft_penalty *rows = penalties->pieces[index / WEFT_PIECE_ROWS(struct weft_penalty)];
    return &rows[index % WEFT_PIECE_ROWS(struct weft_penalty)];
}

void weft_penalty_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->penalties.pieces,
                  WEFT_ROW_PIECES(WEFT_PENALTIES_MAX, struct weft_penalty));
}

static const struct weft_penalty *find(const struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = 0; i < core->penalties.count; i++) {
        const struct weft_penalty *penalty = at(&core->penalties, i);
        if (penalty->peer == peer) {
            return penalty;
        }
    }
    return NULL;
}

/* The entry of |peer|: its own, a free one, or that of whoever has paid first. */
static struct weft_penalty *entry_of(struct weft_core *core, weft_node_id peer)
{
    struct weft_penalties *self = &core->penalties;
    struct weft_penalty *place = NULL;
    for (uint32_t i = 0; i < self->count; i++) {
        struct weft_penalty *penalty = at(self, i);
        if (penalty->peer == peer) {
            return penalty;
        }
        place = place == NULL || penalty->until_ns < place->until_ns ? penalty : place;
    }
    if (self->count < WEFT_PENALTIES_MAX &&
        weft_rows_grow(&core->reserves->rows, self->pieces, self->count,
                       WEFT_PIECE_ROWS(struct weft_penalty))) {
        place = at(self, self->count++);
    }
    if (place != NULL) {
        *place = (struct weft_penalty){.peer = peer};
    }
    return place;
}

/* Price of an offence after |before| others of its kind. */
static weft_ns price_ns(enum weft_offence offence, uint32_t before)
{
    uint64_t price_s = prices[offence].first_s;
    uint32_t again = prices[offence].again;
    for (uint32_t i = 0; i < before && again > 1 && price_s < WEFT_PENALTY_MAX_S; i++) {
        price_s *= again;
    }
    return price_s < WEFT_PENALTY_MAX_S ? price_s * WEFT_NS_PER_S : MAX_NS;
}

/* Time has passed: what is paid restores the standing, and is forgotten later. */
static void settle(struct weft_penalty *penalty, weft_ns now_ns)
{
    if (now_ns >= penalty->until_ns + MEMORY_NS) {
        *penalty = (struct weft_penalty){.peer = penalty->peer};
    }
    if (now_ns >= penalty->until_ns) {
        penalty->until_ns = now_ns;
        penalty->standing = WEFT_STANDING_GOOD;
    }
}

static enum weft_standing standing_of(weft_ns owed_ns, enum weft_standing worst)
{
    enum weft_standing standing = WEFT_STANDING_GOOD;
    if (owed_ns >= WEFT_PENALTY_DOUBT_S * WEFT_NS_PER_S) {
        standing = WEFT_STANDING_DOUBTED;
    }
    if (owed_ns >= WEFT_PENALTY_BAN_S * WEFT_NS_PER_S) {
        standing = WEFT_STANDING_BANNED;
    }
    return standing < worst ? standing : worst;
}

void weft_penalty_add(struct weft_core *core, weft_node_id peer, enum weft_offence offence)
{
    bool other = peer != 0 && peer != core->self.id;
    struct weft_penalty *penalty = other ? entry_of(core, peer) : NULL;
    if (penalty == NULL) {
        return;
    }
    settle(penalty, core->now_ns);
    uint8_t standing = penalty->standing;
    penalty->until_ns += price_ns(offence, penalty->counts[offence]);
    weft_ns owed_ns = penalty->until_ns - core->now_ns;
    owed_ns = owed_ns < MAX_NS ? owed_ns : MAX_NS;
    penalty->until_ns = core->now_ns + owed_ns;
    uint8_t before = penalty->counts[offence];
    penalty->counts[offence] = before < UINT8_MAX ? (uint8_t)(before + 1) : before;
    enum weft_standing now = standing_of(owed_ns, prices[offence].worst);
    penalty->standing = now > standing ? (uint8_t)now : standing;
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_PENALTY,
                                                     .peer = peer,
                                                     .value = owed_ns / WEFT_NS_PER_S});
    if (penalty->standing == WEFT_STANDING_BANNED) {
        weft_link_shut(core, peer);
    }
    if (penalty->standing != standing) { /* whose word is worth nothing is no agent, either */
        weft_election_on_role(core, WEFT_MEMBER_NONE, false /* is_role */);
        weft_link_review_on_view(core);
        weft_lease_on_doubt(core);
    }
}

static bool has_standing(const struct weft_core *core, weft_node_id peer,
                         enum weft_standing standing)
{
    const struct weft_penalty *penalty = find(core, peer);
    return penalty != NULL && core->now_ns < penalty->until_ns && penalty->standing >= standing;
}

bool weft_penalty_is_doubted(const struct weft_core *core, weft_node_id peer)
{
    return has_standing(core, peer, WEFT_STANDING_DOUBTED);
}

bool weft_penalty_is_banned(const struct weft_core *core, weft_node_id peer)
{
    return has_standing(core, peer, WEFT_STANDING_BANNED);
}

weft_ns weft_penalty_owed_ns(const struct weft_core *core, weft_node_id peer)
{
    const struct weft_penalty *penalty = find(core, peer);
    bool owes = penalty != NULL && core->now_ns < penalty->until_ns;
    return owes ? penalty->until_ns - core->now_ns : 0;
}

const struct weft_penalty *weft_penalty_debtor(const struct weft_core *core, uint32_t index)
{
    for (uint32_t i = 0; i < core->penalties.count; i++) {
        const struct weft_penalty *penalty = at(&core->penalties, i);
        if (core->now_ns < penalty->until_ns && index-- == 0) {
            return penalty;
        }
    }
    return NULL;
}
