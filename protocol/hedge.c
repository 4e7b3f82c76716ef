/* SPDX-License-Identifier: Apache-2.0 */
/* When does the source send a chunk that another segment was asked for? */
#include "hedge.h"

#include "state.h"

#define LEAST_NS (100 * WEFT_NS_PER_MS)

/* Waits count from the request, or from the last chunk on if it has begun: it shares the lines. */
static weft_ns late_ns(const struct weft_core *core, const struct weft_want *want)
{
    weft_ns progress_ns = core->releases.items[want->release].progress_ns;
    weft_ns since_ns = want->asked_ns;
    since_ns = want->begun && progress_ns > since_ns ? progress_ns : since_ns;
    weft_ns wait_ns = core->source.span_ns > LEAST_NS ? core->source.span_ns : LEAST_NS;
    return since_ns + wait_ns;
}

/* Does another agent hold the lease of the chunk's extent? Two that help themselves to each other's
 * extents would take them from each other for ever. */
static bool is_others(const struct weft_core *core, const struct weft_release *release,
                      uint32_t chunk)
{
    const struct weft_download *download = &core->releases.downloads[release->download];
    weft_node_id holder = download->extents[chunk / download->extent_chunks].holder;
    return holder != 0 && holder != core->self.id;
}

/* Is it worth a fetch? */
static bool is_missed(const struct weft_core *core, const struct weft_want *want)
{
    const struct weft_release *release = &core->releases.items[want->release];
    return want->far && !want->pushed && release->download != WEFT_RELEASE_NONE &&
           weft_lease_acts(core, release->download) &&
           !weft_bitmap_has(release->have, want->chunk) && !is_others(core, release, want->chunk);
}

/* The request that is late first; NULL = none, or the source has something else to do. */
static const struct weft_want *find_late(const struct weft_core *core)
{
    const struct weft_want *first = NULL;
    bool free = core->wants.far_count > 0 && weft_source_is_free(core) && core->source.look_ns == 0;
    for (uint32_t i = 0; free && i < core->wants.count; i++) {
        const struct weft_want *want = weft_want_at(&core->wants, i);
        if (is_missed(core, want) &&
            (first == NULL || late_ns(core, want) < late_ns(core, first))) {
            first = want;
        }
    }
    return first;
}

void weft_hedge_expire(struct weft_core *core)
{
    const struct weft_want *late = find_late(core);
    if (late == NULL || late_ns(core, late) > core->now_ns) {
        return;
    }
    struct weft_want want = *late;
    weft_want_withdraw(core, want.release, want.chunk);
    weft_source_ask(core, core->releases.items[want.release].download, want.chunk);
}

weft_ns weft_hedge_deadline(const struct weft_core *core)
{
    const struct weft_want *late = find_late(core);
    return late == NULL ? WEFT_NS_NEVER : late_ns(core, late);
}
