/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which news still have to be told, and to whom?". The timers are in gossip.h. */
#include "gossip.h"

#include <string.h>

#include "claim.h"
#include "datagram.h"
#include "state.h"

/* To how many at a time, how soon after the last push, and when what is left is pushed again, and
 * rates are told to the next ones. */
#define FANOUT 3
#define PUSH_NS (20 * WEFT_NS_PER_MS)
#define AGAIN_NS (200 * WEFT_NS_PER_MS)

void weft_gossip_carve(struct weft_core *core, struct weft_arena *arena)
{
    weft_log_carve(&core->gossip.queue, arena, core->config.members_max);
}

/* Transmissions saved by each copy of a piece of news that somebody else sends here. */
#define HEARD_TELLS 2

/* Transmissions of one piece of news: 2 * ceil(log10(n + 1)) + 4. Who is left out all the same is
 * found by the digest. */
static uint8_t tells(const struct weft_core *core)
{
    uint8_t digits = 0;
    for (uint32_t rest = core->members.up_count; rest > 0; rest /= 10) {
        digits++;
    }
    return (uint8_t)(2 * digits + 4);
}

static void append(struct weft_core *core, uint32_t slot)
{
    weft_log_append(&core->gossip.queue, &core->reserves->rows, (uint16_t)slot);
}

/* Take the entry that waits for the longest time. */
static uint32_t take_first(struct weft_core *core)
{
    struct weft_log *queue = &core->gossip.queue;
    uint32_t slot = *weft_log_at(queue, queue->first);
    weft_log_drop(queue, &core->reserves->rows, queue->first + 1);
    return slot;
}

static void drop_rates(struct weft_core *core)
{
    struct weft_gossip *gossip = &core->gossip;
    if (gossip->rates != NULL) {
        weft_reserve_give(&core->reserves->rows, gossip->rates);
        gossip->rates = NULL;
    }
    core->dues[WEFT_DUE_RATES] = WEFT_NS_NEVER;
}

void weft_gossip_end(struct weft_core *core)
{
    weft_log_reset(&core->gossip.queue, &core->reserves->rows);
    drop_rates(core);
}

void weft_gossip_tell(struct weft_core *core, uint32_t slot, bool eager)
{
    struct weft_gossip *gossip = &core->gossip;
    if (core->members.table[slot].tells == 0 &&
        weft_log_length(&gossip->queue) < gossip->queue.entries_max) {
        append(core, slot);
    }
    weft_member_set_tells(core, slot, tells(core));
    if (eager) {
        weft_ns soonest_ns = gossip->pushed_ns + PUSH_NS;
        weft_due_by(core, WEFT_DUE_PUSH, core->now_ns > soonest_ns ? core->now_ns : soonest_ns);
    }
}

void weft_gossip_on_known(struct weft_core *core, uint32_t slot)
{
    uint32_t left = core->members.table[slot].tells;
    if (left > 1) {
        left = left > HEARD_TELLS + 1 ? left - HEARD_TELLS : 1;
        weft_member_set_tells(core, slot, (uint8_t)left);
    }
}

void weft_gossip_tell_rates(struct weft_core *core, const struct weft_rate *rates, uint32_t count)
{
    struct weft_gossip *gossip = &core->gossip;
    if (gossip->rates == NULL) {
        gossip->rates = weft_reserve_take(&core->reserves->rows);
    }
    memcpy(gossip->rates->items, rates, count * sizeof(rates[0]));
    gossip->rates->count = count;
    gossip->rates->slot = core->members.count;
    core->dues[WEFT_DUE_RATES] = core->now_ns;
}

/* Take up to |wanted| records from the queue, each to be sent |copies| times. */
static void take(struct weft_core *core, uint32_t wanted, uint32_t copies,
                 struct weft_records *records)
{
    uint32_t room = WEFT_MESSAGE_RECORDS_MAX - records->count;
    uint32_t waiting = weft_log_length(&core->gossip.queue);
    uint32_t count = waiting < wanted ? waiting : wanted;
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = take_first(core);
        uint32_t left = core->members.table[slot].tells;
        left = left > copies ? left - copies : 0;
        weft_member_set_tells(core, slot, (uint8_t)left);
        records->items[records->count++] = weft_member_record(core, slot);
        if (left > 0) {
            append(core, slot);
        }
    }
}

void weft_gossip_ride(struct weft_core *core, uint32_t wanted, struct weft_records *records)
{
    take(core, wanted, 1, records);
}

/* Whom to tell: the next member on the ring, so that nobody is left out by chance, and others at
 * random, so that it is fast. */
static uint32_t choose(struct weft_core *core, uint32_t *slots)
{
    uint32_t successor = weft_round_successor(core);
    if (successor == WEFT_MEMBER_NONE) {
        return weft_member_sample(core, 0, FANOUT, slots);
    }
    slots[0] = successor;
    weft_node_id id = weft_member_said(core, &core->members.table[successor])->id;
    return 1 + weft_member_sample(core, id, FANOUT - 1, slots + 1);
}

/* Tell three members what waits. */
static void push(struct weft_core *core)
{
    struct weft_gossip *gossip = &core->gossip;
    uint32_t slots[FANOUT];
    uint32_t count = choose(core, slots);
    core->dues[WEFT_DUE_PUSH] = WEFT_NS_NEVER;
    if (count == 0) {
        /* Nobody is there; whoever comes is welcomed with everything. */
        weft_gossip_clear(core);
        return;
    }
    struct weft_message message = {.kind = WEFT_MESSAGE_GOSSIP};
    uint32_t waiting = weft_log_length(&gossip->queue);
    take(core, WEFT_MESSAGE_RECORDS_MAX, count, &message.gossip.records);
    for (uint32_t i = 0; i < count; i++) {
        struct weft_endpoint to = weft_member_endpoint(core, slots[i]);
        weft_datagram_send(core, &to, &message);
    }
    gossip->pushed_ns = core->now_ns;
    if (waiting > WEFT_MESSAGE_RECORDS_MAX) {
        weft_due_by(core, WEFT_DUE_PUSH, core->now_ns + PUSH_NS);
    } else if (weft_log_length(&gossip->queue) > 0) {
        weft_due_by(core, WEFT_DUE_PUSH, core->now_ns + AGAIN_NS);
    }
}

/* Tell the next members what this node measured. Places are gone through from the last to the
 * first: who moves into the place of one that is removed may be told twice, nobody is left out. */
static void push_rates(struct weft_core *core)
{
    struct weft_gossip_rates *rates = core->gossip.rates;
    struct weft_message message = {.kind = WEFT_MESSAGE_GOSSIP};
    message.gossip.rate_count = rates->count;
    memcpy(message.gossip.rates, rates->items, rates->count * sizeof(rates->items[0]));
    for (uint32_t told = 0; told < FANOUT && rates->slot > 1;) {
        uint32_t slot = --rates->slot;
        if (slot < core->members.count && weft_member_is_up(&core->members.table[slot])) {
            struct weft_endpoint to = weft_member_endpoint(core, slot);
            weft_datagram_send(core, &to, &message);
            told++;
        }
    }
    if (rates->slot > 1) {
        core->dues[WEFT_DUE_RATES] = core->now_ns + AGAIN_NS;
    } else {
        drop_rates(core);
    }
}

void weft_gossip_on_records(struct weft_core *core, weft_node_id from,
                            const struct weft_records *records)
{
    for (uint32_t i = 0; i < records->count; i++) {
        const struct weft_record *record = &records->items[i];
        weft_claim_merge(core, record,
                         record->id == from ? WEFT_HEARSAY_SELF : WEFT_HEARSAY_GOSSIP);
    }
}

void weft_gossip_on_gossip(struct weft_core *core, weft_node_id from,
                           const struct weft_message_gossip *message)
{
    weft_gossip_on_records(core, from, &message->records);
    for (uint32_t i = 0; i < message->rate_count; i++) {
        weft_bandwidth_on_rate(core, from, &message->rates[i]);
    }
}

void weft_gossip_on_removed(struct weft_core *core, uint32_t slot, uint32_t moved)
{
    for (uint32_t left = weft_log_length(&core->gossip.queue); left > 0; left--) {
        uint32_t entry = take_first(core);
        if (entry != slot) {
            append(core, entry == moved ? slot : entry);
        }
    }
}

void weft_gossip_clear(struct weft_core *core)
{
    for (uint32_t slot = 0; slot < core->members.count; slot++) {
        weft_member_set_tells(core, slot, 0);
    }
    drop_rates(core);
    weft_log_reset(&core->gossip.queue, &core->reserves->rows);
    core->dues[WEFT_DUE_PUSH] = WEFT_NS_NEVER;
}

void weft_gossip_expire(struct weft_core *core)
{
    if (core->now_ns >= core->dues[WEFT_DUE_PUSH]) {
        push(core);
    }
    if (core->now_ns >= core->dues[WEFT_DUE_RATES]) {
        push_rates(core);
    }
    weft_sync_expire(core);
}
