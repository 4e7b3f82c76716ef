/* SPDX-License-Identifier: Apache-2.0 */
/* What does an agent fetch from other segments instead of the source? */
#include "trade.h"

#include "rng.h"
#include "state.h"

#define ASKED_PER_LINK 2

void weft_trade_from(struct weft_core *core, struct weft_link *link)
{
    bool askable =
        link->up && link->far && link->busy_until_ns <= core->now_ns && weft_release_is_open(core);
    for (uint32_t i = 0; askable && i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release == WEFT_RELEASE_NONE || link->maps[i].have_count == 0) {
            continue;
        }
        const struct weft_release *release = weft_release_of(core, download);
        bool wanted = weft_release_is_missing(release) && weft_lease_acts(core, i);
        while (wanted && link->asked < ASKED_PER_LINK &&
               core->wants.far_count < core->config.tuning.far_window) {
            uint32_t chunk = weft_pick_rarest(core, link, i, weft_lease_may);
            uint8_t asked = link->asked;
            if (chunk != UINT32_MAX) {
                weft_lease_take(core, i, chunk / download->extent_chunks);
                weft_pick_ask(core, link, release, chunk);
            }
            wanted = link->asked > asked;
        }
    }
}

void weft_trade_fill(struct weft_core *core)
{
    uint32_t end = core->links.end;
    if (core->links.far_count == 0) {
        return;
    }
    uint32_t start = weft_rng_below(&core->rng, end);
    for (uint32_t i = 0; i < end; i++) {
        struct weft_link *link = &core->links.items[(start + i) % end];
        if (link->up && link->far && link->asked < ASKED_PER_LINK) {
            weft_trade_from(core, link);
        }
    }
}
