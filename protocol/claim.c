/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is this claim about a node news, and what does it change?". The table of states and the
 * timers are in claim.h. */
#include "claim.h"

#include "address.h"
#include "datagram.h"
#include "state.h"

/* Doublings of the suspicion, and how long a refutation counts. */
#define FLAPS_MAX 3
#define FLAPS_MS (10 * 60 * 1000)

/* Members that probe a suspect at once. */
#define VERIFIERS 4

#define TOMBSTONE_MS (24 * 3600 * 1000)

/* Mass guard: share of the view, and how long the set of suspects must stay the same. */
#define MASS_PERCENT 30
#define MASS_STABLE_NS (5 * WEFT_NS_PER_S)

/* How long the answer to the last question may take. */
#define LAST_WORD_TIMEOUTS 2

/* Incarnations count milliseconds from one start to the next, and refutations by one. Further than
 * this within one life nobody gets: a claim that leaps is about another life, or a lie. */
#define LEAP 65536

/* After a refutation none follows for this part of the suspicion, doubling so often: up to half of
 * it, so that a suspect that lives always answers in time. */
#define REFUTE_PART 16
#define REFUTE_DOUBLINGS 3

/* Refutations so many suspicions apart are not in a row. */
#define REFUTE_CALM 2

static uint32_t suspicion_ms(const struct weft_core *core, const struct weft_member *member)
{
    return core->config.tuning.suspicion_ms << member->flaps;
}

static void count_flap(struct weft_member *member)
{
    if (member->flaps < FLAPS_MAX) {
        member->flaps++;
    }
}

static void plan(struct weft_core *core, weft_ns due_ns)
{
    weft_due_by(core, WEFT_DUE_CLAIM, due_ns);
}

/* Bring the member at |slot| into |state| and tell. */
static void turn(struct weft_core *core, uint32_t slot, enum weft_member_state state, bool eager)
{
    struct weft_member next = core->members.table[slot];
    uint32_t now_ms = weft_member_clock_ms(core);
    if (state == WEFT_MEMBER_SUSPECT && now_ms - next.since_ms > FLAPS_MS) {
        next.flaps = 0;
    }
    next.state = state;
    next.since_ms = now_ms;
    next.is_asked = false;
    weft_member_put(core, slot, &next, weft_member_said(core, &next));
    weft_gossip_tell(core, slot, eager);
    weft_pace_stir(core);
    if (state == WEFT_MEMBER_SUSPECT) {
        plan(core, core->now_ns + suspicion_ms(core, &next) * WEFT_NS_PER_MS);
    } else if (state != WEFT_MEMBER_ALIVE) {
        plan(core, core->now_ns + TOMBSTONE_MS * WEFT_NS_PER_MS);
    }
}

void weft_claim_suspect(struct weft_core *core, weft_node_id id)
{
    uint32_t slot = weft_member_slot(core, id);
    if (slot != WEFT_MEMBER_NONE && slot != 0 && weft_member_is_up(&core->members.table[slot])) {
        turn(core, slot, WEFT_MEMBER_SUSPECT, true /* eager */);
    }
}

void weft_claim_clear(struct weft_core *core, uint32_t slot)
{
    weft_probe_accuse(core, slot);
    struct weft_member next = core->members.table[slot];
    next.state = WEFT_MEMBER_ALIVE;
    next.since_ms = weft_member_clock_ms(core);
    count_flap(&next);
    weft_member_put(core, slot, &next, weft_member_said(core, &next));
}

static bool is_leap(uint64_t from, uint64_t to)
{
    return (from < to ? to - from : from - to) > LEAP;
}

/* Go above |incarnation|, and let the next refutation wait. */
static void refute(struct weft_core *core, uint64_t incarnation)
{
    struct weft_members *members = &core->members;
    weft_ns suspicion_ns = core->config.tuning.suspicion_ms * WEFT_NS_PER_MS;
    bool calm = core->now_ns > members->refute_ns + REFUTE_CALM * suspicion_ns;
    uint32_t doublings = calm ? 0 : members->refutes;
    members->refutes = doublings + (doublings < REFUTE_DOUBLINGS ? 1 : 0);
    members->refute_ns = core->now_ns + (suspicion_ns / REFUTE_PART << doublings);
    members->accused = 0;
    core->incarnation = incarnation;
    weft_own_record_renew(core);
    weft_core_trace(
        core, (struct weft_trace_record){.kind = WEFT_TRACE_REFUTE, .value = core->incarnation});
}

void weft_claim_refute(struct weft_core *core, uint64_t incarnation)
{
    struct weft_members *members = &core->members;
    /* Nobody is chased up to the last incarnation, where no answer is left. */
    if (core->leaving || incarnation < core->incarnation ||
        is_leap(core->incarnation, incarnation)) {
        return;
    }
    if (core->now_ns >= members->refute_ns) {
        refute(core, incarnation);
        return;
    }
    /* Else whoever slanders faster than this makes a segment talk of nothing else. */
    members->accused = incarnation > members->accused ? incarnation : members->accused;
    plan(core, members->refute_ns);
}

/* Answer the accusation that had to wait, unless it is stale by now. */
static void refute_late(struct weft_core *core)
{
    uint64_t accused = core->members.accused;
    if (accused != 0 && core->now_ns >= core->members.refute_ns) {
        core->members.accused = 0;
        weft_claim_refute(core, accused);
    } else if (accused != 0) {
        plan(core, core->members.refute_ns);
    }
}

/* What is said of the own node. */
static bool merge_self(struct weft_core *core, const struct weft_record *record)
{
    if (record->state != WEFT_MEMBER_ALIVE) {
        weft_claim_refute(core, record->incarnation);
    } else if (record->incarnation > core->incarnation) {
        weft_claim_refute(core, record->incarnation); /* a second life of the own id */
    }
    return false;
}

/* Is what was learned by SYNC news for others, too? Not while this node itself catches up. */
static void tell_learned(struct weft_core *core, uint32_t slot, enum weft_hearsay hearsay)
{
    bool is_sync = hearsay == WEFT_HEARSAY_SYNC;
    if (!is_sync || !weft_join_is_young(core)) {
        weft_gossip_tell(core, slot, !is_sync /* eager */);
    }
}

static bool admit(struct weft_core *core, const struct weft_record *record,
                  enum weft_hearsay hearsay)
{
    if (record->state == WEFT_MEMBER_DEAD || record->state == WEFT_MEMBER_LEFT) {
        return false;
    }
    struct weft_record alive = *record;
    alive.state = WEFT_MEMBER_ALIVE;
    uint32_t slot = weft_member_add(core, &alive);
    if (slot == WEFT_MEMBER_NONE) {
        return false;
    }
    weft_remote_forget(core, record->id);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_MEMBER_ALIVE,
                                                     .peer = record->id,
                                                     .value = record->incarnation});
    if (record->role == WEFT_ROLE_AGENT) {
        weft_election_on_role(core, slot, true /* is_role */);
    }
    if (record->state == WEFT_MEMBER_SUSPECT) {
        turn(core, slot, WEFT_MEMBER_SUSPECT, true /* eager */);
    } else {
        tell_learned(core, slot, hearsay);
        weft_pace_stir(core);
    }
    return true;
}

/* Does |record| only say that a member that is up got older? That happens in every segment all the
 * time, and nobody has to hurry for it. */
static bool is_aging(const struct weft_core *core, const struct weft_member *member,
                     const struct weft_record *record)
{
    const struct weft_record *known = weft_member_said(core, member);
    return weft_member_is_up(member) && record->state == WEFT_MEMBER_ALIVE &&
           record->stability > known->stability && record->role == known->role &&
           record->agent_class == known->agent_class && record->term == known->term &&
           weft_address_equal(&record->address, &known->address);
}

/* Was the member at |slot|, which is up, lately said to be what it was not? Then hearsay makes this
 * node look for itself: slander works once in ten minutes. */
static bool is_slandered(struct weft_core *core, uint32_t slot, enum weft_hearsay hearsay)
{
    const struct weft_member *member = &core->members.table[slot];
    bool is_lately = weft_member_clock_ms(core) - member->since_ms <= FLAPS_MS;
    if (hearsay == WEFT_HEARSAY_SELF || !weft_member_is_up(member) || member->flaps == 0 ||
        !is_lately) {
        return false;
    }
    weft_probe_doubt(core, weft_member_said(core, member)->id);
    return true;
}

/* Others say again that somebody is down whom this node holds dead or gone: that is no news. As
 * news it would go round, once more with each higher incarnation that a liar makes of it, and the
 * refutation would have to outrun them all. */
static bool is_gone_anyway(const struct weft_core *core, uint32_t slot, enum weft_hearsay hearsay)
{
    uint8_t state = core->members.table[slot].state;
    return hearsay != WEFT_HEARSAY_SELF && (state == WEFT_MEMBER_DEAD || state == WEFT_MEMBER_LEFT);
}

/* A newer record of a known member. */
static bool merge_newer(struct weft_core *core, uint32_t slot, const struct weft_record *record,
                        enum weft_hearsay hearsay)
{
    if (record->state != WEFT_MEMBER_ALIVE &&
        (is_slandered(core, slot, hearsay) || is_gone_anyway(core, slot, hearsay))) {
        return false;
    }
    struct weft_member next = core->members.table[slot];
    bool was_up = weft_member_is_up(&next);
    bool was_dead = next.state == WEFT_MEMBER_DEAD;
    if (!is_aging(core, &next, record)) {
        weft_pace_stir(core);
    }
    if (!was_up && record->state == WEFT_MEMBER_ALIVE) {
        next.state = WEFT_MEMBER_ALIVE;
        next.since_ms = weft_member_clock_ms(core);
        count_flap(&next);
    }
    weft_member_put(core, slot, &next, record);
    if (record->state == WEFT_MEMBER_LEFT) {
        turn(core, slot, WEFT_MEMBER_LEFT, true /* eager */);
    } else if (record->state != WEFT_MEMBER_ALIVE && next.state != WEFT_MEMBER_SUSPECT) {
        turn(core, slot, WEFT_MEMBER_SUSPECT, true /* eager */);
    } else {
        tell_learned(core, slot, hearsay);
    }
    if (was_dead && record->state == WEFT_MEMBER_ALIVE) {
        /* Perhaps the segment was cut in two: compare with the other half. */
        struct weft_endpoint back = weft_member_endpoint(core, slot);
        weft_sync_ask(core, &back);
    }
    return true;
}

/* Somebody says that a member this node holds ALIVE is suspect or dead. */
static bool merge_accusation(struct weft_core *core, uint32_t slot, enum weft_hearsay hearsay)
{
    const struct weft_member *member = &core->members.table[slot];
    weft_node_id id = weft_member_said(core, member)->id;
    uint32_t silent_ms = weft_member_clock_ms(core) - member->heard_ms;
    if (hearsay == WEFT_HEARSAY_SYNC || silent_ms < core->config.tuning.probe_timeout_ms) {
        weft_probe_confront(core, slot);
        return false;
    }
    turn(core, slot, WEFT_MEMBER_SUSPECT, true /* eager */);
    if (weft_member_place_for(core, id, VERIFIERS) < VERIFIERS) {
        weft_probe_doubt(core, id);
    }
    return true;
}

/* Another state at the same incarnation. */
static bool merge_same(struct weft_core *core, uint32_t slot, const struct weft_record *record,
                       enum weft_hearsay hearsay)
{
    const struct weft_member *member = &core->members.table[slot];
    if (record->state == WEFT_MEMBER_ALIVE && weft_member_is_up(member)) {
        weft_gossip_on_known(core, slot); /* bad news keeps its full speed */
    }
    if (record->state != WEFT_MEMBER_ALIVE && is_slandered(core, slot, hearsay)) {
        return false;
    }
    if (record->state == WEFT_MEMBER_LEFT && member->state != WEFT_MEMBER_LEFT) {
        turn(core, slot, WEFT_MEMBER_LEFT, true /* eager */);
        return true;
    }
    if (record->state != WEFT_MEMBER_SUSPECT && record->state != WEFT_MEMBER_DEAD) {
        return false;
    }
    if (weft_member_is_up(member)) {
        return merge_accusation(core, slot, hearsay);
    }
    uint32_t silent_ms = weft_member_clock_ms(core) - member->since_ms;
    if (record->state == WEFT_MEMBER_DEAD && member->state == WEFT_MEMBER_SUSPECT &&
        silent_ms >= suspicion_ms(core, member) / 2) {
        turn(core, slot, WEFT_MEMBER_DEAD, false /* eager */);
        return true;
    }
    return false;
}

/* Does |record| say what only its owner can know, other than |known|? How it is others may say. */
static bool is_for_owner(const struct weft_record *known, const struct weft_record *record)
{
    if (is_leap(known->incarnation, record->incarnation)) {
        return true;
    }
    return record->incarnation > known->incarnation &&
           (!weft_address_equal(&record->address, &known->address) || record->site != known->site ||
            record->term != known->term || record->agent_class != known->agent_class ||
            record->role != known->role || record->claim != known->claim);
}

/* What the owner says in another life than the one known counts even if it is an earlier one: there
 * was a lie, or its clock went back. */
static bool is_news(const struct weft_record *known, const struct weft_record *record)
{
    return record->incarnation > known->incarnation ||
           is_leap(known->incarnation, record->incarnation);
}

bool weft_claim_merge(struct weft_core *core, const struct weft_record *record,
                      enum weft_hearsay hearsay)
{
    if (record->id == core->self.id) {
        return merge_self(core, record);
    }
    if (!weft_prefix_contains(&core->segment, record->address.ip)) {
        weft_core_reject(core, WEFT_REJECT_RANGE);
        return false;
    }
    uint32_t slot = weft_member_slot(core, record->id);
    if (slot == WEFT_MEMBER_NONE) {
        return admit(core, record, hearsay);
    }
    const struct weft_record *known = weft_member_said(core, &core->members.table[slot]);
    if (hearsay == WEFT_HEARSAY_SELF) {
        weft_ask_on_answer(core, record->id);
    } else if (is_for_owner(known, record)) {
        const struct weft_endpoint owner = {.id = record->id, .address = record->address};
        weft_ask(core, &owner);
        return false;
    }
    if (is_news(known, record)) {
        return merge_newer(core, slot, record, hearsay);
    }
    return record->incarnation == known->incarnation && merge_same(core, slot, record, hearsay);
}

/* ---- Timers ---- */

/* Too many suspects at once: a cut network, or a fault of this node. Nobody dies before then. */
static weft_ns mass_guard_ns(const struct weft_core *core)
{
    const struct weft_members *members = &core->members;
    uint32_t view = members->up_count + members->suspect_count;
    bool is_mass = members->suspect_count * 100 > view * MASS_PERCENT;
    if (weft_probe_is_own_fault(core)) {
        return core->now_ns + WEFT_NS_PER_S;
    }
    return is_mass ? members->suspects_changed_ns + MASS_STABLE_NS : 0;
}

/* End the suspicion at |slot| if it is over; when to look again. */
static weft_ns expire_suspect(struct weft_core *core, uint32_t slot, weft_ns guard_ns)
{
    const struct weft_member *member = &core->members.table[slot];
    uint32_t limit_ms = suspicion_ms(core, member);
    uint32_t age_ms = weft_member_clock_ms(core) - member->since_ms;
    if (age_ms < limit_ms) {
        return core->now_ns + (limit_ms - age_ms) * WEFT_NS_PER_MS;
    }
    if (core->now_ns < guard_ns && age_ms / 3 < limit_ms) {
        return guard_ns;
    }
    if (!member->is_asked) {
        /* Nobody dies without a last question: perhaps it was this node that was cut off. */
        struct weft_member next = *member;
        next.is_asked = true;
        weft_member_put(core, slot, &next, weft_member_said(core, &next));
        weft_probe_accuse(core, slot);
        return core->now_ns +
               LAST_WORD_TIMEOUTS * core->config.tuning.probe_timeout_ms * WEFT_NS_PER_MS;
    }
    turn(core, slot, WEFT_MEMBER_DEAD, false /* eager */);
    return WEFT_NS_NEVER;
}

void weft_claim_expire(struct weft_core *core)
{
    struct weft_members *members = &core->members;
    if (core->now_ns < core->dues[WEFT_DUE_CLAIM]) {
        return;
    }
    core->dues[WEFT_DUE_CLAIM] = WEFT_NS_NEVER;
    refute_late(core);
    weft_ns guard_ns = mass_guard_ns(core);
    uint32_t now_ms = weft_member_clock_ms(core);
    for (uint32_t slot = members->count; slot-- > 1;) {
        const struct weft_member *member = &members->table[slot];
        uint32_t age_ms = now_ms - member->since_ms;
        if (member->state == WEFT_MEMBER_SUSPECT) {
            plan(core, expire_suspect(core, slot, guard_ns));
        } else if (!weft_member_is_up(member) && age_ms >= TOMBSTONE_MS) {
            weft_member_remove(core, slot);
        } else if (!weft_member_is_up(member)) {
            plan(core, core->now_ns + (TOMBSTONE_MS - age_ms) * WEFT_NS_PER_MS);
        }
    }
}

void weft_claim_on_wake(struct weft_core *core)
{
    struct weft_members *members = &core->members;
    for (uint32_t slot = 1; slot < members->count; slot++) {
        if (members->table[slot].state == WEFT_MEMBER_SUSPECT) {
            struct weft_member next = members->table[slot];
            next.since_ms = weft_member_clock_ms(core);
            next.is_asked = false;
            weft_member_put(core, slot, &next, weft_member_said(core, &next));
        }
    }
}
