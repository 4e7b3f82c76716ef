/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who is in the segment?": the table, its hash of ids, and the counts, digest and epoch
 * that follow from it. What a claim about a member changes is decided in claim.c, what this node
 * says of itself in own_record.c. */
#include "member.h"

#include "address.h"
#include "claim.h"
#include "rng.h"
#include "roster.h"
#include "state.h"

static uint32_t index_entries(const struct weft_core *core)
{
    uint32_t entries = 4;
    while (3 * entries < 4 * core->config.members_max) {
        entries *= 2;
    }
    return entries;
}

void weft_member_carve(struct weft_core *core, struct weft_arena *arena)
{
    struct weft_members *members = &core->members;
    members->table = weft_arena_take(arena, core->config.members_max, sizeof *members->table);
    members->index_mask = index_entries(core) - 1;
    weft_slots_carve(&members->index, arena, members->index_mask + 1, core->config.members_max);
    weft_roster_carve(core, arena);
}

/* ---- Hash of ids; entries are places + 1 ---- */

static void index_add(struct weft_core *core, uint32_t slot)
{
    struct weft_members *members = &core->members;
    uint32_t at =
        (uint32_t)weft_mix(weft_member_said(core, &members->table[slot])->id) & members->index_mask;
    while (weft_slots_get(&members->index, at) != 0) {
        at = (at + 1) & members->index_mask;
    }
    weft_slots_set(&members->index, at, slot + 1);
}

static void index_rebuild(struct weft_core *core)
{
    struct weft_members *members = &core->members;
    weft_slots_clear(&members->index, members->index_mask + 1);
    for (uint32_t slot = 0; slot < members->count; slot++) {
        index_add(core, slot);
    }
}

uint32_t weft_member_slot(const struct weft_core *core, weft_node_id id)
{
    const struct weft_members *members = &core->members;
    uint32_t at = (uint32_t)weft_mix(id);
    uint32_t place = weft_slots_get(&members->index, at & members->index_mask);
    while (place != 0 && weft_member_said(core, &members->table[place - 1])->id != id) {
        place = weft_slots_get(&members->index, ++at & members->index_mask);
    }
    return place == 0 ? WEFT_MEMBER_NONE : place - 1;
}

void weft_member_fetch(const struct weft_core *core, weft_node_id id)
{
    const struct weft_members *members = &core->members;
    uint32_t place = weft_slots_get(&members->index, (uint32_t)weft_mix(id) & members->index_mask);
    __builtin_prefetch(&members->table[place == 0 ? 0 : place - 1]);
}

/* ---- Reading ---- */

const struct weft_member *weft_member_find(const struct weft_core *core, weft_node_id id)
{
    uint32_t slot = weft_member_slot(core, id);
    return slot == WEFT_MEMBER_NONE || slot == 0 ? NULL : &core->members.table[slot];
}

uint32_t weft_member_count(const struct weft_core *core)
{
    return core->members.count == 0 ? 0 : core->members.count - 1;
}

const struct weft_member *weft_member_at(const struct weft_core *core, uint32_t index)
{
    return index + 1 < core->members.count ? &core->members.table[index + 1] : NULL;
}

uint32_t weft_member_up_count(const struct weft_core *core)
{
    return core->members.up_count;
}

const struct weft_member *weft_member_self(const struct weft_core *core)
{
    return &core->members.table[0];
}

struct weft_endpoint weft_member_endpoint(const struct weft_core *core, uint32_t slot)
{
    const struct weft_member *member = &core->members.table[slot];
    return (struct weft_endpoint){.id = weft_member_said(core, member)->id,
                                  .address = weft_member_said(core, member)->address};
}

struct weft_record weft_member_record(const struct weft_core *core, uint32_t slot)
{
    const struct weft_member *member = &core->members.table[slot];
    struct weft_record record = *weft_member_said(core, member);
    record.state = (uint8_t)member->state;
    return record;
}

uint64_t weft_member_suspected(const struct weft_core *core, weft_node_id id)
{
    const struct weft_member *member = weft_member_find(core, id);
    return member == NULL || weft_member_is_up(member)
               ? 0
               : weft_member_said(core, member)->incarnation;
}

uint64_t weft_member_hash(const struct weft_core *core, const struct weft_member *member)
{
    bool is_suspect = member->state == WEFT_MEMBER_SUSPECT;
    return weft_rendezvous(weft_member_said(core, member)->id,
                           2 * weft_member_said(core, member)->incarnation + (is_suspect ? 1 : 0));
}

uint32_t weft_member_clock_ms(const struct weft_core *core)
{
    return (uint32_t)(core->now_ns / WEFT_NS_PER_MS);
}

static bool is_sampled(const uint32_t *slots, uint32_t count, uint32_t slot)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slots[i] == slot) {
            return true;
        }
    }
    return false;
}

uint32_t weft_member_sample(struct weft_core *core, weft_node_id except, uint32_t wanted,
                            uint32_t *slots)
{
    const struct weft_members *members = &core->members;
    uint32_t others = members->count - 1;
    uint32_t count = 0;
    if (others == 0) {
        return 0;
    }
    /* Draw first; if most of the table is dead or wanted, walk it from a random place. */
    uint32_t start = weft_rng_below(&core->rng, others);
    uint32_t draws = 4 * wanted;
    for (uint32_t i = 0; i < draws + others && count < wanted; i++) {
        uint32_t place = i < draws ? weft_rng_below(&core->rng, others) : (start + i) % others;
        const struct weft_member *member = &members->table[place + 1];
        if (weft_member_is_up(member) && weft_member_said(core, member)->id != except &&
            !is_sampled(slots, count, place + 1)) {
            slots[count++] = place + 1;
        }
    }
    return count;
}

uint32_t weft_member_place_for(const struct weft_core *core, weft_node_id subject, uint32_t limit)
{
    const struct weft_members *members = &core->members;
    uint64_t own = weft_rendezvous(subject, core->self.id);
    uint32_t place = 0;
    for (uint32_t slot = 1; slot < members->count && place < limit; slot++) {
        const struct weft_member *member = &members->table[slot];
        if (weft_member_is_up(member) && weft_member_said(core, member)->id != subject &&
            weft_rendezvous(subject, weft_member_said(core, member)->id) > own) {
            place++;
        }
    }
    return place;
}

/* ---- Changing ---- */

/* Count what |member| contributes, in or out. */
static void account(struct weft_core *core, const struct weft_member *member, bool in)
{
    struct weft_members *members = &core->members;
    uint32_t one = in ? 1 : UINT32_MAX;
    members->up_count += member->state == WEFT_MEMBER_ALIVE ? one : 0;
    members->suspect_count += member->state == WEFT_MEMBER_SUSPECT ? one : 0;
    if (weft_member_is_live(member)) {
        uint64_t hash = weft_member_hash(core, member);
        members->digest += in ? hash : 0 - hash;
    }
}

static void trace_state(const struct weft_core *core, const struct weft_member *member)
{
    static const enum weft_trace_kind kinds[WEFT_MEMBER_STATE_COUNT] = {
        [WEFT_MEMBER_ALIVE] = WEFT_TRACE_MEMBER_ALIVE,
        [WEFT_MEMBER_SUSPECT] = WEFT_TRACE_MEMBER_SUSPECT,
        [WEFT_MEMBER_DEAD] = WEFT_TRACE_MEMBER_DEAD,
        [WEFT_MEMBER_LEFT] = WEFT_TRACE_MEMBER_LEFT,
    };
    weft_core_trace(
        core, (struct weft_trace_record){.kind = kinds[member->state],
                                         .peer = weft_member_said(core, member)->id,
                                         .value = weft_member_said(core, member)->incarnation});
}

void weft_member_put(struct weft_core *core, uint32_t slot, const struct weft_member *next,
                     const struct weft_record *record)
{
    struct weft_members *members = &core->members;
    struct weft_member *member = &members->table[slot];
    struct weft_record before = weft_member_record(core, slot);
    uint64_t digest = members->digest;
    account(core, member, false /* in */);
    *member = *next;
    if (record != weft_member_said(core, member)) {
        weft_roster_keep(core, member, record);
    }
    account(core, member, true /* in */);
    if (members->digest != digest) {
        members->digest_changed_ns = core->now_ns;
    }
    bool is_state = before.state != member->state;
    bool is_role = before.role != record->role;
    if (is_state || is_role || !weft_address_equal(&before.address, &record->address)) {
        core->epoch++;
    }
    if (is_state && (before.state == WEFT_MEMBER_SUSPECT || member->state == WEFT_MEMBER_SUSPECT)) {
        members->suspects_changed_ns = core->now_ns;
    }
    if (is_state && slot != 0) {
        trace_state(core, member);
    }
    if (is_role || (is_state && record->role == WEFT_ROLE_AGENT)) {
        weft_election_on_role(core, slot, is_role);
    }
}

/* The tombstone that may be dropped first. */
static uint32_t oldest_tombstone(const struct weft_core *core)
{
    const struct weft_members *members = &core->members;
    uint32_t now_ms = weft_member_clock_ms(core);
    uint32_t oldest = WEFT_MEMBER_NONE;
    uint32_t oldest_ms = 0;
    for (uint32_t slot = 1; slot < members->count; slot++) {
        uint32_t age_ms = now_ms - members->table[slot].since_ms;
        if (!weft_member_is_live(&members->table[slot]) &&
            (oldest == WEFT_MEMBER_NONE || age_ms > oldest_ms)) {
            oldest = slot;
            oldest_ms = age_ms;
        }
    }
    return oldest;
}

void weft_member_remove(struct weft_core *core, uint32_t slot)
{
    struct weft_members *members = &core->members;
    struct weft_member gone = members->table[slot];
    bool was_agent = weft_member_said(core, &gone)->role == WEFT_ROLE_AGENT;
    account(core, &gone, false /* in */);
    uint32_t last = members->count - 1;
    members->table[slot] = members->table[last];
    members->table[last] = gone; /* with the place of its record */
    members->count = last;
    core->epoch++;
    index_rebuild(core);
    weft_gossip_on_removed(core, slot, last);
    if (was_agent) {
        weft_election_on_role(core, WEFT_MEMBER_NONE, true /* is_role */);
    }
}

uint32_t weft_member_add(struct weft_core *core, const struct weft_record *record)
{
    struct weft_members *members = &core->members;
    if (members->count >= core->config.members_max) {
        uint32_t tombstone = oldest_tombstone(core);
        if (tombstone == WEFT_MEMBER_NONE) {
            weft_core_reject(core, WEFT_REJECT_FULL);
            return WEFT_MEMBER_NONE;
        }
        weft_member_remove(core, tombstone);
    }
    uint32_t slot = members->count++;
    struct weft_member *member = &members->table[slot];
    *member = (struct weft_member){
        .said = member->said, /* the place, or nothing */
        .state = (enum weft_member_state)record->state,
        .rate = weft_bandwidth_attested(core, record->id),
        .heard_ms = weft_member_clock_ms(core) - UINT32_MAX / 2,
        .since_ms = weft_member_clock_ms(core),
    };
    weft_roster_keep(core, member, record);
    index_add(core, slot);
    account(core, member, true /* in */);
    members->digest_changed_ns = core->now_ns;
    core->epoch++;
    return slot;
}

weft_bulletin weft_member_bulletin(const struct weft_core *core, const struct weft_member *member)
{
    uint32_t own_root = weft_bulletin_root(weft_announce_bulletin(core));
    uint8_t ahead = (uint8_t)(member->bulletin_root - own_root);
    uint32_t root = own_root + ahead - (ahead < 128 || own_root + ahead < 256 ? 0 : 256);
    return weft_bulletin_of(root, member->bulletin_version, 0);
}

const struct weft_member *weft_member_heard(struct weft_core *core, weft_node_id id,
                                            weft_bulletin bulletin)
{
    uint32_t slot = weft_member_slot(core, id);
    if (slot == WEFT_MEMBER_NONE || slot == 0) {
        return NULL;
    }
    struct weft_member *member = &core->members.table[slot];
    member->heard_ms = weft_member_clock_ms(core);
    member->bulletin_version = weft_bulletin_version(bulletin);
    member->bulletin_root = (uint8_t)weft_bulletin_root(bulletin);
    if (member->state == WEFT_MEMBER_SUSPECT) {
        weft_claim_clear(core, slot);
    }
    return member;
}

void weft_member_bar(struct weft_core *core, weft_node_id id, bool no_agent)
{
    uint32_t slot = weft_member_slot(core, id);
    if (slot == WEFT_MEMBER_NONE || slot == 0 ||
        core->members.table[slot].is_barred == (no_agent ? 1U : 0U)) {
        return;
    }
    core->members.table[slot].is_barred = no_agent;
    weft_election_on_role(core, WEFT_MEMBER_NONE, false /* is_role */);
    weft_link_review_on_view(core);
    weft_lease_on_doubt(core);
}

enum weft_agent_class weft_member_class(const struct weft_core *core,
                                        const struct weft_member *member)
{
    return member->is_barred ? WEFT_AGENT_NEVER
                             : (enum weft_agent_class)weft_member_said(core, member)->agent_class;
}

void weft_member_set_tells(struct weft_core *core, uint32_t slot, uint8_t tells)
{
    core->members.table[slot].tells = tells;
}

void weft_member_set_rate(struct weft_core *core, uint32_t slot, uint8_t half_octaves)
{
    core->members.table[slot].rate = half_octaves;
}

void weft_member_forget_others(struct weft_core *core)
{
    struct weft_members *members = &core->members;
    members->count = 1;
    members->up_count = 1;
    members->suspect_count = 0;
    members->digest = weft_member_hash(core, &members->table[0]);
    core->dues[WEFT_DUE_CLAIM] = WEFT_NS_NEVER;
    core->epoch++;
    index_rebuild(core);
}
