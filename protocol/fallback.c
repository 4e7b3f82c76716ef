/* SPDX-License-Identifier: Apache-2.0 */
/* When may an ordinary node fetch over the WAN itself? */
#include "fallback.h"

#include "state.h"
#include "trade.h"

#define RANK_NS (5 * WEFT_NS_PER_S)
#define UNKNOWN_NS (2 * WEFT_NS_PER_S)
#define UNKNOWN_RANK_NS (500 * WEFT_NS_PER_MS)

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
            core->fallback_ns = turn < core->fallback_ns ? turn : core->fallback_ns;
        }
    }
}

/* An agent whose source fails waits for it: others are not to blame. */
static bool blames_source(const struct weft_core *core)
{
    return weft_election_self(core) && core->source.failures > 0;
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
