/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how does a node find its segment, and how do islands find each other?". */
#include "join.h"

#include <string.h>

#include "address.h"
#include "claim.h"
#include "datagram.h"
#include "rng.h"
#include "state.h"

/* Quick attempts, and the pause after each; then the steady pace. */
static const weft_ns pauses_ns[] = {1 * WEFT_NS_PER_S, 2 * WEFT_NS_PER_S};
#define QUICK_PAUSES (sizeof pauses_ns / sizeof pauses_ns[0])
#define QUICK_ATTEMPTS (QUICK_PAUSES + 1)
#define STEADY_NS (10 * WEFT_NS_PER_S)

/* JOINs of one attempt, and of one WELCOME. */
#define KNOCKS_MAX 4

/* A WELCOME later than this after the last JOIN was not asked for. */
#define WELCOME_NS (10 * WEFT_NS_PER_S)

/* After this without anybody in the segment, a node acts alone. */
#define ALONE_NS (2 * WEFT_NS_PER_S)

/* Beacons that are followed; a forged one costs no more than this. */
#define BEACON_NS (1 * WEFT_NS_PER_S)

/* A node that joined less than this ago catches up. */
#define YOUNG_NS (10 * WEFT_NS_PER_S)

/* Of n nodes, about this many knock (and ping a tombstone) in every steady period, and follow one
 * beacon of a stranger. */
#define KNOCKERS 3

/* A mesh knocks half as often if its nodes know four agents elsewhere. */
#define REACH_PART 16

/* Is this node one of the about |count| of all live members that are drawn? */
static bool is_drawn(struct weft_core *core, uint32_t count)
{
    return weft_rng_below(&core->rng, core->members.up_count) < count;
}

static weft_ns jittered(struct weft_core *core, weft_ns pace_ns)
{
    uint32_t spread = (uint32_t)(pace_ns / 5 / WEFT_NS_PER_US);
    return pace_ns - pace_ns / 10 + weft_rng_below(&core->rng, spread) * WEFT_NS_PER_US;
}

void weft_join_remember(struct weft_core *core, const struct weft_endpoint *endpoint)
{
    struct weft_joins *join = &core->members.join;
    for (uint32_t i = 0; i < join->known_count; i++) {
        if (weft_address_equal(&join->known[i].address, &endpoint->address)) {
            join->known[i].id = endpoint->id;
            return;
        }
    }
    if (join->known_count < WEFT_JOIN_KNOWN_MAX) {
        join->known[join->known_count++] = *endpoint;
        return;
    }
    /* Seeds are in the first half and stay. */
    uint32_t half = WEFT_JOIN_KNOWN_MAX / 2;
    memmove(&join->known[half], &join->known[half + 1], (half - 1) * sizeof join->known[0]);
    join->known[WEFT_JOIN_KNOWN_MAX - 1] = *endpoint;
}

void weft_join_restart(struct weft_core *core)
{
    struct weft_joins *join = &core->members.join;
    join->attempt = 0;
    join->periods = 1;
    join->welcomed = false;
    join->began_ns = core->now_ns;
    core->dues[WEFT_DUE_JOIN] = core->now_ns;
}

void weft_join_on_start(struct weft_core *core, const struct weft_endpoint *known, size_t count)
{
    struct weft_joins *join = &core->members.join;
    for (size_t i = 0; i < count && join->known_count < WEFT_JOIN_KNOWN_MAX; i++) {
        bool is_self = known[i].id == core->self.id ||
                       weft_address_equal(&known[i].address, &core->self.address);
        if (!is_self && known[i].address.port != 0) {
            weft_join_remember(core, &known[i]);
        }
    }
    join->nonce = (uint32_t)weft_rng_next(&core->rng);
    weft_join_restart(core);
}

bool weft_join_is_young(const struct weft_core *core)
{
    return core->now_ns - core->members.join.began_ns < YOUNG_NS;
}

bool weft_join_is_alone(const struct weft_core *core)
{
    const struct weft_joins *join = &core->members.join;
    bool is_empty = core->members.up_count + core->members.suspect_count <= 1;
    return is_empty && (join->known_count == 0 || core->now_ns - join->began_ns >= ALONE_NS);
}

static void knock(struct weft_core *core, const struct weft_endpoint *to)
{
    struct weft_joins *join = &core->members.join;
    struct weft_message message = {.kind = WEFT_MESSAGE_JOIN};
    message.join.nonce = join->nonce;
    message.join.record = weft_member_record(core, 0);
    message.join.segment = core->segment;
    weft_datagram_send(core, to, &message);
    join->asked_ns = core->now_ns;
}

/* Is whoever lives at |address| a member already, this node itself among them? Not one that is said
 * to have left: that may be slander, and who beacons is there. */
static bool is_met(const struct weft_core *core, const struct weft_address *address)
{
    for (uint32_t slot = 0; slot < core->members.count; slot++) {
        const struct weft_member *member = &core->members.table[slot];
        if (weft_member_is_live(member) &&
            weft_address_equal(&weft_member_said(core, member)->address, address)) {
            return true;
        }
    }
    return false;
}

void weft_join_on_beacon(struct weft_core *core, const struct weft_address *address)
{
    struct weft_joins *join = &core->members.join;
    bool is_early = join->beacon_ns != 0 && core->now_ns - join->beacon_ns < BEACON_NS;
    if (is_early || !weft_prefix_contains(&core->segment, address->ip) || is_met(core, address) ||
        !is_drawn(core, KNOCKERS)) {
        return;
    }
    const struct weft_endpoint to = {.id = 0, .address = *address};
    join->beacon_ns = core->now_ns;
    knock(core, &to);
}

/* ---- Being knocked at ---- */

/* Members for a newcomer of the own segment: the own record, the agents, some others. */
static void add_members(struct weft_core *core, weft_node_id asker, struct weft_records *records)
{
    uint32_t slots[WEFT_MESSAGE_WELCOME_MAX];
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t agent_count = weft_election_agents(core, agents);
    records->items[records->count++] = weft_member_record(core, 0);
    if (weft_member_suspected(core, asker) != 0) {
        /* It is held dead here, and has to know that to refute. */
        records->items[records->count++] = weft_member_record(core, weft_member_slot(core, asker));
    }
    for (uint32_t i = 0; i < agent_count; i++) {
        if (agents[i] != core->self.id && agents[i] != asker) {
            uint32_t slot = weft_member_slot(core, agents[i]);
            records->items[records->count++] = weft_member_record(core, slot);
        }
    }
    uint32_t room = WEFT_MESSAGE_WELCOME_MAX - records->count;
    uint32_t count = weft_member_sample(core, asker, room, slots);
    for (uint32_t i = 0; i < count; i++) {
        if (!weft_election_is_agent(core,
                                    weft_member_said(core, &core->members.table[slots[i]])->id)) {
            records->items[records->count++] = weft_member_record(core, slots[i]);
        }
    }
}

/* Nodes of the asker's segment that knocked here, the last heard first. */
static void add_neighbours(const struct weft_core *core, const struct weft_contact *asker,
                           struct weft_contacts *contacts)
{
    for (uint32_t i = 0; i < weft_remote_count(core); i++) {
        const struct weft_remote *remote = weft_remote_at(core, i);
        if (remote->segment == asker->segment && remote->endpoint.id != asker->endpoint.id &&
            contacts->count < WEFT_REMOTES_PER_SEGMENT) {
            contacts->items[contacts->count++] = weft_remote_contact(core, i);
        }
    }
}

static struct weft_contact contact_of(const struct weft_endpoint *from,
                                      const struct weft_message_join *join, weft_bulletin bulletin)
{
    /* Behind an address translator the address seen counts, not the one it gives. */
    bool is_direct = memcmp(from->address.ip, join->record.address.ip, WEFT_IP_BYTES) == 0;
    return (struct weft_contact){
        .endpoint = {.id = from->id, .address = is_direct ? join->record.address : from->address},
        .segment = weft_segment_key(&join->segment),
        .site = join->record.site,
        .bulletin = bulletin,
        .agent_class = join->record.agent_class,
        .is_agent = join->record.role == WEFT_ROLE_AGENT,
    };
}

void weft_join_on_join(struct weft_core *core, const struct weft_endpoint *from, bool local,
                       const struct weft_message_join *join, weft_bulletin bulletin)
{
    struct weft_message reply = {.kind = WEFT_MESSAGE_WELCOME};
    struct weft_message_welcome *welcome = &reply.welcome;
    welcome->nonce = join->nonce;
    struct weft_contact asker = contact_of(from, join, bulletin);
    if (local && memcmp(from->address.ip, join->record.address.ip, WEFT_IP_BYTES) == 0) {
        weft_claim_merge(core, &join->record, WEFT_HEARSAY_SELF);
        weft_member_heard(core, from->id, bulletin);
        add_members(core, from->id, &welcome->records);
        welcome->digest = core->members.digest;
        weft_overlay_collect(core, core->segment_key, WEFT_REMOTES_PER_SEGMENT, &welcome->contacts);
    } else {
        weft_remote_learn(core, &asker, true /* first_hand */);
        add_neighbours(core, &asker, &welcome->contacts);
        welcome->contacts.items[welcome->contacts.count++] = weft_overlay_self(core);
        weft_overlay_collect(core, asker.segment,
                             WEFT_MESSAGE_WELCOME_MAX - welcome->contacts.count,
                             &welcome->contacts);
    }
    weft_datagram_send(core, from, &reply);
}

/* ---- Being welcomed ---- */

bool weft_join_knock(struct weft_core *core, const struct weft_contact *contact)
{
    if (contact->segment != core->segment_key ||
        !weft_prefix_contains(&core->segment, contact->endpoint.address.ip)) {
        return false;
    }
    const struct weft_member *known = weft_member_find(core, contact->endpoint.id);
    if (contact->endpoint.id != core->self.id && (known == NULL || !weft_member_is_up(known))) {
        knock(core, &contact->endpoint);
    }
    return true;
}

void weft_join_on_welcome(struct weft_core *core, const struct weft_endpoint *from, bool local,
                          const struct weft_message_welcome *welcome)
{
    struct weft_joins *join = &core->members.join;
    if (welcome->nonce != join->nonce || core->now_ns - join->asked_ns > WELCOME_NS) {
        weft_core_reject(core, WEFT_REJECT_UNEXPECTED);
        return;
    }
    join->welcomed = true;
    for (uint32_t i = 0; local && i < welcome->records.count; i++) {
        const struct weft_record *record = &welcome->records.items[i];
        weft_claim_merge(core, record,
                         record->id == from->id ? WEFT_HEARSAY_SELF : WEFT_HEARSAY_SYNC);
    }
    uint32_t knocks = 0;
    for (uint32_t i = 0; i < welcome->contacts.count; i++) {
        const struct weft_contact *contact = &welcome->contacts.items[i];
        if (knocks < KNOCKS_MAX && weft_join_knock(core, contact)) {
            knocks++;
        } else {
            weft_remote_learn(core, contact, contact->endpoint.id == from->id);
        }
    }
    if (local && welcome->digest != core->members.digest) {
        weft_sync_ask(core, from);
    }
}

/* ---- Timers ---- */

static void knock_next(struct weft_core *core, uint32_t count)
{
    struct weft_joins *join = &core->members.join;
    for (uint32_t i = 0; i < count && i < join->known_count; i++) {
        struct weft_endpoint to = join->known[join->next_known % join->known_count];
        join->next_known++;
        knock(core, &to);
    }
}

/* A tombstone of somebody who may only have been cut off, or slandered. */
static void try_tombstone(struct weft_core *core)
{
    const struct weft_members *members = &core->members;
    uint32_t others = members->count - 1;
    uint32_t start = others == 0 ? 0 : weft_rng_below(&core->rng, others);
    for (uint32_t i = 0; i < others; i++) {
        uint32_t slot = 1 + (start + i) % others;
        if (!weft_member_is_live(&members->table[slot])) {
            weft_probe_accuse(core, slot);
            return;
        }
    }
}

static bool is_chosen(struct weft_core *core)
{
    return is_drawn(core, KNOCKERS * core->members.join.periods);
}

/* Is it this node's turn to knock? All segments knock at the same few seeds. Who knows r agents
 * elsewhere is in a mesh of about as many, in which others knock as well: r * r, so that a larger
 * mesh does not knock more often until the table of agents is full. */
static bool is_turn(struct weft_core *core)
{
    bool is_agent = weft_election_self(core);
    uint32_t reach = weft_remote_reach(core, /* any */ !is_agent);
    return (is_agent || is_chosen(core)) &&
           weft_rng_below(&core->rng, 1 + reach * reach / REACH_PART) == 0;
}

/* Steady periods that are made one: so many that knocking in the segment gets no rarer. */
static uint32_t choose_periods(const struct weft_core *core)
{
    uint32_t most = weft_election_self(core) ? 1 : core->members.up_count / KNOCKERS;
    uint32_t factor = weft_pace_factor(core);
    factor = factor < most ? factor : most;
    return factor > 0 ? factor : 1;
}

void weft_join_hasten(struct weft_core *core)
{
    struct weft_joins *join = &core->members.join;
    if (join->periods > 1) {
        join->periods = 1;
        weft_ns due_ns = core->now_ns + jittered(core, STEADY_NS);
        weft_due_by(core, WEFT_DUE_JOIN, due_ns);
    }
}

void weft_join_expire(struct weft_core *core)
{
    struct weft_joins *join = &core->members.join;
    if (core->now_ns < core->dues[WEFT_DUE_JOIN]) {
        return;
    }
    if (join->attempt < QUICK_ATTEMPTS) {
        if (!join->welcomed || core->members.up_count <= 1) {
            knock_next(core, KNOCKS_MAX);
        }
    } else {
        if (is_turn(core)) {
            knock_next(core, 1);
        }
        if (is_chosen(core)) {
            try_tombstone(core);
        }
    }
    join->periods = choose_periods(core);
    weft_ns pause_ns = join->attempt < QUICK_PAUSES ? pauses_ns[join->attempt]
                                                    : jittered(core, join->periods * STEADY_NS);
    core->dues[WEFT_DUE_JOIN] = weft_round_near(core, pause_ns);
    join->attempt += join->attempt < QUICK_ATTEMPTS ? 1 : 0;
}
