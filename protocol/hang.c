/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests to the source hang, and what is done about it? */
#include "hang.h"

#include "crowd.h"
#include "state.h"

/* A request hangs if no chunk of it came for so many times what it takes as a rule, and at least
 * for LEAST_NS; for FIRST_NS if nothing is usual yet, for the source may be slow. */
#define TIMES 8
#define LEAST_NS (1200 * WEFT_NS_PER_MS)
#define FIRST_NS (3 * WEFT_NS_PER_S)

/* Ranges in place of others at most, each after twice as long as the one before. */
#define SPARE_MOST 3

static weft_ns wait_ns(const struct weft_core *core, const struct weft_fetch *fetch)
{
    weft_ns usual_ns = TIMES * core->source.chunk_ns * fetch->count;
    weft_ns least_ns = core->source.chunk_ns == 0 ? FIRST_NS : LEAST_NS;
    return usual_ns > least_ns ? usual_ns : least_ns;
}

/* A source that many ask answers late: to ask it more often would make that worse. */
static bool is_crowded(const struct weft_core *core)
{
    return core->links.far_count > 0 && (core->source.chunk_ns == 0 || !weft_crowd_is_quick(core));
}

static bool is_watched(const struct weft_core *core, const struct weft_fetch *fetch)
{
    return fetch->token != 0 && fetch->release != WEFT_RELEASE_NONE && !fetch->trial &&
           !fetch->left && !fetch->hung && !core->source.no_ranges && !is_crowded(core);
}

static bool is_hanging(const struct weft_core *core, const struct weft_fetch *fetch)
{
    return is_watched(core, fetch) && core->now_ns - fetch->heard_ns >= wait_ns(core, fetch);
}

/* How many times has |fetch| waited for as long as it takes to hang, in doublings? */
static uint32_t doublings(const struct weft_core *core, const struct weft_fetch *fetch)
{
    weft_ns due_ns = wait_ns(core, fetch);
    uint32_t count = 0;
    for (; is_watched(core, fetch) && count < SPARE_MOST; count++, due_ns *= 2) {
        if (core->now_ns - fetch->heard_ns < due_ns) {
            break;
        }
    }
    return count;
}

uint32_t weft_hang_spare(const struct weft_core *core)
{
    uint32_t hanging = 0;
    uint32_t most = 0;
    for (uint32_t i = 0; i < core->source.end; i++) {
        uint32_t count = doublings(core, weft_source_at(&core->source, i));
        hanging += count > 0;
        most = count > most ? count : most;
    }
    return hanging < most ? hanging : most;
}

/* The time at which the next request hangs, or has hung for twice as long, after now. */
static weft_ns next_ns(const struct weft_core *core)
{
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->source.end; i++) {
        const struct weft_fetch *fetch = weft_source_at(&core->source, i);
        uint32_t count = doublings(core, fetch);
        weft_ns due_ns = fetch->heard_ns + (wait_ns(core, fetch) << count);
        bool due = is_watched(core, fetch) && count < SPARE_MOST;
        next = due && due_ns < next ? due_ns : next;
    }
    return next;
}

void weft_hang_watch(struct weft_core *core, const struct weft_fetch *fetch)
{
    weft_ns due_ns = fetch->heard_ns + wait_ns(core, fetch);
    core->source.hang_ns = due_ns < core->source.hang_ns ? due_ns : core->source.hang_ns;
}

/* Open requests for |chunk|. */
static uint32_t count_asked(const struct weft_core *core, uint32_t release, uint32_t chunk)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->source.end; i++) {
        const struct weft_fetch *fetch = weft_source_at(&core->source, i);
        count += fetch->token != 0 && fetch->release == release && chunk >= fetch->first &&
                 chunk - fetch->first < fetch->count;
    }
    return count;
}

struct weft_run weft_hang_again(const struct weft_core *core, uint32_t index)
{
    uint32_t release = core->releases.downloads[index].release;
    const uint64_t *have = core->releases.items[release].have;
    uint32_t spare = weft_hang_spare(core);
    for (uint32_t i = 0; spare > 0 && i < core->source.end; i++) {
        const struct weft_fetch *fetch = weft_source_at(&core->source, i);
        bool hangs = fetch->release == release && is_hanging(core, fetch);
        for (uint32_t k = 0; hangs && k < fetch->count; k++) {
            uint32_t chunk = fetch->first + k;
            if (!weft_bitmap_has(have, chunk) && count_asked(core, release, chunk) <= spare) {
                return (struct weft_run){.first = chunk, .count = 1};
            }
        }
    }
    return (struct weft_run){0};
}

void weft_hang_on_chunk(struct weft_core *core, struct weft_fetch *fetch)
{
    fetch->heard_ns = core->now_ns;
    for (uint32_t i = 0; i < core->source.end; i++) {
        struct weft_fetch *other = weft_source_at(&core->source, i);
        struct weft_action *action =
            other->began_ns < fetch->began_ns && is_hanging(core, other)
                ? weft_action_push(core->actions, WEFT_ACTION_SOURCE_CANCEL)
                : NULL;
        if (action != NULL) {
            other->hung = true;
            action->source = (struct weft_action_source){.token = other->token};
        }
    }
}

void weft_hang_expire(struct weft_core *core)
{
    if (core->source.hang_ns <= core->now_ns) {
        core->source.hang_ns = next_ns(core);
        weft_source_fill(core);
    }
}

weft_ns weft_hang_deadline(const struct weft_core *core)
{
    return core->source.hang_ns;
}
