/* SPDX-License-Identifier: Apache-2.0 */
/* How long is a node that could not be reached left alone? */
#include "link_pause.h"

#include "rng.h"
#include "state.h"

#define PAUSE_NS (1 * WEFT_NS_PER_S)
#define PAUSE_DOUBLINGS_MAX 5

static struct weft_link_pause *pause_of(struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = 0; i < WEFT_LINK_PAUSES; i++) {
        if (core->link_pauses.items[i].peer == peer) {
            return &core->link_pauses.items[i];
        }
    }
    return NULL;
}

bool weft_link_pause_is_on(struct weft_core *core, weft_node_id peer)
{
    const struct weft_link_pause *pause = pause_of(core, peer);
    bool rests = pause != NULL && pause->until_ns > core->now_ns;
    return rests || weft_penalty_is_banned(core, peer);
}

static struct weft_link_pause *make_pause(struct weft_core *core, weft_node_id peer)
{
    struct weft_link_pause *pause = pause_of(core, peer);
    for (uint32_t i = 0; pause == NULL && i < WEFT_LINK_PAUSES; i++) {
        if (core->link_pauses.items[i].peer == 0) {
            pause = &core->link_pauses.items[i];
        }
    }
    if (pause == NULL) {
        pause = &core->link_pauses.items[0];
        for (uint32_t i = 1; i < WEFT_LINK_PAUSES; i++) {
            if (core->link_pauses.items[i].until_ns < pause->until_ns) {
                pause = &core->link_pauses.items[i];
            }
        }
    }
    if (pause->peer != peer) {
        *pause = (struct weft_link_pause){.peer = peer};
    }
    return pause;
}

void weft_link_pause_failed(struct weft_core *core, weft_node_id peer)
{
    struct weft_link_pause *pause = make_pause(core, peer);
    uint32_t doublings =
        pause->failures < PAUSE_DOUBLINGS_MAX ? pause->failures : PAUSE_DOUBLINGS_MAX;
    weft_ns wait = PAUSE_NS << doublings;
    pause->failures++;
    pause->until_ns =
        core->now_ns + wait / 2 +
        weft_rng_below(&core->rng, (uint32_t)(wait / WEFT_NS_PER_MS)) * WEFT_NS_PER_MS;
}

void weft_link_pause_end(struct weft_core *core, weft_node_id peer)
{
    struct weft_link_pause *pause = pause_of(core, peer);
    if (pause != NULL) {
        *pause = (struct weft_link_pause){.peer = 0};
    }
}
