/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how fast does somebody send, as receivers measured it?". Integers only. */
#include "bandwidth.h"

#include "rng.h"
#include "state.h"

/* Smaller pieces say more about latency than about bandwidth. */
#define SAMPLE_BYTES_MIN (16 * 1024)

/* Weight of a new sample in the moving mean: 1 / 4. */
#define MEAN_SHIFT 2

/* Goodput of half-octave 0: 128 KiB/s. */
#define BASE_SHIFT 17

/* How often rates are told, what change is worth telling, when they are told all the same. */
#define TELL_NS (60 * WEFT_NS_PER_S)
#define TELL_HALF_OCTAVES 2
#define TELL_AGAIN_NS (600 * WEFT_NS_PER_S)

#define NEVER_TOLD UINT8_MAX

void weft_bandwidth_carve(struct weft_core *core, struct weft_arena *arena)
{
    core->bandwidths.table =
        weft_arena_take(arena, core->config.links_max, sizeof *core->bandwidths.table);
}

uint8_t weft_bandwidth_half_octaves(uint64_t bytes_per_s)
{
    uint64_t ratio = bytes_per_s >> BASE_SHIFT;
    if (ratio == 0) {
        return 0;
    }
    uint32_t octaves = 63 - (uint32_t)__builtin_clzll(ratio);
    if (octaves > WEFT_HALF_OCTAVES_MAX / 2) {
        return WEFT_HALF_OCTAVES_MAX;
    }
    /* The upper half begins at the square root of two: 181 / 128. */
    uint64_t fraction = bytes_per_s >> (BASE_SHIFT + octaves - 7);
    return (uint8_t)(2 * octaves + (fraction >= 181 ? 1 : 0));
}

/* ---- What this node measures ---- */

/* Entries are filled from the front and never freed. */
static struct weft_bandwidth *find(const struct weft_core *core, weft_node_id peer)
{
    const struct weft_bandwidth *table = core->bandwidths.table;
    for (uint32_t i = 0; i < core->config.links_max && table[i].peer != 0; i++) {
        if (table[i].peer == peer) {
            return &core->bandwidths.table[i];
        }
    }
    return NULL;
}

/* The entry whose last sample is oldest; free ones first. */
static struct weft_bandwidth *oldest(const struct weft_core *core)
{
    struct weft_bandwidth *found = &core->bandwidths.table[0];
    for (uint32_t i = 0; i < core->config.links_max; i++) {
        struct weft_bandwidth *entry = &core->bandwidths.table[i];
        if (entry->peer == 0) {
            return entry;
        }
        if (entry->seen_ns < found->seen_ns) {
            found = entry;
        }
    }
    return found;
}

void weft_bandwidth_observe(struct weft_core *core, weft_node_id peer, uint32_t bytes,
                            weft_ns transfer_ns)
{
    if (peer == 0 || bytes < SAMPLE_BYTES_MIN || transfer_ns == 0) {
        return;
    }
    uint64_t sample = bytes * WEFT_NS_PER_S / transfer_ns;
    struct weft_bandwidth *entry = find(core, peer);
    if (entry == NULL) {
        entry = oldest(core);
        *entry = (struct weft_bandwidth){.peer = peer, .bytes_per_s = sample, .told = NEVER_TOLD};
    } else if (sample >= entry->bytes_per_s) {
        entry->bytes_per_s += (sample - entry->bytes_per_s) >> MEAN_SHIFT;
    } else {
        entry->bytes_per_s -= (entry->bytes_per_s - sample) >> MEAN_SHIFT;
    }
    entry->seen_ns = core->now_ns;
    if (core->bandwidths.due_ns == WEFT_NS_NEVER) {
        core->bandwidths.due_ns = core->now_ns + TELL_NS;
    }
}

uint64_t weft_bandwidth_of(const struct weft_core *core, weft_node_id peer)
{
    const struct weft_bandwidth *entry = peer == 0 ? NULL : find(core, peer);
    return entry == NULL ? 0 : entry->bytes_per_s;
}

/* ---- What observers tell ---- */

/* Order in which candidates keep their place: class, then rendezvous weight. */
static uint64_t standing(const struct weft_core *core, weft_node_id id)
{
    uint32_t slot = weft_member_slot(core, id);
    if (slot == WEFT_MEMBER_NONE) {
        return 0;
    }
    uint64_t weight = weft_rendezvous(weft_segment_key(&core->segment), id);
    return (uint64_t)core->members.table[slot].record->agent_class << 56 | weight >> 8;
}

static struct weft_bandwidth_subject *find_subject(struct weft_bandwidths *bandwidths,
                                                   weft_node_id id)
{
    for (uint32_t i = 0; i < WEFT_BANDWIDTH_SUBJECTS_MAX; i++) {
        if (bandwidths->subjects[i].id == id) {
            return &bandwidths->subjects[i];
        }
    }
    return NULL;
}

/* A place for the values of |id|; NULL if every other candidate stands before it. */
static struct weft_bandwidth_subject *take_subject(struct weft_core *core, weft_node_id id)
{
    struct weft_bandwidth_subject *last = &core->bandwidths.subjects[0];
    for (uint32_t i = 0; i < WEFT_BANDWIDTH_SUBJECTS_MAX; i++) {
        struct weft_bandwidth_subject *subject = &core->bandwidths.subjects[i];
        if (standing(core, subject->id) < standing(core, last->id)) {
            last = subject;
        }
    }
    if (standing(core, last->id) >= standing(core, id)) {
        return NULL;
    }
    uint32_t slot = weft_member_slot(core, last->id);
    if (slot != WEFT_MEMBER_NONE) {
        weft_member_set_rate(core, slot, WEFT_MEMBER_RATE_UNKNOWN);
    }
    *last = (struct weft_bandwidth_subject){.id = id};
    return last;
}

/* Enter a value; false if it is old, or if five observers before this one told theirs. */
static bool enter(struct weft_bandwidth_subject *subject, const struct weft_rate *rate)
{
    uint16_t tag = (uint16_t)(weft_rendezvous(rate->subject, rate->observer) >> 48 | 1);
    uint32_t place = 0;
    for (uint32_t i = 0; i < WEFT_BANDWIDTH_OBSERVERS; i++) {
        if (subject->tags[i] == tag) {
            place = i;
            break;
        }
        place = subject->tags[i] < subject->tags[place] ? i : place;
    }
    bool is_known = subject->tags[place] == tag;
    bool is_newer = (int32_t)(rate->sequence - subject->sequences[place]) > 0;
    if (is_known ? !is_newer : subject->tags[place] > tag) {
        return false;
    }
    subject->tags[place] = tag;
    subject->sequences[place] = rate->sequence;
    subject->values[place] = rate->half_octaves;
    return true;
}

/* Lower median of what observers told, if they are at least two. */
static uint8_t median(const struct weft_bandwidth_subject *subject)
{
    uint8_t sorted[WEFT_BANDWIDTH_OBSERVERS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < WEFT_BANDWIDTH_OBSERVERS; i++) {
        if (subject->tags[i] == 0) {
            continue;
        }
        uint32_t at = count++;
        while (at > 0 && sorted[at - 1] > subject->values[i]) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = subject->values[i];
    }
    return count < 2 ? WEFT_MEMBER_RATE_UNKNOWN : sorted[(count - 1) / 2];
}

uint8_t weft_bandwidth_attested(const struct weft_core *core, weft_node_id id)
{
    for (uint32_t i = 0; i < WEFT_BANDWIDTH_SUBJECTS_MAX; i++) {
        if (core->bandwidths.subjects[i].id == id) {
            return median(&core->bandwidths.subjects[i]);
        }
    }
    return WEFT_MEMBER_RATE_UNKNOWN;
}

void weft_bandwidth_on_rate(struct weft_core *core, const struct weft_rate *rate)
{
    uint32_t slot = weft_member_slot(core, rate->subject);
    if (slot == WEFT_MEMBER_NONE || weft_member_slot(core, rate->observer) == WEFT_MEMBER_NONE) {
        return;
    }
    struct weft_bandwidth_subject *subject = find_subject(&core->bandwidths, rate->subject);
    if (subject == NULL) {
        subject = take_subject(core, rate->subject);
    }
    if (subject != NULL && enter(subject, rate)) {
        weft_member_set_rate(core, slot, median(subject));
        weft_gossip_tell_rate(core, rate);
    }
}

/* ---- Telling ---- */

static bool is_worth_telling(const struct weft_core *core, const struct weft_bandwidth *entry)
{
    if (entry->peer == 0 || weft_member_find(core, entry->peer) == NULL) {
        return false;
    }
    uint8_t value = weft_bandwidth_half_octaves(entry->bytes_per_s);
    uint8_t told = entry->told;
    bool is_changed = told == NEVER_TOLD || value >= told + TELL_HALF_OCTAVES ||
                      told >= value + TELL_HALF_OCTAVES;
    return is_changed ||
           (core->now_ns - entry->told_ns >= TELL_AGAIN_NS && entry->seen_ns > entry->told_ns);
}

void weft_bandwidth_expire(struct weft_core *core)
{
    struct weft_bandwidths *bandwidths = &core->bandwidths;
    if (core->now_ns < bandwidths->due_ns) {
        return;
    }
    bandwidths->due_ns = core->now_ns + TELL_NS;
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->config.links_max && count < WEFT_MESSAGE_RATES_MAX; i++) {
        struct weft_bandwidth *entry = &bandwidths->table[i];
        if (!is_worth_telling(core, entry)) {
            continue;
        }
        entry->told = weft_bandwidth_half_octaves(entry->bytes_per_s);
        entry->told_ns = core->now_ns;
        bandwidths->told_count++;
        count++;
        struct weft_rate rate = {
            .observer = core->self.id,
            .subject = entry->peer,
            .sequence = (uint32_t)core->incarnation + bandwidths->told_count,
            .half_octaves = entry->told,
        };
        weft_bandwidth_on_rate(core, &rate);
    }
}

weft_ns weft_bandwidth_deadline(const struct weft_core *core)
{
    return core->bandwidths.due_ns;
}
