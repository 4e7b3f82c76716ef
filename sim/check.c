/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is this run still right?". Each function is one invariant, or several that look at the
 * same moment; none changes anything but the verdict. */
#include "check.h"
#include "pipe.h"
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

void weft_sim_check_fail(struct weft_sim_shard *shard, enum weft_sim_check check, uint32_t node,
                         const char *format, ...)
{
    struct weft_sim_checks *checks = &shard->checks;
    if (checks->failed) {
        return;
    }
    checks->failed = true;
    checks->check = check;
    checks->node = node;
    checks->time_ns = weft_sim_now(shard);
    va_list values;
    va_start(values, format);
    vsnprintf(checks->detail, sizeof(checks->detail), format, values);
    va_end(values);
}

void weft_sim_check_step(struct weft_sim_shard *shard, uint32_t node, weft_ns deadline_ns)
{
    const struct weft_sim_world *world = shard->world;
    const struct weft_sim_node *self = &world->nodes[node];
    if (shard->actions->dropped_count > 0) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_ACTIONS_FIT, node, "%llu actions were dropped",
                            (unsigned long long)shard->actions->dropped_count);
    }
    if (self->ticks_at_once > TICKS_AT_ONCE_MAX) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_NO_SPIN, node,
                            "%u TICKs at the same moment, and the deadline has still passed",
                            self->ticks_at_once);
    }
    bool waits = deadline_ns != WEFT_NS_NEVER || self->pending_count > 0 || self->completing;
    bool behind =
        world->releases.newest != WEFT_SIM_NO_RELEASE && !weft_sim_publish_is_complete(world, self);
    if (!waits && behind) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_NEVER_STUCK, node,
                            "no deadline and no operation with %u chunks", self->have_count);
    }
}

void weft_sim_check_serve(struct weft_sim_shard *shard, uint32_t node, uint32_t release,
                          uint32_t chunk)
{
    if (!weft_sim_node_has(&shard->world->nodes[node], release, chunk)) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_SERVE_DURABLE, node,
                            "sends chunk %u, which is not on its disk", chunk);
    }
}

void weft_sim_check_caps(struct weft_sim_shard *shard, uint32_t node, uint32_t count)
{
    const struct weft_tuning *tuning = &shard->world->options->tuning;
    uint32_t allowed = tuning->uploads + tuning->wan_uploads;
    if (count > allowed) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_CAPS_RESPECTED, node,
                            "%u uploads at once, --uploads and --wan-uploads allow %u", count,
                            allowed);
    }
}

/* INV-04: what the core holds is on disk; for a whole release, and at the end, exactly. */
static void check_belief(struct weft_sim_shard *shard, uint32_t node, uint32_t number)
{
    const struct weft_sim_world *world = shard->world;
    const struct weft_sim_node *self = &world->nodes[node];
    const struct weft_sim_release *release = &world->releases.items[number];
    const uint64_t *held = weft_view_have(self->core, release->id);
    for (uint32_t i = 0; held != NULL && i < release->chunk_count; i++) {
        if (weft_bitmap_has(held, i) && !weft_sim_node_has(self, number, i)) {
            weft_sim_check_fail(shard, WEFT_SIM_CHECK_BELIEVES_DISK, node,
                                "holds chunk %u, which is not on its disk", i);
            return;
        }
    }
}

void weft_sim_check_complete(struct weft_sim_shard *shard, uint32_t node)
{
    const struct weft_sim_world *world = shard->world;
    const struct weft_sim_node *self = &world->nodes[node];
    uint32_t count = world->releases.items[self->fetching].chunk_count;
    if (self->have_count != count) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_COMPLETE_WHOLE, node,
                            "completion asked with %u of %u chunks", self->have_count, count);
    }
    check_belief(shard, node, self->fetching);
}

/* Transfers that are neither stored nor lost: on a pipe, on the way, or in a disk's queue. */
static uint64_t count_open(const struct weft_sim_world *world)
{
    uint64_t open = 0;
    for (uint32_t i = 0; i < world->shard_count; i++) {
        const struct weft_sim_shard *shard = &world->shards[i];
        open += shard->totals.arriving - shard->totals.arrived;
        for (uint32_t p = 0; p < shard->pipes.used_count; p++) {
            const struct weft_sim_pipe *pipe = weft_sim_pool_at(&shard->pipes, p);
            open += pipe != NULL && pipe->busy ? 1 : 0;
        }
    }
    return open;
}

static void check_bytes(struct weft_sim_world *world)
{
    struct weft_sim_totals totals = weft_sim_world_totals(world);
    uint64_t ended = totals.chunks_stored + totals.losses.chunks_discarded +
                     totals.losses.chunks_cut + totals.losses.chunks_refused + count_open(world);
    if (totals.chunks_begun != ended) {
        weft_sim_check_fail(&world->shards[0], WEFT_SIM_CHECK_BYTES_KEPT, 0,
                            "%llu chunks begun, %llu accounted for",
                            (unsigned long long)totals.chunks_begun, (unsigned long long)ended);
    }
}

static void check_node(struct weft_sim_shard *shard, uint32_t node)
{
    const struct weft_sim_world *world = shard->world;
    const struct weft_sim_node *self = &world->nodes[node];
    if (!self->alive) {
        return;
    }
    if (self->fetching != WEFT_SIM_NO_RELEASE) {
        check_belief(shard, node, self->fetching);
    }
    const uint64_t *held = self->held == WEFT_SIM_NO_RELEASE
                               ? NULL
                               : weft_view_have(self->core, world->releases.items[self->held].id);
    uint32_t count = held == NULL ? 0 : world->releases.items[self->held].chunk_count;
    for (uint32_t i = 0; i < count; i++) {
        if (!weft_bitmap_has(held, i)) {
            weft_sim_check_fail(shard, WEFT_SIM_CHECK_STAYS_COMPLETE, node,
                                "was complete and lacks chunk %u", i);
            return;
        }
    }
}

static void check_all_complete(struct weft_sim_world *world)
{
    uint32_t missing = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        bool lacks = !node->hostile && !weft_sim_publish_is_complete(world, node) &&
                     (node->alive || node->returns);
        first = lacks && missing == 0 ? i : first;
        missing += lacks;
    }
    if (missing > 0 && !world->interrupted) {
        weft_sim_check_fail(weft_sim_world_shard(world, first), WEFT_SIM_CHECK_ALL_COMPLETE, first,
                            "%u nodes are not complete, this one has %u chunks of the last release",
                            missing, world->nodes[first].have_count);
    }
}

void weft_sim_check_end(struct weft_sim_world *world)
{
    check_bytes(world);
    for (uint32_t i = 0; i < world->node_count; i++) {
        check_node(weft_sim_world_shard(world, i), i);
    }
    check_all_complete(world);
    for (uint32_t i = 0; i < world->shard_count && !world->checks.failed; i++) {
        world->checks = world->shards[i].checks;
    }
}
