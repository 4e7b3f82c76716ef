/* SPDX-License-Identifier: Apache-2.0 */
/* What does an agent fetch from other segments instead of the source? */
#include "trade.h"

#include "bandwidth.h"
#include "rng.h"
#include "state.h"

#define ASKED_PER_LINK 2
#define ASKED_PER_LINK_MOST 4
#define DRAWN 3 /* neighbours, of whom the quickest is asked */

/* While a chunk comes sooner than this, more are asked for, up to so many times tuning.far_window
 * and so many in all: small chunks over quick lines would come slower than the lines could. */
#define AHEAD_NS (150 * WEFT_NS_PER_MS)
#define AHEAD_TIMES 4
#define AHEAD_MOST 32

/* If a chunk takes longer than this, fewer are asked for: they fill a slow line all the same, and
 * do not make each other so late that they are given up. So many are asked for at least. */
#define SLOW_NS (2 * WEFT_NS_PER_S)
#define SLOW_LEAST 4

/* Chunks that may be on the way from other segments. */
static uint32_t window(const struct weft_core *core)
{
    uint32_t usual = core->config.tuning.far_window;
    weft_ns far_ns = core->wants.far_ns;
    if (far_ns > 0 && far_ns < AHEAD_NS) {
        uint64_t most = AHEAD_TIMES * usual < AHEAD_MOST ? AHEAD_TIMES * usual : AHEAD_MOST;
        uint64_t ahead = usual * AHEAD_NS / far_ns;
        ahead = ahead < most ? ahead : most;
        return ahead > usual ? (uint32_t)ahead : usual;
    }
    uint64_t few = far_ns > SLOW_NS ? usual * SLOW_NS / far_ns : usual;
    uint64_t least = usual < SLOW_LEAST ? usual : SLOW_LEAST;
    return few > least ? (uint32_t)few : (uint32_t)least;
}

/* Chunks that may be on the way from one of those who send at all. */
static uint32_t window_of_link(const struct weft_core *core)
{
    uint32_t share = ASKED_PER_LINK * window(core) / core->config.tuning.far_window;
    share = share > ASKED_PER_LINK ? share : ASKED_PER_LINK;
    return share < ASKED_PER_LINK_MOST ? share : ASKED_PER_LINK_MOST;
}

static bool is_askable(const struct weft_core *core, const struct weft_link *link)
{
    return link->up && link->far && link->asked < (link->sends ? window_of_link(core) : 1) &&
           link->busy_until_ns <= core->now_ns;
}

/* Ask |link| for one chunk of the first release that it can help with. */
static bool ask_one(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release == WEFT_RELEASE_NONE || link->maps[i].have_count == 0) {
            continue;
        }
        const struct weft_release *release = weft_release_of(core, download);
        bool wanted = weft_release_is_missing(release) && weft_lease_acts(core, i);
        uint32_t chunk = wanted ? weft_pick_rarest(core, link, i) : UINT32_MAX;
        if (chunk != UINT32_MAX) {
            uint8_t asked = link->asked;
            weft_lease_take(core, i, chunk / download->extent_chunks);
            weft_pick_ask(core, link, release, chunk);
            return link->asked > asked;
        }
    }
    return false;
}

static uint64_t speed_of(const struct weft_core *core, uint32_t slot)
{
    uint64_t bytes_per_s = weft_bandwidth_of(core, weft_link_at(&core->links, slot)->peer.id);
    return bytes_per_s == 0 ? UINT64_MAX : bytes_per_s;
}

/* The quickest of three that are drawn, as measured; who was not measured yet counts as quick. To
 * ask always the quickest would crowd it, and those who were slow once would never be asked
 * again. */
static uint32_t draw(struct weft_core *core, const uint8_t *slots, uint32_t count)
{
    uint32_t best = weft_rng_below(&core->rng, count);
    for (uint32_t i = 1; i < DRAWN; i++) {
        uint32_t other = weft_rng_below(&core->rng, count);
        best = speed_of(core, slots[other]) > speed_of(core, slots[best]) ? other : best;
    }
    return best;
}

bool weft_trade_is_full(const struct weft_core *core)
{
    return core->links.far_count > 0 && core->wants.far_count >= window(core);
}

void weft_trade_fill(struct weft_core *core)
{
    uint8_t slots[WEFT_LINKS_MAX];
    uint32_t count = 0;
    bool open = core->links.far_count > 0 && weft_release_is_open(core);
    for (uint32_t i = 0; open && i < core->links.end; i++) {
        slots[count] = (uint8_t)i;
        count += is_askable(core, weft_link_at(&core->links, i));
    }
    while (count > 0 && core->wants.far_count < window(core)) {
        uint32_t drawn = draw(core, slots, count);
        struct weft_link *link = weft_link_at(&core->links, slots[drawn]);
        if (!ask_one(core, link) || !is_askable(core, link)) {
            slots[drawn] = slots[--count];
        }
    }
}
