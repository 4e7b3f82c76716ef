/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how does time pass, and when is it over?": moves all shards through one window after the
 * other, and does between them what concerns everybody. What exists: world.c. */
#include "bound.h"
#include "world.h"

/* Time beyond three lower bounds in which a run must have ended. */
#define LIMIT_EXTRA_NS (120 * WEFT_NS_PER_S)

/* And where hostile nodes slow it down. */
#define LIMIT_HOSTILE_NS (300 * WEFT_NS_PER_S)

/* How often it is looked whether a run that settles has healed. */
#define HEALED_LOOK_NS (1 * WEFT_NS_PER_S)

/* So many entries in a window and more are worth calling another thread. */
#define ENTRIES_FOR_CREW 64

/* --- between windows --- */

static void on_mark(struct weft_sim_world *world)
{
    world->mark_ns = world->now_ns;
    for (uint32_t i = 0; i < world->node_count; i++) {
        world->control_mark[i] = world->network.cards[i].up.control_bytes;
    }
}

static void follow_agenda(struct weft_sim_world *world)
{
    struct weft_sim_entry *entry = weft_sim_queue_pop(world->agenda, world->now_ns + 1);
    for (; entry != NULL; entry = weft_sim_queue_pop(world->agenda, world->now_ns + 1)) {
        if (entry->kind == WEFT_SIM_PUBLISH) {
            weft_sim_publish_on_time(world, entry);
            if (world->watch != NULL) {
                weft_sim_watch_publish(world->watch, world);
            }
        } else if (entry->kind == WEFT_SIM_MARK) {
            on_mark(world);
        } else if (entry->kind == WEFT_SIM_MISHAP) {
            weft_sim_mishap_on_time(world, entry);
        } else {
            weft_sim_fault_on_time(world, entry);
        }
        weft_sim_queue_drop(world->agenda, entry);
    }
}

static void deliver(struct weft_sim_world *world)
{
    for (uint32_t i = 0; i < world->shard_count; i++) {
        weft_sim_shard_deliver(&world->shards[i]);
    }
}

/* All shards have come to the end of the window. */
static void meet(struct weft_sim_world *world)
{
    for (uint32_t i = 0; i < world->shard_count; i++) {
        const struct weft_sim_shard *shard = &world->shards[i];
        if (shard->checks.failed && !world->checks.failed) {
            world->checks = shard->checks;
        }
    }
    deliver(world);
    if (world->decisions != NULL) {
        weft_sim_decisions_write(world->decisions, world);
    }
    if (world->watch != NULL) {
        weft_sim_watch_look(world->watch, world);
        weft_sim_screen_show(&world->screen, world);
    }
    weft_sim_progress_show(&world->progress, world);
    follow_agenda(world);
    if (world->faults.watches_share) {
        weft_sim_fault_on_meeting(world);
    }
    deliver(world); /* what was sent here may arrive before the next entry of any queue */
    weft_sim_backbone_settle(world);
    weft_sim_check_meeting(world);
}

/* --- letting time pass --- */

static weft_ns limit_ns(const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    weft_ns last_ns = world->releases.items[world->releases.count - 1].publish_ns;
    if (options->time_limit_ms != 0) {
        return last_ns + options->time_limit_ms * WEFT_NS_PER_MS;
    }
    weft_ns limit = last_ns + options->settle_ms * WEFT_NS_PER_MS +
                    3 * weft_sim_bound(options).fluid_ns + LIMIT_EXTRA_NS +
                    weft_sim_menu_healed_ns(options) + weft_sim_place_night_ns(options);
    limit += world->hostile_count > 0 ? LIMIT_HOSTILE_NS : 0;
    for (uint32_t i = 0; i < options->outage_count; i++) {
        limit += options->outages[i].length_ns;
        limit += options->outages[i].when.is_share ? 0 : options->outages[i].when.after_ns;
    }
    return limit;
}

/* Does everybody who can have the last release have it? */
static bool is_done(const struct weft_sim_world *world)
{
    if (world->checks.failed) {
        return true;
    }
    bool quiet =
        world->releases.newest == world->releases.count - 1 && world->faults.planned_count == 0;
    uint32_t settled = world->hostile_count;
    for (uint32_t i = 0; i < world->shard_count && quiet; i++) {
        const struct weft_sim_totals *totals = &world->shards[i].totals;
        quiet = totals->away == 0 && totals->planned == 0;
        settled += totals->complete + totals->gone;
    }
    return quiet && settled == world->node_count;
}

/* Has all that has to be so when it is over been so for long enough? */
static bool is_healed(struct weft_sim_world *world)
{
    weft_ns least_ns = world->options->healed_ms * WEFT_NS_PER_MS;
    if (least_ns == 0) {
        return false;
    }
    if (world->now_ns >= world->healed_look_ns) {
        world->healed_look_ns = world->now_ns + HEALED_LOOK_NS;
        world->wounded_ns = weft_sim_check_is_healed(world) ? world->wounded_ns : world->now_ns;
    }
    return world->now_ns - world->wounded_ns >= least_ns;
}

/* Is it over, and has what is to settle had its time? */
static bool is_over(struct weft_sim_world *world)
{
    if (!is_done(world)) {
        world->settle_ns = 0;
        return false;
    }
    if (world->settle_ns == 0) {
        world->settle_ns = world->now_ns + world->options->settle_ms * WEFT_NS_PER_MS;
        world->wounded_ns = world->now_ns;
        world->healed_look_ns = world->now_ns;
    }
    return world->checks.failed || world->now_ns >= world->settle_ns || is_healed(world);
}

/* Where the next window ends: after the first thing that happens anywhere, by a window's length,
 * but never beyond the next entry of the agenda. */
static weft_ns next_meeting_ns(struct weft_sim_world *world)
{
    weft_ns first_ns = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < world->shard_count; i++) {
        weft_ns next_ns = weft_sim_queue_next_ns(world->shards[i].queue);
        first_ns = next_ns < first_ns ? next_ns : first_ns;
    }
    weft_ns agreed_ns = weft_sim_queue_next_ns(world->agenda);
    if (first_ns == WEFT_NS_NEVER) {
        return agreed_ns;
    }
    first_ns = first_ns > world->now_ns ? first_ns : world->now_ns;
    weft_ns end_ns = (first_ns / world->window_ns + 1) * world->window_ns;
    return end_ns < agreed_ns ? end_ns : agreed_ns;
}

static void run_shard(void *context, uint32_t index, uint32_t worker)
{
    struct weft_sim_world *world = context;
    struct weft_sim_shard *shard = &world->shards[index];
    shard->actions = &world->actions[worker];
    weft_sim_shard_run(shard, world->end_ns);
}

static uint64_t count_popped(const struct weft_sim_world *world)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < world->shard_count; i++) {
        count += weft_sim_queue_popped(world->shards[i].queue);
    }
    return count;
}

/* One window: by all threads if the one before had much to do, else by this one, which is done
 * sooner than another is called. Who does it changes nothing. */
static void run_window(struct weft_sim_world *world)
{
    uint64_t before = count_popped(world);
    if (world->window_entries >= ENTRIES_FOR_CREW) {
        weft_sim_crew_run(world->crew, run_shard, world, world->shard_count);
    } else {
        for (uint32_t i = 0; i < world->shard_count; i++) {
            run_shard(world, i, 0);
        }
    }
    world->window_entries = count_popped(world) - before;
}

void weft_sim_world_run(struct weft_sim_world *world, const volatile int *stop)
{
    world->limit_ns = limit_ns(world);
    while (!is_over(world)) {
        if (*stop) {
            world->interrupted = true;
            break;
        }
        world->end_ns = next_meeting_ns(world);
        if (world->end_ns == WEFT_NS_NEVER || world->end_ns > world->limit_ns) {
            break;
        }
        if (world->watch != NULL) {
            weft_sim_watch_open(world->watch, world->end_ns);
        }
        run_window(world);
        world->now_ns = world->end_ns;
        meet(world);
    }
    if (world->releases.newest != WEFT_SIM_NO_RELEASE) {
        weft_sim_world_count_release(world);
    }
    if (!world->checks.failed) {
        weft_sim_check_end(world);
    }
}
