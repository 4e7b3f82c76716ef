/* SPDX-License-Identifier: Apache-2.0 */
/* When is a source that failed asked again? */
#include "source_pause.h"

#include "rng.h"
#include "state.h"

#define BACKOFF_MS_MAX 10000
#define CROWDED_MS_MAX 60000

/* Without jitter, which differs from node to node. */
static uint64_t doubled(const struct weft_core *core, uint64_t most_ms)
{
    uint64_t wait_ms = core->config.tuning.source_backoff_ms;
    for (uint32_t i = 0; i < core->source.failures && wait_ms < most_ms; i++) {
        wait_ms *= 2;
    }
    return wait_ms < most_ms ? wait_ms : most_ms;
}

void weft_source_pause(struct weft_core *core, const struct weft_fetch *fetch,
                       const struct weft_event_source *event)
{
    struct weft_sources *self = &core->source;
    bool crowded = event->result == WEFT_ERR_TIMEOUT;
    uint32_t asked_ms = event->result == WEFT_ERR_OK ? 0 : event->retry_after_ms;
    core->counters.source_failures++;
    if (self->failures > 0 && fetch->began_ns <= self->failed_ns && asked_ms == 0) {
        return;
    }
    self->failed_ns = core->now_ns;
    uint64_t wait_ms = doubled(core, crowded ? CROWDED_MS_MAX : BACKOFF_MS_MAX);
    wait_ms = wait_ms > asked_ms ? wait_ms : asked_ms;
    uint64_t spread_ms = crowded ? wait_ms : wait_ms / 4;
    uint32_t jitter_ms = weft_rng_below(&core->rng, (uint32_t)spread_ms + 1);
    self->failures++;
    self->retry_ns = core->now_ns + (wait_ms + jitter_ms) * WEFT_NS_PER_MS;
    self->whole = asked_ms > 0 || crowded ? 1 : self->whole;
    if (self->failures > 1) {
        weft_lease_give_up(core);
    }
}

bool weft_source_pause_over(struct weft_core *core)
{
    struct weft_sources *self = &core->source;
    bool over = self->retry_ns != 0 && self->retry_ns <= core->now_ns;
    if (over) {
        self->retry_ns = 0;
        self->whole -= self->whole > 0;
    }
    return over;
}

/* Of two pauses one is kept whole, so that a source that answers others and not this node is asked
 * at most twice as often. */
void weft_source_hear(struct weft_core *core, const struct weft_link *link,
                      const struct weft_download *download, uint32_t chunk)
{
    struct weft_sources *self = &core->source;
    if (self->retry_ns == 0 || self->whole > 0 || link->silent ||
        weft_bitmap_has(weft_release_of(core, download)->have, chunk) ||
        download->near_copies[chunk] > 0 || weft_download_far_copies(download, chunk) > 0) {
        return;
    }
    uint32_t first_ms = core->config.tuning.source_backoff_ms;
    weft_ns soon_ns = self->failed_ns + first_ms * WEFT_NS_PER_MS;
    soon_ns = soon_ns > core->now_ns ? soon_ns : core->now_ns;
    soon_ns += weft_rng_below(&core->rng, first_ms / 4 + 1) * WEFT_NS_PER_MS;
    if (soon_ns < self->retry_ns) {
        self->retry_ns = soon_ns;
        self->whole = 2;
    }
}
