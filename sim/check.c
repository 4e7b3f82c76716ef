/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is this run still right?". Each function is one invariant, or several that look at the
 * same moment; none changes anything but the verdict. */
#include "check.h"
#include "memory.h"
#include "stream.h"
#include "upload.h"
#include "world.h"

#include "protocol/bitmap.h"
#include "protocol/frame.h"
#include "protocol/limits.h"
#include "protocol/view.h"

#include <stdarg.h>
#include <stdio.h>

/* TICKs without time passing after which a core is held to spin. */
#define TICKS_AT_ONCE_MAX 1000

/* Nothing is asked of a peer for so long after a bad chunk, by the clock of the node: the first
 * one, and each further one within the longer time. */
#define REST_NS (60 * WEFT_NS_PER_S)
#define BAN_NS (3600 * WEFT_NS_PER_S)

/* An upload that takes longer may stand still, and its place be given to another. */
#define STUCK_NS (200 * WEFT_NS_PER_MS)

const char *weft_sim_check_name(enum weft_sim_check check)
{
    static const char *const names[] = {
#define X(name, number, word, statement) number " " word,
        WEFT_SIM_CHECK_MAP(X)
#undef X
    };
    return names[check];
}

uint32_t weft_sim_check_number(enum weft_sim_check check)
{
    const char *name = weft_sim_check_name(check);
    return (uint32_t)(name[4] - '0') * 10 + (uint32_t)(name[5] - '0');
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

/* Uploads of |node| that have not ended for so long that they stand still. */
static uint32_t count_stuck(const struct weft_sim_shard *shard, uint32_t node)
{
    const struct weft_sim_world *world = shard->world;
    uint32_t stuck = 0;
    for (uint32_t i = 0; i < world->nodes[node].slots_used; i++) {
        size_t place = weft_sim_stream_place(world, node, i);
        bool used = world->peers[place] != WEFT_SIM_NOBODY;
        uint32_t next = used ? world->ends[place].upload_first : WEFT_SIM_NO_UPLOAD;
        while (next != WEFT_SIM_NO_UPLOAD) {
            const struct weft_sim_upload *upload = weft_sim_pool_at(&shard->uploads, next);
            stuck += weft_sim_now(shard) > upload->since_ns + STUCK_NS ? 1 : 0;
            next = upload->next;
        }
    }
    return stuck;
}

void weft_sim_check_caps(struct weft_sim_shard *shard, uint32_t node, uint32_t count)
{
    const struct weft_tuning *tuning = &shard->world->options->tuning;
    uint32_t allowed = tuning->uploads + tuning->wan_uploads;
    if (count > allowed && count - count_stuck(shard, node) > allowed) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_CAPS_RESPECTED, node,
                            "%u uploads at once, --uploads and --wan-uploads allow %u", count,
                            allowed);
    }
}

void weft_sim_check_belief(struct weft_sim_shard *shard, uint32_t node, uint32_t number)
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
    weft_sim_check_belief(shard, node, self->fetching);
}

void weft_sim_check_activated(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_world *world = shard->world;
    const struct weft_sim_node *self = &world->nodes[node];
    struct weft_sim_seen *seen = &world->seen[node];
    if (self->held + 1u < seen->held) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_NO_ROLLBACK, node,
                            "activated release %u after release %u", self->held, seen->held - 1);
    }
    seen->held = self->held + 1u;
    if (seen->bad_stored > 0) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_VERIFIED_INSTALL, node,
                            "activated a release with %u chunks and documents that do not verify",
                            seen->bad_stored);
    }
}

void weft_sim_check_version(struct weft_sim_shard *shard, uint32_t node)
{
    uint32_t version = shard->world->nodes[node].updater.version;
    struct weft_sim_seen *seen = &shard->world->seen[node];
    if (version < seen->version) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_VERSION_GROWS, node,
                            "trusts metadata version %u after version %u", version, seen->version);
    }
    seen->version = version;
}

/* Is the grudge one of |node|, in the life that it has now? */
static bool is_own(const struct weft_sim_shard *shard, const struct weft_sim_grudge *grudge,
                   uint32_t node)
{
    return grudge->node == node && grudge->life == shard->world->nodes[node].life;
}

static struct weft_sim_grudge *find_grudge(const struct weft_sim_shard *shard, uint32_t node,
                                           weft_node_id peer)
{
    for (uint32_t i = 0; i < shard->grudge_count; i++) {
        struct weft_sim_grudge *grudge = &shard->grudges[i];
        if (grudge->peer == peer && is_own(shard, grudge, node)) {
            return grudge;
        }
    }
    return NULL;
}

/* A new debtor takes a place of |node|: if none is free, that of another, and any may be it. */
static void take_place(struct weft_sim_shard *shard, uint32_t node)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < shard->grudge_count; i++) {
        taken += is_own(shard, &shard->grudges[i], node) ? 1 : 0;
    }
    for (uint32_t i = 0; i < shard->grudge_count && taken >= WEFT_PENALTIES_MAX; i++) {
        shard->grudges[i].is_forgotten |= is_own(shard, &shard->grudges[i], node);
    }
}

static struct weft_sim_grudge *hold_grudge(struct weft_sim_shard *shard, uint32_t node,
                                           weft_node_id peer)
{
    struct weft_sim_grudge *grudge = find_grudge(shard, node, peer);
    if (grudge != NULL && !grudge->is_forgotten) {
        return grudge;
    }
    take_place(shard, node);
    if (grudge == NULL && shard->grudge_count == shard->grudge_room) {
        shard->grudges =
            weft_sim_memory_grow(shard->grudges, &shard->grudge_room, sizeof(shard->grudges[0]));
    }
    grudge = grudge == NULL ? &shard->grudges[shard->grudge_count++] : grudge;
    *grudge = (struct weft_sim_grudge){
        .node = node, .life = shard->world->nodes[node].life, .peer = peer};
    return grudge;
}

void weft_sim_check_penalty(struct weft_sim_shard *shard, uint32_t node, weft_node_id peer)
{
    (void)hold_grudge(shard, node, peer);
}

void weft_sim_check_bad_chunk(struct weft_sim_shard *shard, uint32_t node, weft_node_id peer)
{
    struct weft_sim_grudge *grudge = hold_grudge(shard, node, peer);
    weft_ns now_ns = weft_sim_now(shard) + shard->world->nodes[node].clock_ns;
    grudge->count = now_ns - grudge->last_ns < BAN_NS ? grudge->count + 1 : 1;
    grudge->last_ns = now_ns;
}

/* How long nothing is asked of the peer after the last bad chunk. */
static weft_ns rest_ns(const struct weft_sim_grudge *grudge)
{
    if (grudge->count == 0 || grudge->is_forgotten) {
        return 0;
    }
    return grudge->count > 1 ? BAN_NS : REST_NS;
}

void weft_sim_check_frame(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                          const uint8_t *bytes, uint32_t length)
{
    const struct weft_sim_node *self = &shard->world->nodes[node];
    const struct weft_sim_grudge *grudge =
        shard->grudge_count == 0 ? NULL : find_grudge(shard, node, shard->world->nodes[peer].id);
    struct weft_frame frame;
    weft_ns now_ns = weft_sim_now(shard) + self->clock_ns;
    if (grudge != NULL && now_ns - grudge->last_ns < rest_ns(grudge) &&
        weft_frame_decode(bytes, length, &frame) == WEFT_REJECT_NONE &&
        frame.kind == WEFT_FRAME_REQUEST) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_SHUNNED, node,
                            "asks node %u for chunk %u, which sent %u bad chunks", peer,
                            frame.chunk, grudge->count);
    }
}
