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

/* How often rates are told, what change is worth telling, when they are told all the same: to those
 * who came since or did not hear, for whom a rate is only unknown. */
#define TELL_NS (60 * WEFT_NS_PER_S)
#define TELL_HALF_OCTAVES 2
#define TELL_AGAIN_NS (4 * 3600 * WEFT_NS_PER_S)

#define NEVER_TOLD UINT8_MAX

/* Sender |index|, below count. */
static struct weft_bandwidth *at(const struct weft_bandwidths *bandwidths, uint32_t index)
{
    struct weft_bandwidth *rows =
        bandwidths->pieces[index / WEFT_PIECE_ROWS(struct weft_bandwidth)];
    return &rows[index % WEFT_PIECE_ROWS(struct weft_bandwidth)];
}

void weft_bandwidth_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->bandwidths.pieces,
                  WEFT_ROW_PIECES(WEFT_LINKS_MAX, struct weft_bandwidth));
    weft_rows_end(&core->reserves->rows, core->bandwidths.subject_pieces,
                  WEFT_ROW_PIECES(WEFT_BANDWIDTH_SUBJECTS_MAX, struct weft_bandwidth_subject));
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

static struct weft_bandwidth *find(const struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = 0; i < core->bandwidths.count; i++) {
        struct weft_bandwidth *entry = at(&core->bandwidths, i);
        if (entry->peer == peer) {
            return entry;
        }
    }
    return NULL;
}

/* A new entry, or that whose last sample is oldest. */
static struct weft_bandwidth *take(struct weft_core *core)
{
    struct weft_bandwidths *self = &core->bandwidths;
    if (self->count < core->config.links_max &&
        weft_rows_grow(&core->reserves->rows, self->pieces, self->count,
                       WEFT_PIECE_ROWS(struct weft_bandwidth))) {
        return at(self, self->count++);
    }
    struct weft_bandwidth *oldest = at(self, 0);
    for (uint32_t i = 1; i < self->count; i++) {
        struct weft_bandwidth *entry = at(self, i);
        oldest = entry->seen_ns < oldest->seen_ns ? entry : oldest;
    }
    return oldest;
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
        entry = take(core);
        *entry = (struct weft_bandwidth){.peer = peer, .bytes_per_s = sample, .told = NEVER_TOLD};
    } else if (sample >= entry->bytes_per_s) {
        entry->bytes_per_s += (sample - entry->bytes_per_s) >> MEAN_SHIFT;
    } else {
        entry->bytes_per_s -= (entry->bytes_per_s - sample) >> MEAN_SHIFT;
    }
    entry->seen_ns = core->now_ns;
    weft_due_by(core, WEFT_DUE_RATE, core->now_ns + TELL_NS);
}

uint64_t weft_bandwidth_of(const struct weft_core *core, weft_node_id peer)
{
    const struct weft_bandwidth *entry = peer == 0 ? NULL : find(core, peer);
    return entry == NULL ? 0 : entry->bytes_per_s;
}

/* ---- What observers tell ---- */

/* Order in which candidates keep their place: class, then rendezvous weight. */
static uint64_t standing_at(const struct weft_core *core, const struct weft_member *member)
{
    uint64_t weight = weft_rendezvous(core->segment_key, weft_member_said(core, member)->id);
    return (uint64_t)weft_member_class(core, member) << 56 | weight >> 8;
}

/* The same of a node; 0 = it is no member. */
static uint64_t standing(const struct weft_core *core, weft_node_id id)
{
    uint32_t slot = weft_member_slot(core, id);
    return slot == WEFT_MEMBER_NONE ? 0 : standing_at(core, &core->members.table[slot]);
}

/* Does |id| stand so far in front that everybody keeps what is told of it? */
static bool is_kept_of(const struct weft_core *core, weft_node_id id)
{
    const struct weft_members *members = &core->members;
    uint64_t own = standing(core, id);
    uint32_t place = 0;
    for (uint32_t slot = 0; slot < members->count && place < WEFT_BANDWIDTH_SUBJECTS_MAX; slot++) {
        const struct weft_member *member = &members->table[slot];
        bool before = weft_member_is_up(member) && standing_at(core, member) > own;
        place += before ? 1 : 0;
    }
    return own != 0 && place < WEFT_BANDWIDTH_SUBJECTS_MAX;
}

/* Candidate |index|, below subject_count. */
static struct weft_bandwidth_subject *subject_at(const struct weft_bandwidths *bandwidths,
                                                 uint32_t index)
{
    uint32_t rows = WEFT_PIECE_ROWS(struct weft_bandwidth_subject);
    struct weft_bandwidth_subject *piece = bandwidths->subject_pieces[index / rows];
    return &piece[index % rows];
}

static struct weft_bandwidth_subject *find_subject(const struct weft_bandwidths *bandwidths,
                                                   weft_node_id id)
{
    for (uint32_t i = 0; i < bandwidths->subject_count; i++) {
        struct weft_bandwidth_subject *subject = subject_at(bandwidths, i);
        if (subject->id == id) {
            return subject;
        }
    }
    return NULL;
}

/* The candidate that stands behind all others; NULL = none is known. */
static struct weft_bandwidth_subject *last_subject(const struct weft_core *core)
{
    struct weft_bandwidth_subject *last = NULL;
    for (uint32_t i = 0; i < core->bandwidths.subject_count; i++) {
        struct weft_bandwidth_subject *subject = subject_at(&core->bandwidths, i);
        bool behind = last == NULL || standing(core, subject->id) < standing(core, last->id);
        last = behind ? subject : last;
    }
    return last;
}

static struct weft_bandwidth_subject *add_subject(struct weft_core *core)
{
    struct weft_bandwidths *self = &core->bandwidths;
    bool has_room = self->subject_count < WEFT_BANDWIDTH_SUBJECTS_MAX &&
                    weft_rows_grow(&core->reserves->rows, self->subject_pieces, self->subject_count,
                                   WEFT_PIECE_ROWS(struct weft_bandwidth_subject));
    return has_room ? subject_at(self, self->subject_count++) : NULL;
}

/* A place for the values of |id|: of a candidate that left, a new one, or that of the last, unless
 * every other candidate stands before |id|: NULL. */
static struct weft_bandwidth_subject *take_subject(struct weft_core *core, weft_node_id id)
{
    struct weft_bandwidth_subject *last = last_subject(core);
    bool left = last != NULL && standing(core, last->id) == 0;
    struct weft_bandwidth_subject *place = left ? last : add_subject(core);
    if (place == NULL) {
        if (last == NULL || standing(core, last->id) >= standing(core, id)) {
            return NULL;
        }
        weft_member_set_rate(core, weft_member_slot(core, last->id), WEFT_MEMBER_RATE_UNKNOWN);
        place = last;
    }
    *place = (struct weft_bandwidth_subject){.id = id};
    return place;
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
    const struct weft_bandwidth_subject *subject = find_subject(&core->bandwidths, id);
    return subject == NULL ? WEFT_MEMBER_RATE_UNKNOWN : median(subject);
}

/* Take a value; false if it is not kept. */
static bool keep(struct weft_core *core, const struct weft_rate *rate)
{
    uint32_t slot = weft_member_slot(core, rate->subject);
    if (slot == WEFT_MEMBER_NONE || weft_member_slot(core, rate->observer) == WEFT_MEMBER_NONE) {
        return false;
    }
    struct weft_bandwidth_subject *subject = find_subject(&core->bandwidths, rate->subject);
    if (subject == NULL) {
        subject = take_subject(core, rate->subject);
    }
    if (subject == NULL || !enter(subject, rate)) {
        return false;
    }
    weft_member_set_rate(core, slot, median(subject));
    return true;
}

void weft_bandwidth_on_rate(struct weft_core *core, weft_node_id from, const struct weft_rate *rate)
{
    if (rate->observer == from) {
        (void)keep(core, rate);
    } else {
        weft_core_reject(core, WEFT_REJECT_UNEXPECTED);
    }
}

/* ---- Telling ---- */

static bool is_worth_telling(const struct weft_core *core, const struct weft_bandwidth *entry)
{
    if (weft_member_find(core, entry->peer) == NULL || !is_kept_of(core, entry->peer)) {
        return false;
    }
    uint8_t value = weft_bandwidth_half_octaves(entry->bytes_per_s);
    uint8_t told = entry->told;
    bool is_changed = told == NEVER_TOLD || value >= told + TELL_HALF_OCTAVES ||
                      told >= value + TELL_HALF_OCTAVES;
    return is_changed ||
           (core->now_ns - entry->told_ns >= TELL_AGAIN_NS && entry->seen_ns > entry->told_ns);
}

/* When there may be something worth telling, if nothing is measured until then. */
static weft_ns next_ns(const struct weft_core *core)
{
    weft_ns soonest_ns = core->now_ns + TELL_NS;
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->bandwidths.count; i++) {
        const struct weft_bandwidth *entry = at(&core->bandwidths, i);
        weft_ns again_ns = entry->told_ns + TELL_AGAIN_NS;
        bool is_left = entry->told != NEVER_TOLD && entry->seen_ns > entry->told_ns;
        if (is_worth_telling(core, entry)) {
            return soonest_ns;
        }
        next = is_left && again_ns < next ? again_ns : next;
    }
    return next > soonest_ns ? next : soonest_ns;
}

void weft_bandwidth_expire(struct weft_core *core)
{
    struct weft_bandwidths *bandwidths = &core->bandwidths;
    if (core->now_ns < core->dues[WEFT_DUE_RATE]) {
        return;
    }
    struct weft_rate rates[WEFT_MESSAGE_RATES_MAX];
    uint32_t tried = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < bandwidths->count && tried < WEFT_MESSAGE_RATES_MAX; i++) {
        struct weft_bandwidth *entry = at(bandwidths, i);
        if (!is_worth_telling(core, entry)) {
            continue;
        }
        entry->told = weft_bandwidth_half_octaves(entry->bytes_per_s);
        entry->told_ns = core->now_ns;
        bandwidths->told_count++;
        tried++;
        rates[count] = (struct weft_rate){
            .observer = core->self.id,
            .subject = entry->peer,
            .sequence = (uint32_t)core->incarnation + bandwidths->told_count,
            .half_octaves = entry->told,
        };
        /* Who keeps it here keeps it elsewhere: the rest is not worth a datagram. */
        count += keep(core, &rates[count]) ? 1 : 0;
    }
    if (count > 0) {
        weft_gossip_tell_rates(core, rates, count);
    }
    core->dues[WEFT_DUE_RATE] = next_ns(core);
}
