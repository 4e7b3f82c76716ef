/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "do our views differ for good, and in what?". The timers are in sync.h. */
#include "sync.h"

#include "bitmap.h"
#include "claim.h"
#include "datagram.h"
#include "rng.h"
#include "state.h"

/* How long digests must differ, for a node that has just joined and for others. */
#define YOUNG_NS (300 * WEFT_NS_PER_MS)
#define OLD_NS (3 * WEFT_NS_PER_S)

/* Least time between two SYNCs of one node, and SYNCs answered in a second. */
#define ASK_NS (300 * WEFT_NS_PER_MS)
#define ASK_YOUNG_NS (10 * WEFT_NS_PER_MS)
#define ANSWERS_MAX 100

static uint32_t bucket_of(weft_node_id id)
{
    return (uint32_t)(weft_mix(id) >> 57);
}

_Static_assert(WEFT_MESSAGE_BUCKETS == 1 << (64 - 57), "the upper bits of a hash name a bucket");

static void fill_buckets(const struct weft_core *core, uint32_t salt, uint16_t *buckets)
{
    const struct weft_members *members = &core->members;
    for (uint32_t i = 0; i < WEFT_MESSAGE_BUCKETS; i++) {
        buckets[i] = 0;
    }
    for (uint32_t slot = 0; slot < members->count; slot++) {
        const struct weft_member *member = &members->table[slot];
        if (member->state == WEFT_MEMBER_ALIVE || member->state == WEFT_MEMBER_SUSPECT) {
            uint16_t *bucket = &buckets[bucket_of(weft_member_said(core, member)->id)];
            *bucket = (uint16_t)(*bucket + weft_mix(weft_member_hash(core, member) + salt));
        }
    }
}

static void send_sync(struct weft_core *core, const struct weft_endpoint *to,
                      enum weft_sync_mode mode)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_SYNC};
    message.sync.mode = (uint8_t)mode;
    message.sync.salt = (uint32_t)weft_rng_next(&core->rng);
    fill_buckets(core, message.sync.salt, message.sync.buckets);
    weft_datagram_send(core, to, &message);
}

void weft_sync_ask(struct weft_core *core, const struct weft_endpoint *to)
{
    struct weft_syncs *sync = &core->gossip.sync;
    bool is_young = weft_join_is_young(core);
    weft_ns least_ns = is_young ? ASK_YOUNG_NS : ASK_NS;
    if (sync->asked_ns != 0 && core->now_ns - sync->asked_ns < least_ns) {
        return;
    }
    sync->asked_ns = core->now_ns;
    sync->differ_since_ns = 0;
    send_sync(core, to, is_young ? WEFT_SYNC_LEARN : WEFT_SYNC_COMPARE);
}

void weft_sync_on_digest(struct weft_core *core, const struct weft_endpoint *from, uint64_t digest)
{
    struct weft_syncs *sync = &core->gossip.sync;
    if (digest == core->members.digest) {
        sync->differ_since_ns = 0;
        return;
    }
    if (sync->differ_since_ns == 0) {
        sync->differ_since_ns = core->now_ns; /* news may be on their way */
    } else {
        weft_pace_stir(core);
    }
    weft_ns limit_ns = weft_join_is_young(core) ? YOUNG_NS : OLD_NS;
    if (core->now_ns - sync->differ_since_ns >= limit_ns) {
        weft_sync_ask(core, from);
    }
}

/* Send one datagram of records from buckets in the set |differing|, beginning at |*cursor| in the
 * table, which wraps around; |*left| entries are still to be looked at. */
static void send_records(struct weft_core *core, const struct weft_endpoint *to,
                         const uint64_t *differing, uint32_t *cursor, uint32_t *left)
{
    const struct weft_members *members = &core->members;
    struct weft_message message = {.kind = WEFT_MESSAGE_SYNC_RECORDS};
    struct weft_records *records = &message.gossip.records;
    while (*left > 0 && records->count < WEFT_MESSAGE_RECORDS_MAX) {
        uint32_t slot = *cursor % members->count;
        if (weft_bitmap_has(differing,
                            bucket_of(weft_member_said(core, &members->table[slot])->id))) {
            records->items[records->count++] = weft_member_record(core, slot);
        }
        (*cursor)++;
        (*left)--;
    }
    if (records->count > 0) {
        weft_datagram_send(core, to, &message);
    }
}

/* Is there still an answer to spend in this second? */
static bool may_answer(struct weft_core *core)
{
    struct weft_syncs *sync = &core->gossip.sync;
    if (core->now_ns - sync->answered_ns >= WEFT_NS_PER_S) {
        sync->answered_ns = core->now_ns;
        sync->answered_count = 0;
    }
    return sync->answered_count++ < ANSWERS_MAX;
}

void weft_sync_on_sync(struct weft_core *core, const struct weft_endpoint *from,
                       const struct weft_message_sync *message)
{
    if (!may_answer(core)) {
        return;
    }
    uint16_t own[WEFT_MESSAGE_BUCKETS];
    uint64_t differing[WEFT_MESSAGE_BUCKETS / 64] = {0};
    fill_buckets(core, message->salt, own);
    for (uint32_t i = 0; i < WEFT_MESSAGE_BUCKETS; i++) {
        if (own[i] != message->buckets[i]) {
            weft_bitmap_set(differing, i);
        }
    }
    /* Begin anywhere: what does not fit now comes first another time. */
    uint32_t left = core->members.count;
    uint32_t cursor = weft_rng_below(&core->rng, left);
    send_records(core, from, differing, &cursor, &left);
    if (message->mode == WEFT_SYNC_COMPARE) {
        send_sync(core, from, WEFT_SYNC_REPLY);
    } else {
        send_records(core, from, differing, &cursor, &left);
    }
}

void weft_sync_on_records(struct weft_core *core, const struct weft_endpoint *from,
                          const struct weft_records *records)
{
    bool is_news = false;
    for (uint32_t i = 0; i < records->count; i++) {
        const struct weft_record *record = &records->items[i];
        is_news |= weft_claim_merge(core, record,
                                    record->id == from->id ? WEFT_HEARSAY_SELF : WEFT_HEARSAY_SYNC);
    }
    if (is_news && records->count == WEFT_MESSAGE_RECORDS_MAX && weft_join_is_young(core)) {
        /* There is more where this came from. */
        core->gossip.sync.more = *from;
        core->dues[WEFT_DUE_SYNC] = core->now_ns + ASK_YOUNG_NS;
    }
}

void weft_sync_expire(struct weft_core *core)
{
    struct weft_syncs *sync = &core->gossip.sync;
    if (core->now_ns >= core->dues[WEFT_DUE_SYNC]) {
        core->dues[WEFT_DUE_SYNC] = WEFT_NS_NEVER;
        weft_sync_ask(core, &sync->more);
    }
}
