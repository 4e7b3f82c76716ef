/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunk next, and from whom in the segment? */
#include "pick.h"

#include "frame.h"
#include "have.h"
#include "rng.h"
#include "state.h"
#include "trade.h"

#define NEAR_OVERDUE_NS (1 * WEFT_NS_PER_S)
#define FAR_OVERDUE_NS (4 * WEFT_NS_PER_S)
#define OVERDUE_FACTOR 4
#define OFFERED_FACTOR 4 /* a chunk that has begun to arrive is worth waiting for */
#define UNKNOWN_RATE_BYTES_PER_S 1000000
#define SLOW_PAUSE_NS (2 * WEFT_NS_PER_S)
#define ASKED_PER_LINK 2
#define CREDITS_PER_AGENT 3
#define TURN_FACTOR 1
#define TURN_NS (3 * WEFT_NS_PER_MS)

void weft_pick_init(struct weft_core *core)
{
    core->picks = (struct weft_picks){.due_ns = WEFT_NS_NEVER, .retry_ns = WEFT_NS_NEVER};
}

/* --- the table of chunks in flight --- */

static struct weft_want *find_want(struct weft_core *core, weft_node_id peer, uint32_t release,
                                   uint32_t chunk)
{
    for (uint32_t i = 0; i < core->picks.want_count; i++) {
        struct weft_want *want = &core->picks.wants[i];
        if (want->chunk == chunk && want->peer == peer && want->release == release) {
            return want;
        }
    }
    return NULL;
}

static struct weft_want *add_want(struct weft_core *core, const struct weft_link *link,
                                  const struct weft_release *release, uint32_t chunk)
{
    struct weft_picks *self = &core->picks;
    if (self->want_count == WEFT_WANTED_MAX) {
        return NULL;
    }
    uint64_t rate = weft_bandwidth_of(core, link->peer.id);
    rate = rate == 0 ? UNKNOWN_RATE_BYTES_PER_S : rate;
    weft_ns expected = weft_release_chunk_bytes(release) * WEFT_NS_PER_S / rate;
    weft_ns least = link->far ? FAR_OVERDUE_NS : NEAR_OVERDUE_NS;
    weft_ns wait = OVERDUE_FACTOR * expected > least ? OVERDUE_FACTOR * expected : least;
    struct weft_want *want = &self->wants[self->want_count++];
    *want = (struct weft_want){.peer = link->peer.id,
                               .release = (uint32_t)(release - core->releases.items),
                               .chunk = chunk,
                               .far = link->far,
                               .asked_ns = core->now_ns,
                               .due_ns = core->now_ns + wait};
    self->due_ns = want->due_ns < self->due_ns ? want->due_ns : self->due_ns;
    return want;
}

/* The chunk no longer comes from that peer; unless another peer is asked too, it is free again. */
static void remove_want(struct weft_core *core, struct weft_want *want)
{
    struct weft_picks *self = &core->picks;
    struct weft_want gone = *want;
    *want = self->wants[--self->want_count];
    struct weft_link *link = weft_link_find(core, gone.peer);
    if (!gone.pushed) {
        self->near_count -= !gone.far;
        self->far_count -= gone.far;
        if (link != NULL) {
            link->asked = (uint8_t)(link->asked - (link->asked > 0));
        }
    }
    for (uint32_t i = 0; i < self->want_count; i++) {
        if (self->wants[i].chunk == gone.chunk && self->wants[i].release == gone.release) {
            return;
        }
    }
    struct weft_download *download =
        weft_release_download(core, &core->releases.items[gone.release]);
    if (download != NULL) {
        weft_download_end(download, &core->releases.items[gone.release], gone.chunk);
    }
}

void weft_pick_forget(struct weft_core *core, uint32_t download)
{
    uint32_t release = core->releases.downloads[download].release;
    for (uint32_t i = core->picks.want_count; i-- > 0;) {
        if (core->picks.wants[i].release == release) {
            remove_want(core, &core->picks.wants[i]);
        }
    }
}

void weft_pick_on_link_down(struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = core->picks.want_count; i-- > 0;) {
        if (core->picks.wants[i].peer == peer) {
            remove_want(core, &core->picks.wants[i]);
        }
    }
}

/* --- choosing --- */

uint32_t weft_pick_rarest(struct weft_core *core, const struct weft_link *link, uint32_t download,
                          bool (*may)(struct weft_core *core, uint32_t download, uint32_t chunk))
{
    struct weft_download *self = &core->releases.downloads[download];
    const struct weft_release *release = weft_release_of(core, self);
    const uint64_t *theirs = link->maps[download].have;
    const uint8_t *copies = link->far ? self->far_copies : self->near_copies;
    uint32_t words = weft_bitmap_words(release->chunk_count);
    uint32_t start = weft_rng_below(&core->rng, words);
    uint32_t best = UINT32_MAX;
    uint32_t best_copies = UINT32_MAX;
    uint32_t ties = 0;
    for (uint32_t i = 0; i < words; i++) {
        uint32_t w = start + i < words ? start + i : start + i - words;
        uint64_t left =
            theirs[w] & (link->far ? ~release->have[w] & ~self->busy[w] : self->open[w]);
        for (; left != 0; left &= left - 1) {
            uint32_t chunk = w * 64 + (uint32_t)__builtin_ctzll(left);
            if (copies[chunk] > best_copies || (may != NULL && !may(core, download, chunk))) {
                continue;
            }
            ties = copies[chunk] < best_copies ? 1 : ties + 1;
            best_copies = copies[chunk];
            if (ties == 1 || weft_rng_below(&core->rng, ties) == 0) {
                best = chunk;
            }
        }
    }
    return best;
}

void weft_pick_ask(struct weft_core *core, struct weft_link *link,
                   const struct weft_release *release, uint32_t chunk)
{
    if (add_want(core, link, release, chunk) == NULL) {
        return;
    }
    weft_download_begin(weft_release_download(core, release), release, chunk);
    link->asked++;
    core->picks.near_count += !link->far;
    core->picks.far_count += link->far;
    struct weft_frame frame = {.kind = WEFT_FRAME_REQUEST, .release = release->id, .chunk = chunk};
    weft_link_send(core, link, &frame);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_REQUEST,
                                                     .peer = link->peer.id,
                                                     .release = release->id,
                                                     .chunk = chunk,
                                                     .value = weft_link_tier(core, link)});
}

static bool is_askable(const struct weft_core *core, const struct weft_link *link)
{
    return link->up && !link->far && link->asked < ASKED_PER_LINK &&
           link->busy_until_ns <= core->now_ns;
}

static bool has_room(const struct weft_core *core)
{
    return core->picks.near_count < core->config.tuning.window &&
           core->picks.want_count < WEFT_WANTED_MAX && weft_release_is_open(core);
}

/* A chunk that few have is wanted by every neighbour at once, but its holders send only a few copies
 * at a time. So each node draws whether it is its turn; the others look again when there are more
 * copies. Saves four refusals of five. */
static bool is_turn(struct weft_core *core, uint32_t copies)
{
    uint32_t offers = copies * core->config.tuning.uploads * TURN_FACTOR;
    if (weft_rng_below(&core->rng, core->links.up_count + 1) < offers) {
        return true;
    }
    weft_ns wait = TURN_NS + weft_rng_below(&core->rng, TURN_NS);
    weft_pick_retry_at(core, core->now_ns + wait);
    return false;
}

/* Is there any chunk to ask of a near neighbour? Mostly there is none while the WAN is the limit. */
static bool has_open(const struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE && download->open_count > 0) {
            return true;
        }
    }
    return false;
}

/* Ask |link| for one chunk of the first release that it can help with. */
static bool ask_one(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release == WEFT_RELEASE_NONE || download->open_count == 0) {
            continue;
        }
        const struct weft_release *release = weft_release_of(core, download);
        uint32_t chunk =
            weft_release_is_missing(release) ? weft_pick_rarest(core, link, i, NULL) : UINT32_MAX;
        if (chunk != UINT32_MAX && is_turn(core, download->near_copies[chunk])) {
            weft_pick_ask(core, link, release, chunk);
            return true;
        }
    }
    return false;
}

void weft_pick_from(struct weft_core *core, struct weft_link *link)
{
    if (link->far) {
        weft_trade_from(core, link);
        return;
    }
    while (has_room(core) && is_askable(core, link) && link->asked == 0 && ask_one(core, link)) {
    }
}

/* One chunk from every idle neighbour first, then a second one, so that no uplink idles. */
void weft_pick_fill(struct weft_core *core)
{
    uint32_t links_max = core->config.links_max;
    if (!has_open(core)) {
        return;
    }
    for (uint32_t round = 0; round < ASKED_PER_LINK && has_room(core); round++) {
        uint32_t start = weft_rng_below(&core->rng, links_max);
        for (uint32_t i = 0; i < links_max && has_room(core); i++) {
            struct weft_link *link = &core->links.items[(start + i) % links_max];
            if (link->asked == round && is_askable(core, link)) {
                ask_one(core, link);
            }
        }
    }
}

void weft_pick_grant(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.downloads_max && link->up && link->agent; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        struct weft_link_map *map = &link->maps[i];
        bool wanted = download->release != WEFT_RELEASE_NONE && map->known &&
                      weft_release_is_missing(weft_release_of(core, download));
        if (wanted && map->granted < CREDITS_PER_AGENT) {
            struct weft_frame frame = {.kind = WEFT_FRAME_READY,
                                       .release = weft_release_of(core, download)->id,
                                       .value = (uint32_t)(CREDITS_PER_AGENT - map->granted)};
            map->granted = CREDITS_PER_AGENT;
            weft_link_send(core, link, &frame);
        }
    }
}

/* --- answers --- */

static void answer_offer(struct weft_core *core, const struct weft_event_offer *event, bool take)
{
    struct weft_action *action =
        weft_action_push(core->actions, take ? WEFT_ACTION_ACCEPT : WEFT_ACTION_DISCARD);
    if (action != NULL) {
        action->chunk = (struct weft_action_chunk){
            .peer = event->peer, .release = event->release, .chunk = event->chunk};
    }
}

/* A chunk that was asked for and given up comes after all: better than to fetch it twice. */
static struct weft_want *take_late(struct weft_core *core, struct weft_link *link,
                                   const struct weft_release *release, uint32_t chunk)
{
    bool wanted = link->late > 0 && !weft_bitmap_has(release->have, chunk);
    struct weft_want *want = wanted ? add_want(core, link, release, chunk) : NULL;
    link->late = (uint8_t)(link->late - (link->late > 0));
    if (want != NULL) {
        want->pushed = true; /* not counted as a request any more */
        weft_download_begin(weft_release_download(core, release), release, chunk);
    }
    return want;
}

/* A chunk of the agent's choice against one of our credits. */
static struct weft_want *take_push(struct weft_core *core, struct weft_link *link,
                                   const struct weft_release *release, uint32_t chunk)
{
    struct weft_link_map *map = &link->maps[release->download];
    if (map->granted == 0) {
        return NULL;
    }
    map->granted--;
    struct weft_want *want = add_want(core, link, release, chunk);
    if (want != NULL) {
        want->pushed = true;
        weft_download_begin(weft_release_download(core, release), release, chunk);
    }
    return want;
}

void weft_pick_on_offer(struct weft_core *core, const struct weft_event_offer *event)
{
    const struct weft_release *release = weft_release_find(core, event->release);
    struct weft_link *link = weft_link_find(core, event->peer);
    bool useful = release != NULL && link != NULL && release->download != WEFT_RELEASE_NONE &&
                  event->chunk < release->chunk_count;
    struct weft_want *want = NULL;
    if (useful) {
        uint32_t index = (uint32_t)(release - core->releases.items);
        want = find_want(core, event->peer, index, event->chunk);
        if (want == NULL) {
            want = take_push(core, link, release, event->chunk);
        }
        if (want == NULL) {
            want = take_late(core, link, release, event->chunk);
        }
    }
    if (want == NULL) {
        weft_core_reject(core, WEFT_REJECT_UNEXPECTED);
        answer_offer(core, event, /* take */ false);
        return;
    }
    want->offered = true;
    want->due_ns = core->now_ns + OFFERED_FACTOR * (want->due_ns - want->asked_ns);
    bool have = weft_bitmap_has(release->have, event->chunk);
    answer_offer(core, event, !have);
    if (have) {
        core->counters.chunks_twice++;
        bool pushed = want->pushed;
        remove_want(core, want);
        if (pushed) {
            weft_pick_grant(core, link);
        }
    }
}

static void trace_chunk(const struct weft_core *core, const struct weft_event_chunk *event,
                        enum weft_trace_kind kind, uint64_t value)
{
    weft_core_trace(core, (struct weft_trace_record){.kind = kind,
                                                     .peer = event->peer,
                                                     .release = event->release,
                                                     .chunk = event->chunk,
                                                     .value = value});
}

/* A verified chunk: count it once, tell others. */
static void accept_chunk(struct weft_core *core, struct weft_release *release,
                         const struct weft_link *link, const struct weft_event_chunk *event)
{
    enum weft_tier tier = link == NULL ? WEFT_TIER_PEER : weft_link_tier(core, link);
    if (weft_bitmap_has(release->have, event->chunk)) {
        core->counters.chunks_twice++;
        trace_chunk(core, event, WEFT_TRACE_CHUNK_TWICE, tier);
        return;
    }
    trace_chunk(core, event, WEFT_TRACE_CHUNK, tier);
    struct weft_download *download = weft_release_download(core, release);
    weft_release_store(core, release, event->chunk, tier, event->bytes);
    if (download != NULL) {
        weft_have_note_far(core, download, event->chunk);
        bool first = link != NULL && link->far;
        weft_serve_on_stored(core, release, event->chunk, first);
    }
}

void weft_pick_on_chunk(struct weft_core *core, const struct weft_event_chunk *event)
{
    struct weft_release *release = weft_release_find(core, event->release);
    struct weft_link *link = weft_link_find(core, event->peer);
    if (release == NULL || event->chunk >= release->chunk_count) {
        return;
    }
    uint32_t index = (uint32_t)(release - core->releases.items);
    struct weft_want *want = find_want(core, event->peer, index, event->chunk);
    bool pushed = want != NULL && want->pushed;
    if (want != NULL) {
        remove_want(core, want);
    }
    if (event->result == WEFT_ERR_OK) {
        weft_bandwidth_observe(core, event->peer, event->bytes, event->transfer_ns);
        if (link != NULL) {
            link->slow = 0;
        }
        accept_chunk(core, release, link, event);
    } else {
        weft_release_blame_disk(core, event->result);
        trace_chunk(core, event, WEFT_TRACE_CHUNK_BAD, event->result);
        core->counters.chunks_bad += event->result == WEFT_ERR_MISMATCH;
        if (event->result == WEFT_ERR_MISMATCH) {
            weft_link_blame(core, event->peer);
        }
    }
    link = weft_link_find(core, event->peer);
    if (link != NULL && pushed) {
        weft_pick_grant(core, link);
    }
    weft_pick_fill(core);
}

void weft_pick_retry_at(struct weft_core *core, weft_ns when_ns)
{
    struct weft_picks *self = &core->picks;
    self->retry_ns = when_ns < self->retry_ns ? when_ns : self->retry_ns;
}

/* Do not ask this neighbour again before |wait| is over. */
static void pause_link(struct weft_core *core, struct weft_link *link, weft_ns wait)
{
    link->busy_until_ns = core->now_ns + wait;
    weft_pick_retry_at(core, link->busy_until_ns);
}

void weft_pick_on_refuse(struct weft_core *core, struct weft_link *link,
                         const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    if (release == NULL || frame->chunk >= release->chunk_count) {
        return;
    }
    uint32_t index = (uint32_t)(release - core->releases.items);
    struct weft_want *want = find_want(core, link->peer.id, index, frame->chunk);
    if (want == NULL || want->pushed) {
        return;
    }
    remove_want(core, want);
    struct weft_download *download = weft_release_download(core, release);
    if (frame->value == 0 && download != NULL) {
        weft_have_clear(core, link, download, frame->chunk);
    } else {
        uint64_t spread = weft_rng_below(&core->rng, frame->value + 1);
        pause_link(core, link, (frame->value + spread) * WEFT_NS_PER_MS / 2);
    }
    weft_pick_fill(core);
    weft_trade_fill(core);
}

/* --- stragglers --- */

static void give_up(struct weft_core *core, struct weft_want *want)
{
    struct weft_want late = *want;
    const struct weft_release *release = &core->releases.items[late.release];
    remove_want(core, want);
    struct weft_link *link = weft_link_find(core, late.peer);
    if (link == NULL || !link->up) {
        return;
    }
    link->late = (uint8_t)(link->late + (link->late < UINT8_MAX));
    link->slow = (uint8_t)(link->slow + (link->slow < UINT8_MAX));
    pause_link(core, link, SLOW_PAUSE_NS * link->slow);
    struct weft_frame frame = {
        .kind = WEFT_FRAME_CANCEL, .release = release->id, .chunk = late.chunk};
    weft_link_send(core, link, &frame);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_OVERDUE,
                                                     .peer = late.peer,
                                                     .release = release->id,
                                                     .chunk = late.chunk,
                                                     .value = weft_link_tier(core, link)});
}

static void expire_wants(struct weft_core *core)
{
    struct weft_picks *self = &core->picks;
    for (uint32_t i = self->want_count; i-- > 0;) {
        if (self->wants[i].due_ns <= core->now_ns) {
            give_up(core, &self->wants[i]);
        }
    }
    self->due_ns = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < self->want_count; i++) {
        weft_ns due = self->wants[i].due_ns;
        self->due_ns = due < self->due_ns ? due : self->due_ns;
    }
}

static void expire_pauses(struct weft_core *core)
{
    struct weft_picks *self = &core->picks;
    bool open = weft_release_is_open(core);
    self->retry_ns = open ? WEFT_NS_NEVER : core->releases.disk_retry_ns;
    for (uint32_t i = 0; i < core->config.links_max; i++) {
        const struct weft_link *link = &core->links.items[i];
        bool waits = link->up && link->busy_until_ns > core->now_ns;
        if (waits && link->busy_until_ns < self->retry_ns) {
            self->retry_ns = link->busy_until_ns;
        }
    }
}

void weft_pick_expire(struct weft_core *core)
{
    bool due = core->picks.due_ns <= core->now_ns;
    bool retry = core->picks.retry_ns <= core->now_ns;
    if (due) {
        expire_wants(core);
    }
    if (retry) {
        expire_pauses(core);
    }
    if (due || retry) {
        weft_pick_fill(core);
        weft_trade_fill(core);
    }
}

weft_ns weft_pick_deadline(const struct weft_core *core)
{
    const struct weft_picks *self = &core->picks;
    return self->due_ns < self->retry_ns ? self->due_ns : self->retry_ns;
}
