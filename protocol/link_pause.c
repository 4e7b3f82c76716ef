/* SPDX-License-Identifier: Apache-2.0 */
/* How long is a node that could not be reached left alone? */
#include "link_pause.h"

#include "rng.h"
#include "state.h"

#define PAUSE_NS (1 * WEFT_NS_PER_S)
#define PAUSE_DOUBLINGS_MAX 5

/* Entry |index|, below count. */
static struct weft_link_pause *at(const struct weft_link_pauses *pauses, uint32_t index)
{
    struct weft_link_pause *rows = pauses->pieces[index / WEFT_PIECE_ROWS(struct weft_link_pause)];
    return &rows[index % WEFT_PIECE_ROWS(struct weft_link_pause)];
}

void weft_link_pause_end_all(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->link_pauses.pieces,
                  WEFT_ROW_PIECES(WEFT_LINK_PAUSES, struct weft_link_pause));
}

static struct weft_link_pause *pause_of(struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = 0; i < core->link_pauses.count; i++) {
        struct weft_link_pause *pause = at(&core->link_pauses, i);
        if (pause->peer == peer) {
            return pause;
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

/* A new entry, or that of the pause that ends first. */
static struct weft_link_pause *take(struct weft_core *core)
{
    struct weft_link_pauses *self = &core->link_pauses;
    if (self->count < WEFT_LINK_PAUSES &&
        weft_rows_grow(&core->reserves->rows, self->pieces, self->count,
                       WEFT_PIECE_ROWS(struct weft_link_pause))) {
        return at(self, self->count++);
    }
    struct weft_link_pause *first = at(self, 0);
    for (uint32_t i = 1; i < self->count; i++) {
        struct weft_link_pause *pause = at(self, i);
        first = pause->until_ns < first->until_ns ? pause : first;
    }
    return first;
}

static struct weft_link_pause *make_pause(struct weft_core *core, weft_node_id peer)
{
    struct weft_link_pause *pause = pause_of(core, peer);
    if (pause == NULL) {
        pause = take(core);
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
        struct weft_link_pauses *self = &core->link_pauses;
        *pause = *at(self, --self->count);
        weft_rows_shrink(&core->reserves->rows, self->pieces, self->count,
                         WEFT_PIECE_ROWS(struct weft_link_pause));
    }
}
