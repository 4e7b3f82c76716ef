/* SPDX-License-Identifier: Apache-2.0 */
/* Does this node ask a source that many others ask as well? */
#include "crowd.h"

#include "bandwidth.h"
#include "coming.h"
#include "rng.h"
#include "state.h"

/* Agents that ask at once: at least so many, and one for so many chunks. Of a large release they
 * hardly ever draw the same, and their first chunks are a small part of all. */
#define BEGINNERS 4
#define BEGINNER_CHUNKS 8
#define GROUPS 4 /* who would come after so many groups comes with the last of them */
#define FIRST_NS (300 * WEFT_NS_PER_MS)
#define GROWTH 4 /* each wait is so many times as long as the last */

/* A source that sends a chunk in this, as it is heard between segments, serves all who ask so far,
 * and so many more for each of those chunks. */
#define QUICK_NS (300 * WEFT_NS_PER_MS)
#define QUICK_TIMES 2 /* or so many times of what it takes between segments: then lines are slow */
#define QUICK_LETS 8

#define PATIENCE_NS (1200 * WEFT_NS_PER_MS)
#define SOONER 4 /* times that others have to be as quick */

/* The place of this node among the agents it knows, 0 and up. */
static uint32_t place_of(const struct weft_core *core, const struct weft_release *release)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t all = weft_remote_reach(core, /* any */ true) + weft_election_agents(core, agents);
    return all == 0 ? 0 : (uint32_t)(weft_rendezvous(release->id, core->self.id) % all);
}

static uint32_t beginners(const struct weft_release *release)
{
    uint32_t share = release->chunk_count / BEGINNER_CHUNKS;
    return share > BEGINNERS ? share : BEGINNERS;
}

/* When who has |place| begins, if the source is slow or nobody knows. */
static weft_ns turn_ns(const struct weft_release *release, uint32_t place)
{
    weft_ns begin_ns = release->added_ns;
    weft_ns wait_ns = FIRST_NS;
    uint32_t begun = beginners(release);
    for (uint32_t group = 0; begun <= place && group < GROUPS; group++, begun *= 2) {
        begin_ns += wait_ns;
        wait_ns *= GROWTH;
    }
    return begin_ns;
}

/* Is there nobody to trade with, or nobody whom this node believes? */
static bool is_alone(const struct weft_core *core, const struct weft_release *release)
{
    return core->links.far_count == 0 || release->falls_back;
}

bool weft_crowd_is_turn(struct weft_core *core, uint32_t index)
{
    struct weft_sources *source = &core->source;
    const struct weft_download *download = &core->releases.downloads[index];
    const struct weft_release *release = weft_release_of(core, download);
    uint32_t place = place_of(core, release);
    if (place < beginners(release) + QUICK_LETS * download->quick_count ||
        is_alone(core, release)) {
        return true;
    }
    weft_ns begin_ns = turn_ns(release, place);
    bool is_set = source->turn_ns != 0 && source->turn_ns < begin_ns;
    if (begin_ns > core->now_ns && !is_set) {
        source->turn_ns = begin_ns;
    }
    return begin_ns <= core->now_ns;
}

uint32_t weft_crowd_ranges(const struct weft_core *core, uint32_t index)
{
    uint32_t release = core->releases.downloads[index].release;
    bool many = is_alone(core, &core->releases.items[release]) || core->source.chunk_ns > 0;
    return many ? weft_source_ranges(core) : 1;
}

/* In what time a source that is not what all wait for brings a chunk. */
static weft_ns quick_ns(const struct weft_core *core)
{
    weft_ns far_ns = QUICK_TIMES * core->wants.far_ns;
    return far_ns > QUICK_NS ? far_ns : QUICK_NS;
}

bool weft_crowd_is_quick(const struct weft_core *core)
{
    return core->links.far_count == 0 || core->source.chunk_ns <= quick_ns(core);
}

void weft_crowd_learn(struct weft_core *core, struct weft_download *download, weft_ns span_ns)
{
    if (span_ns <= quick_ns(core)) {
        download->quick_count++;
        core->source.turn_ns = core->source.turn_ns == 0 ? 0 : core->now_ns;
    }
}

void weft_crowd_hear(struct weft_core *core, const struct weft_link *link,
                     struct weft_download *download, uint32_t chunk)
{
    if (link->far) {
        weft_crowd_learn(core, download, weft_coming_age_ns(core, download, chunk));
    }
}

/* The most that a node of another segment sent of late, bytes per second; 0 = unknown. */
static uint64_t far_rate(const struct weft_core *core)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        uint64_t bytes_per_s = link->up && link->far ? weft_bandwidth_of(core, link->peer.id) : 0;
        most = bytes_per_s > most ? bytes_per_s : most;
    }
    return most;
}

/* Has |fetch| taken long, and no chunk come? */
static bool is_slow(const struct weft_core *core, const struct weft_fetch *fetch)
{
    return fetch->token != 0 && fetch->release != WEFT_RELEASE_NONE && fetch->received == 0 &&
           !fetch->trial && !fetch->left && core->now_ns - fetch->began_ns >= PATIENCE_NS;
}

/* Would all of |fetch| have come sooner from others? If the own line is what is slow, it is as slow
 * for them, and what came already would be lost. */
static bool is_beaten(const struct weft_core *core, const struct weft_fetch *fetch)
{
    const struct weft_release *release = &core->releases.items[fetch->release];
    uint64_t span_ms = (core->now_ns - fetch->began_ns) / WEFT_NS_PER_MS;
    uint64_t bytes = (uint64_t)fetch->count * weft_release_chunk_bytes(release);
    bool beaten =
        release->download != WEFT_RELEASE_NONE && far_rate(core) * span_ms > SOONER * bytes * 1000;
    for (uint32_t i = fetch->first; beaten && i < fetch->first + fetch->count; i++) {
        beaten = weft_download_far_copies(&core->releases.downloads[release->download], i) > 0;
    }
    return beaten;
}

void weft_crowd_leave(struct weft_core *core)
{
    bool any = core->links.far_count > 0 && !core->source.no_ranges;
    for (uint32_t i = 0; any && i < core->source.end; i++) {
        struct weft_fetch *fetch = weft_source_at(&core->source, i);
        struct weft_action *action =
            is_slow(core, fetch) && is_beaten(core, fetch)
                ? weft_action_push(core->actions, WEFT_ACTION_SOURCE_CANCEL)
                : NULL;
        if (action != NULL) {
            fetch->left = true;
            action->source = (struct weft_action_source){.token = fetch->token};
        }
    }
}
