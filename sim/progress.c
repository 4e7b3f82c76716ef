/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how far is it, and will it end?" in one line. Looks at counters only, so that it costs
 * nothing at a million nodes. */
#include "progress.h"
#include "wall.h"
#include "world.h"

#include <inttypes.h>
#include <unistd.h>

/* Real time between two lines on a terminal that shows nothing else. */
#define STANDARD_NS (10 * WEFT_NS_PER_S)

void weft_sim_progress_begin(struct weft_sim_progress *progress, FILE *out, uint32_t every_ms,
                             bool is_shown)
{
    bool wanted = every_ms > 0 || (!is_shown && isatty(fileno(out)) == 1);
    uint64_t now_ns = weft_sim_wall_ns();
    *progress = (struct weft_sim_progress){.out = wanted ? out : NULL,
                                           .every_ns = every_ms > 0 ? every_ms * WEFT_NS_PER_MS
                                                                    : STANDARD_NS,
                                           .began_ns = now_ns,
                                           .last_ns = now_ns};
}

/* "12.3 s" */
static void say_seconds(FILE *out, uint64_t ns)
{
    fprintf(out, "%" PRIu64 ".%" PRIu64 " s", ns / WEFT_NS_PER_S,
            ns % WEFT_NS_PER_S / (WEFT_NS_PER_S / 10));
}

/* Chunks that all nodes are to store, of all releases. */
static uint64_t count_wanted(const struct weft_sim_world *world)
{
    uint64_t chunks = 0;
    for (uint32_t i = 0; i < world->releases.count; i++) {
        chunks += world->releases.items[i].chunk_count;
    }
    return chunks * (world->node_count - world->hostile_count);
}

/* Real seconds that are left at the pace since the last line. */
static void say_left(const struct weft_sim_progress *progress, uint64_t now_ns, uint64_t done,
                     uint64_t all)
{
    uint64_t ms = (now_ns - progress->last_ns) / WEFT_NS_PER_MS + 1;
    uint64_t moved = done - progress->last_chunks;
    if (moved == 0) {
        fprintf(progress->out, ", none since the last line");
    } else {
        fprintf(progress->out, ", about %" PRIu64 " s left", (all - done) * ms / moved / 1000 + 1);
    }
}

static void say(const struct weft_sim_progress *progress, const struct weft_sim_world *world,
                uint64_t now_ns, const struct weft_sim_totals *totals)
{
    FILE *out = progress->out;
    weft_ns zero_ns = world->releases.items[0].publish_ns;
    bool begun = world->now_ns >= zero_ns;
    uint64_t all = count_wanted(world);
    uint64_t done = totals->chunks_new < all ? totals->chunks_new : all;
    fprintf(out, "weft-sim: ");
    say_seconds(out, now_ns - progress->began_ns);
    fprintf(out, ": ");
    say_seconds(out, begun ? world->now_ns - zero_ns : world->now_ns);
    fprintf(out, begun ? " simulated, at most " : " of ");
    say_seconds(out, begun ? world->limit_ns - zero_ns : zero_ns);
    if (!begun) {
        fprintf(out, " simulated in which nodes find each other\n");
        return;
    }
    fprintf(out, "; %u of %u nodes complete, %" PRIu64 " %% of all chunks", totals->complete,
            world->node_count - world->hostile_count, all == 0 ? 0 : done * 100 / all);
    if (totals->complete + totals->gone + world->hostile_count >= world->node_count) {
        bool faulty = world->faults.planned_count + totals->planned + totals->away > 0;
        fprintf(out, faulty ? ", faults have yet to end" : ", all is done");
    } else if (done < all) {
        say_left(progress, now_ns, done, all);
    }
    fprintf(out, "\n");
}

void weft_sim_progress_show(struct weft_sim_progress *progress, const struct weft_sim_world *world)
{
    uint64_t now_ns = progress->out == NULL ? 0 : weft_sim_wall_ns();
    if (progress->out == NULL || now_ns - progress->last_ns < progress->every_ns) {
        return;
    }
    struct weft_sim_totals totals = weft_sim_world_totals(world);
    say(progress, world, now_ns, &totals);
    fflush(progress->out);
    progress->last_ns = now_ns;
    progress->last_chunks = totals.chunks_new;
}
