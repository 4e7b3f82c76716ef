/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "does anything happen in this segment?". What slows down if not is in pace.h. */
#include "pace.h"

#include "state.h"

/* Suspicions and their refutations are over after this time without news. */
#define CALM_NS (30 * WEFT_NS_PER_S)

void weft_pace_on_start(struct weft_core *core)
{
    core->pace = (struct weft_pace){.news_ns = core->now_ns, .factor = 1};
}

void weft_pace_stir(struct weft_core *core)
{
    struct weft_pace *pace = &core->pace;
    pace->news_ns = core->now_ns;
    if (pace->factor > 1) {
        pace->factor = 1;
        weft_probe_hasten(core);
        weft_join_hasten(core);
        weft_link_review_soon(core);
    }
}

/* Is something under way of which no single event tells? */
static bool is_busy(const struct weft_core *core)
{
    bool is_only_riding =
        weft_log_length(&core->gossip.queue) > 0 && core->dues[WEFT_DUE_PUSH] == WEFT_NS_NEVER;
    return weft_join_is_young(core) || core->members.suspect_count > 0 || is_only_riding ||
           core->serves.upload_count > 0 || weft_release_is_any_missing(core);
}

void weft_pace_on_period(struct weft_core *core)
{
    struct weft_pace *pace = &core->pace;
    uint32_t limit = core->config.tuning.probe_quiet;
    if (is_busy(core)) {
        weft_pace_stir(core);
    } else if (core->now_ns - pace->news_ns >= CALM_NS && pace->factor < limit) {
        pace->factor = 2 * pace->factor < limit ? 2 * pace->factor : limit;
    }
}

uint32_t weft_pace_factor(const struct weft_core *core)
{
    return core->pace.factor;
}
