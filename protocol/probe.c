/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "when has somebody failed to answer?". The timers are in probe.h; who is probed when is
 * decided in round.c, what a failure means for a member in claim.c. */
#include "probe.h"

#include "address.h"
#include "claim.h"
#include "datagram.h"
#include "rng.h"
#include "state.h"

/* Helpers for an indirect probe; after a broken stream or for a suspect two will do. */
#define HELPERS 3
#define HELPERS_DOUBT 2

/* News that ride on a PING or ACK. */
#define RIDERS 6

/* Own-fault guard: silence from everybody for 2.5 periods, but not longer than this. */
#define OWN_FAULT_MAX_NS (10 * WEFT_NS_PER_S)

/* Share of probes that need help, of 256, from which the network counts as lossy. */
#define LOSSY 64

/* Periods after which a late step means that the machine slept. */
#define SLEEP_PERIODS 5

static weft_ns period_ns(const struct weft_core *core)
{
    return core->config.tuning.probe_period_ms * WEFT_NS_PER_MS;
}

static weft_ns timeout_ns(const struct weft_core *core)
{
    return core->config.tuning.probe_timeout_ms * WEFT_NS_PER_MS;
}

void weft_probe_carve(struct weft_core *core, struct weft_arena *arena)
{
    weft_round_carve(core, arena);
}

/* Entry |index|, below end, in use or not. */
static struct weft_probe *at(const struct weft_probes *probes, uint32_t index)
{
    struct weft_probe *rows = probes->pieces[index / WEFT_PIECE_ROWS(struct weft_probe)];
    return &rows[index % WEFT_PIECE_ROWS(struct weft_probe)];
}

void weft_probe_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->probes.pieces,
                  WEFT_ROW_PIECES(WEFT_PROBES_MAX, struct weft_probe));
}

void weft_probe_restart(struct weft_core *core)
{
    struct weft_probes *probes = &core->probes;
    weft_probe_end(core);
    probes->end = 0;
    core->dues[WEFT_DUE_PROBE] = WEFT_NS_NEVER;
    probes->heard_ns = core->now_ns;
    weft_round_restart(core);
    weft_pace_stir(core);
}

void weft_probe_hasten(struct weft_core *core)
{
    core->probes.heard_ns = core->now_ns;
    weft_round_hasten(core);
}

void weft_probe_on_start(struct weft_core *core)
{
    core->probes.sequence = (uint32_t)weft_rng_next(&core->rng);
    weft_probe_restart(core);
}

void weft_probe_on_heard(struct weft_core *core)
{
    core->probes.heard_ns = core->now_ns;
}

/* ---- Sending ---- */

static void ping(struct weft_core *core, const struct weft_endpoint *to, uint32_t sequence,
                 uint64_t suspected)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_PING};
    message.probe.sequence = sequence;
    message.probe.subject = to->id;
    message.probe.suspected = suspected;
    message.probe.digest = core->members.digest;
    weft_gossip_ride(core, RIDERS, &message.probe.records);
    weft_datagram_send(core, to, &message);
}

static void ping_slot(struct weft_core *core, uint32_t slot, uint32_t sequence, bool is_accused)
{
    struct weft_endpoint to = weft_member_endpoint(core, slot);
    uint64_t suspected = is_accused
                             ? weft_member_said(core, &core->members.table[slot])->incarnation
                             : weft_member_suspected(core, to.id);
    ping(core, &to, sequence, suspected);
}

void weft_probe_accuse(struct weft_core *core, uint32_t slot)
{
    ping_slot(core, slot, ++core->probes.sequence, true /* is_accused */);
}

/* Which stage ends first; and behind the last probe the table ends. */
static void plan(struct weft_core *core)
{
    struct weft_probes *probes = &core->probes;
    while (probes->end > 0 && at(probes, probes->end - 1)->stage == WEFT_PROBE_FREE) {
        probes->end--;
        weft_rows_shrink(&core->reserves->rows, probes->pieces, probes->end,
                         WEFT_PIECE_ROWS(struct weft_probe));
    }
    core->dues[WEFT_DUE_PROBE] = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < probes->end; i++) {
        const struct weft_probe *probe = at(probes, i);
        if (probe->stage != WEFT_PROBE_FREE) {
            weft_due_by(core, WEFT_DUE_PROBE, probe->due_ns);
        }
    }
}

static struct weft_probe *find_free(struct weft_core *core)
{
    struct weft_probes *probes = &core->probes;
    for (uint32_t i = 0; i < probes->end; i++) {
        if (at(probes, i)->stage == WEFT_PROBE_FREE) {
            return at(probes, i);
        }
    }
    bool has_room = probes->end < WEFT_PROBES_MAX &&
                    weft_rows_grow(&core->reserves->rows, probes->pieces, probes->end,
                                   WEFT_PIECE_ROWS(struct weft_probe));
    return has_room ? at(probes, probes->end++) : NULL;
}

/* Enter a probe of |target| into the table; NULL if it is full. */
static struct weft_probe *begin(struct weft_core *core, weft_node_id target, uint8_t stage)
{
    struct weft_probes *probes = &core->probes;
    struct weft_probe *probe = find_free(core);
    if (probe == NULL) {
        return NULL;
    }
    *probe = (struct weft_probe){
        .target = target,
        .sent_ns = core->now_ns,
        .due_ns = core->now_ns + timeout_ns(core),
        .sequence = ++probes->sequence,
        .stage = stage,
        .helpers = HELPERS,
    };
    weft_due_by(core, WEFT_DUE_PROBE, probe->due_ns);
    return probe;
}

static bool is_under_way(const struct weft_probes *probes, weft_node_id target)
{
    for (uint32_t i = 0; i < probes->end; i++) {
        const struct weft_probe *probe = at(probes, i);
        if (probe->target == target &&
            (probe->stage == WEFT_PROBE_DIRECT || probe->stage == WEFT_PROBE_INDIRECT)) {
            return true;
        }
    }
    return false;
}

/* Probe the member at |slot| unless that is being done. */
static void probe_slot(struct weft_core *core, uint32_t slot, uint8_t helpers, bool is_accused)
{
    weft_node_id target = weft_member_said(core, &core->members.table[slot])->id;
    if (is_under_way(&core->probes, target)) {
        return;
    }
    struct weft_probe *probe = begin(core, target, WEFT_PROBE_DIRECT);
    if (probe != NULL) {
        probe->helpers = helpers;
        ping_slot(core, slot, probe->sequence, is_accused);
    }
}

void weft_probe_slot(struct weft_core *core, uint32_t slot)
{
    probe_slot(core, slot, HELPERS, false /* is_accused */);
}

void weft_probe_confront(struct weft_core *core, uint32_t slot)
{
    probe_slot(core, slot, HELPERS_DOUBT, true /* is_accused */);
}

void weft_probe_doubt(struct weft_core *core, weft_node_id id)
{
    uint32_t slot = weft_member_slot(core, id);
    if (core->link_up && slot != WEFT_MEMBER_NONE && slot != 0) {
        probe_slot(core, slot, HELPERS_DOUBT, false /* is_accused */);
    }
}

/* ---- Answering ---- */

/* What the reader of a message says about this node, and its view. */
static void take_news(struct weft_core *core, const struct weft_endpoint *from,
                      const struct weft_message_probe *probe)
{
    weft_gossip_on_records(core, from->id, &probe->records);
    if (probe->suspected != 0) {
        weft_claim_refute(core, probe->suspected);
    }
    if (weft_member_find(core, from->id) == NULL) {
        weft_sync_ask(core, from);
    } else {
        weft_sync_on_digest(core, from, probe->digest);
    }
}

void weft_probe_on_ping(struct weft_core *core, const struct weft_endpoint *from,
                        const struct weft_message_probe *probe)
{
    if (probe->subject != core->self.id) {
        weft_core_reject(core, WEFT_REJECT_UNEXPECTED);
        return;
    }
    take_news(core, from, probe);
    struct weft_message message = {.kind = WEFT_MESSAGE_ACK};
    struct weft_message_probe *ack = &message.probe;
    ack->sequence = probe->sequence;
    ack->suspected = weft_member_suspected(core, from->id);
    ack->digest = core->members.digest;
    if (probe->suspected != 0 || probe->digest != core->members.digest) {
        /* Whoever doubts, or asks, hears first hand what is so. */
        ack->records.items[ack->records.count++] = weft_member_record(core, 0);
    }
    weft_gossip_ride(core, RIDERS, &ack->records);
    weft_datagram_send(core, from, &message);
}

/* Count a probe that was answered; |helped|: not to the first PING. */
static void note_answer(struct weft_probes *probes, bool helped)
{
    probes->loss = probes->loss - probes->loss / 8 + (helped ? 32 : 0);
}

/* The target of a probe for somebody else answered: say so. */
static void pass_on(struct weft_core *core, const struct weft_probe *probe)
{
    uint32_t slot = weft_member_slot(core, probe->asker);
    if (slot == WEFT_MEMBER_NONE) {
        return;
    }
    struct weft_endpoint to = weft_member_endpoint(core, slot);
    struct weft_message message = {.kind = WEFT_MESSAGE_ACK};
    message.probe.sequence = probe->asker_sequence;
    message.probe.subject = probe->target;
    message.probe.suspected = weft_member_suspected(core, probe->asker);
    message.probe.digest = core->members.digest;
    weft_gossip_ride(core, RIDERS, &message.probe.records);
    weft_datagram_send(core, &to, &message);
}

void weft_probe_on_ack(struct weft_core *core, const struct weft_endpoint *from,
                       const struct weft_message_probe *ack)
{
    take_news(core, from, ack);
    weft_node_id target = ack->subject == 0 ? from->id : ack->subject;
    for (uint32_t i = 0; i < core->probes.end; i++) {
        struct weft_probe *probe = at(&core->probes, i);
        if (probe->stage == WEFT_PROBE_FREE || probe->sequence != ack->sequence ||
            probe->target != target) {
            continue;
        }
        if (probe->stage == WEFT_PROBE_RELAY) {
            pass_on(core, probe);
        } else {
            note_answer(&core->probes, probe->stage == WEFT_PROBE_INDIRECT);
        }
        probe->stage = WEFT_PROBE_FREE;
        plan(core);
        return;
    }
}

void weft_probe_on_pingreq(struct weft_core *core, const struct weft_endpoint *from,
                           const struct weft_message_pingreq *request)
{
    if (weft_member_find(core, from->id) == NULL ||
        !weft_prefix_contains(&core->segment, request->target.address.ip)) {
        weft_core_reject(core, WEFT_REJECT_STRANGER);
        return;
    }
    struct weft_probe *probe = begin(core, request->target.id, WEFT_PROBE_RELAY);
    if (probe == NULL) {
        return;
    }
    probe->asker = from->id;
    probe->asker_sequence = request->sequence;
    ping(core, &request->target, probe->sequence, request->suspected);
}

/* ---- Ends of probes ---- */

static bool was_heard(const struct weft_core *core, uint32_t slot, weft_ns since_ns)
{
    uint32_t silent_ms = weft_member_clock_ms(core) - core->members.table[slot].heard_ms;
    return silent_ms < (core->now_ns - since_ns) / WEFT_NS_PER_MS;
}

bool weft_probe_is_own_fault(const struct weft_core *core)
{
    weft_ns silent_ns = core->now_ns - core->probes.heard_ns;
    uint32_t view = core->members.up_count + core->members.suspect_count;
    return view > 2 && silent_ns > period_ns(core) * 5 / 2 && silent_ns < OWN_FAULT_MAX_NS;
}

static void ask_helpers(struct weft_core *core, const struct weft_probe *probe, uint32_t slot)
{
    uint32_t slots[HELPERS];
    uint32_t count = weft_member_sample(core, probe->target, probe->helpers, slots);
    struct weft_message message = {.kind = WEFT_MESSAGE_PINGREQ};
    message.pingreq.sequence = probe->sequence;
    message.pingreq.target = weft_member_endpoint(core, slot);
    message.pingreq.suspected = weft_member_suspected(core, probe->target);
    for (uint32_t i = 0; i < count; i++) {
        struct weft_endpoint to = weft_member_endpoint(core, slots[i]);
        weft_datagram_send(core, &to, &message);
    }
}

/* A stage of |probe| is over without an answer. */
static void end_stage(struct weft_core *core, struct weft_probe *probe)
{
    uint32_t slot = weft_member_slot(core, probe->target);
    bool is_late = core->now_ns - probe->due_ns > timeout_ns(core) &&
                   core->now_ns - probe->sent_ns < SLEEP_PERIODS * period_ns(core);
    if (probe->stage == WEFT_PROBE_RELAY || slot == WEFT_MEMBER_NONE ||
        was_heard(core, slot, probe->sent_ns)) {
        probe->stage = WEFT_PROBE_FREE;
        return;
    }
    bool is_lossy = core->probes.loss > LOSSY && !probe->is_again;
    weft_pace_stir(core);
    if (probe->stage == WEFT_PROBE_DIRECT || is_late || is_lossy) {
        /* The first PING may only have been lost. If this node itself was late, answers may still
         * wait to be read: the stage begins again. */
        ping_slot(core, slot, probe->sequence, false /* is_accused */);
        ask_helpers(core, probe, slot);
        probe->is_again = probe->stage == WEFT_PROBE_INDIRECT;
        probe->stage = WEFT_PROBE_INDIRECT;
        probe->due_ns = core->now_ns + timeout_ns(core);
        return;
    }
    probe->stage = WEFT_PROBE_FREE;
    if (!weft_probe_is_own_fault(core)) {
        weft_claim_suspect(core, probe->target);
    }
}

static void end_stages(struct weft_core *core)
{
    struct weft_probes *probes = &core->probes;
    for (uint32_t i = 0; i < core->probes.end; i++) {
        struct weft_probe *probe = at(probes, i);
        if (probe->stage != WEFT_PROBE_FREE && core->now_ns >= probe->due_ns) {
            end_stage(core, probe);
        }
    }
    plan(core);
}

/* ---- Timers ---- */

bool weft_probe_notice_sleep(struct weft_core *core)
{
    weft_ns due_ns = core->dues[WEFT_DUE_ROUND];
    bool slept = core->link_up && due_ns != WEFT_NS_NEVER &&
                 core->now_ns > due_ns + SLEEP_PERIODS * period_ns(core);
    if (slept) {
        weft_probe_restart(core);
    }
    return slept;
}

void weft_probe_expire(struct weft_core *core)
{
    if (core->now_ns >= core->dues[WEFT_DUE_PROBE]) {
        end_stages(core);
    }
    weft_round_expire(core);
}
