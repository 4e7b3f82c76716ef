/* SPDX-License-Identifier: Apache-2.0 */
/* When may an ordinary node fetch over the WAN itself? */
#include "fallback.h"

#include "candidate.h"
#include "stall.h"
#include "state.h"
#include "trade.h"

#define RANK_NS (5 * WEFT_NS_PER_S)
#define UNKNOWN_NS (2 * WEFT_NS_PER_S)
#define UNKNOWN_RANK_NS (500 * WEFT_NS_PER_MS)

/* Agents that bring nothing are put to the test after this and the time of a chunk at this rate. */
#define TRIAL_NS (1250 * WEFT_NS_PER_MS)
#define TRIAL_BYTES_PER_S (256 << 10)
#define TRIAL_PLACE_NS (500 * WEFT_NS_PER_MS)
#define TRIAL_AGENTS 16 /* so many nodes of other segments make all of this as long again */
#define TRIALS_MAX 4    /* doublings of the first */
#define TRIAL_CHUNKS 8  /* of the time of one chunk nothing came */

/* Does an agent in force take part in this release? */
static bool has_agent(struct weft_core *core, uint32_t download)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        if (link->up && link->agent && link->maps[download].known) {
            return true;
        }
    }
    return false;
}

static weft_ns turn_ns(struct weft_core *core, const struct weft_release *release)
{
    uint32_t rank = weft_election_rank(core, core->self.id);
    bool agent = weft_election_self(core) || has_agent(core, release->download);
    weft_ns wait = agent ? core->config.tuning.fallback_ms * WEFT_NS_PER_MS : UNKNOWN_NS;
    return release->progress_ns + wait + rank * (agent ? RANK_NS : UNKNOWN_RANK_NS);
}

/* When this node asks the source for one chunk, to see whether it is the agents that fail: only the
 * first few that may become agents do, and each time twice as late. */
static weft_ns trial_ns(struct weft_core *core, const struct weft_release *release)
{
    uint32_t place = weft_candidate_place(core);
    bool may = core->config.has_source && weft_candidate_is_eligible(core) &&
               !weft_election_self(core) && place < WEFT_AGENTS_MAX;
    weft_ns since_ns =
        release->tried_ns > release->progress_ns ? release->tried_ns : release->progress_ns;
    weft_ns chunk_ns = weft_release_chunk_bytes(release) * WEFT_NS_PER_S / TRIAL_BYTES_PER_S;
    /* With many segments the source is slow because all ask it, and a trial is one more. */
    uint32_t slower = 1 + weft_remote_count(core) / TRIAL_AGENTS;
    weft_ns wait_ns = ((TRIAL_NS + chunk_ns) << release->trials) + place * TRIAL_PLACE_NS;
    wait_ns *= slower;
    return may ? since_ns + wait_ns : WEFT_NS_NEVER;
}

void weft_fallback_plan(struct weft_core *core)
{
    core->fallback_ns = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release == WEFT_RELEASE_NONE) {
            continue;
        }
        const struct weft_release *release = weft_release_of(core, download);
        if (weft_release_is_missing(release) && !release->falls_back) {
            weft_ns turn = turn_ns(core, release);
            weft_ns trial = trial_ns(core, release);
            turn = trial < turn ? trial : turn;
            core->fallback_ns = turn < core->fallback_ns ? turn : core->fallback_ns;
        }
    }
}

/* An agent whose source fails waits for it: others are not to blame. One that could ask it again,
 * but has nothing to ask for as a neighbour says that it has all, does not wait for the source. */
static bool blames_source(const struct weft_core *core)
{
    const struct weft_sources *source = &core->source;
    bool waits = source->retry_ns > core->now_ns || source->fetch_count > 0;
    return weft_election_self(core) && source->failures > 0 && waits;
}

static void try(struct weft_core *core, struct weft_release *release)
{
    if (weft_release_is_missing(release) && !release->falls_back &&
        has_agent(core, release->download) && trial_ns(core, release) <= core->now_ns) {
        release->tried_ns = core->now_ns;
        release->trials = (uint8_t)(release->trials + (release->trials < TRIALS_MAX));
        weft_source_try(core, release->download);
    }
}

/* The source answers this node, and its agents bring nothing: they do not do what they say. If the
 * line is just slow, it does not answer so much sooner. */
void weft_fallback_on_trial(struct weft_core *core, struct weft_release *release, weft_ns span_ns)
{
    bool idle = core->now_ns - release->progress_ns > TRIAL_CHUNKS * span_ns;
    if (idle && release->download != WEFT_RELEASE_NONE && !weft_election_self(core)) {
        weft_stall_blame(core, release->download, span_ns);
        release->falls_back = true;
    }
}

void weft_fallback_expire(struct weft_core *core)
{
    if (core->fallback_ns > core->now_ns) {
        return;
    }
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE) {
            struct weft_release *release = weft_release_of(core, download);
            try(core, release);
            release->falls_back |= turn_ns(core, release) <= core->now_ns && !blames_source(core);
        }
    }
    weft_fallback_plan(core);
    weft_ns again_ns = core->now_ns + WEFT_NS_PER_S;
    core->fallback_ns = core->fallback_ns > again_ns ? core->fallback_ns : again_ns;
    weft_trade_fill(core);
    weft_source_fill(core);
}

weft_ns weft_fallback_deadline(const struct weft_core *core)
{
    return core->fallback_ns;
}
