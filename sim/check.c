/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is this run still right?". Each function is one invariant, or several that look at the
 * same moment; none changes anything but the verdict. */
#include "check.h"
#include "world.h"

#include "protocol/bitmap.h"
#include "protocol/view.h"

#include <stdarg.h>
#include <stdio.h>

/* TICKs without time passing after which a core is held to spin. */
#define TICKS_AT_ONCE_MAX 1000

const char *weft_sim_check_name(enum weft_sim_check check)
{
    static const char *const names[] = {
#define X(name, number, word, statement) number " " word,
        WEFT_SIM_CHECK_MAP(X)
#undef X
    };
    return names[check];
}

const char *weft_sim_check_statement(enum weft_sim_check check)
{
    static const char *const statements[] = {
#define X(name, number, word, statement) statement,
        WEFT_SIM_CHECK_MAP(X)
#undef X
    };
    return statements[check];
}

void weft_sim_check_fail(struct weft_sim_world *world, enum weft_sim_check check, uint32_t node,
                         const char *format, ...)
{
    struct weft_sim_checks *checks = &world->checks;
    if (checks->failed) {
        return;
    }
    checks->failed = true;
    checks->check = check;
    checks->node = node;
    checks->time_ns = weft_sim_world_now(world);
    va_list values;
    va_start(values, format);
    vsnprintf(checks->detail, sizeof(checks->detail), format, values);
    va_end(values);
}

void weft_sim_check_step(struct weft_sim_world *world, uint32_t node, weft_ns deadline_ns)
{
    const struct weft_sim_node *self = &world->nodes[node];
    if (world->actions->dropped_count > 0) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_ACTIONS_FIT, node, "%llu actions were dropped",
                            (unsigned long long)world->actions->dropped_count);
    }
    if (self->ticks_at_once > TICKS_AT_ONCE_MAX) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_NO_SPIN, node,
                            "%u TICKs at the same moment, and the deadline has still passed",
                            self->ticks_at_once);
    }
    bool waits = deadline_ns != WEFT_NS_NEVER || self->pending_count > 0 || self->completing;
    if (!self->complete && !waits && world->published) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_NEVER_STUCK, node,
                            "no deadline and no operation with %u of %u chunks", self->have_count,
                            world->release.chunk_count);
    }
}

void weft_sim_check_serve(struct weft_sim_world *world, uint32_t node, uint32_t chunk)
{
    if (!weft_sim_node_has(&world->nodes[node], chunk)) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_SERVE_DURABLE, node,
                            "sends chunk %u, which is not on its disk", chunk);
    }
}

void weft_sim_check_caps(struct weft_sim_world *world, uint32_t node, uint32_t count)
{
    const struct weft_tuning *tuning = &world->options->tuning;
    uint32_t allowed = tuning->uploads + tuning->wan_uploads;
    if (count > allowed) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_CAPS_RESPECTED, node,
                            "%u uploads at once, --uploads and --wan-uploads allow %u", count,
                            allowed);
    }
}

/* INV-04: what the core holds is on disk; for a whole release, and at the end, exactly. */
static void check_belief(struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_node *self = &world->nodes[node];
    const uint64_t *held = weft_view_have(self->core, world->release.id);
    for (uint32_t i = 0; held != NULL && i < world->release.chunk_count; i++) {
        if (weft_bitmap_has(held, i) && !weft_sim_node_has(self, i)) {
            weft_sim_check_fail(world, WEFT_SIM_CHECK_BELIEVES_DISK, node,
                                "holds chunk %u, which is not on its disk", i);
            return;
        }
    }
}

void weft_sim_check_complete(struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_node *self = &world->nodes[node];
    if (self->have_count != world->release.chunk_count) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_COMPLETE_WHOLE, node,
                            "completion asked with %u of %u chunks", self->have_count,
                            world->release.chunk_count);
    }
    check_belief(world, node);
}

static void check_bytes(struct weft_sim_world *world)
{
    const struct weft_sim_totals *totals = &world->totals;
    uint64_t ended = totals->chunks_stored + totals->losses.chunks_discarded +
                     totals->losses.chunks_cut + totals->chunks_on_the_way;
    if (totals->chunks_begun != ended) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_BYTES_KEPT, 0,
                            "%llu chunks begun, %llu accounted for",
                            (unsigned long long)totals->chunks_begun, (unsigned long long)ended);
    }
}

void weft_sim_check_end(struct weft_sim_world *world)
{
    check_bytes(world);
    uint32_t missing = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        if (node->alive) {
            check_belief(world, i);
        }
        if (node->complete && node->have_count != world->release.chunk_count) {
            weft_sim_check_fail(world, WEFT_SIM_CHECK_STAYS_COMPLETE, i,
                                "was complete and has %u of %u chunks", node->have_count,
                                world->release.chunk_count);
        }
        bool lacks = !node->complete && (node->alive || node->returns);
        first = lacks && missing == 0 ? i : first;
        missing += lacks;
    }
    if (missing > 0 && !world->interrupted) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_ALL_COMPLETE, first,
                            "%u nodes are not complete, this one has %u of %u chunks", missing,
                            world->nodes[first].have_count, world->release.chunk_count);
    }
}
