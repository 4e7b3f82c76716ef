/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is the best makespan?". With release size F, source rate U, LAN rate D = u each
 * way, WAN rate W per segment, N nodes in S segments: the source sends one copy; each node and each
 * segment takes one in; all copies are uploaded by somebody; each segment's first copy comes out of
 * the source's uplink or another segment's. A
 * segment has n nodes. */
#include "bound.h"

#define MILLION 1000000

__extension__ typedef unsigned __int128 wide;

/* bytes / rate in nanoseconds, rounded up; 0 if the rate has no limit. */
static weft_ns time_ns(wide bytes, wide bytes_per_s)
{
    if (bytes_per_s == 0) {
        return 0;
    }
    wide ns = (bytes * WEFT_NS_PER_S + bytes_per_s - 1) / bytes_per_s;
    return ns > WEFT_NS_NEVER / 4 ? WEFT_NS_NEVER / 4 : (weft_ns)ns;
}

static weft_ns larger(weft_ns a, weft_ns b)
{
    return a > b ? a : b;
}

/* Sites that differ: the slowest of each kind binds, sums take the place of products; a site, with
 * all its segments, takes one copy. */
static struct weft_sim_bound of_sites(const struct weft_sim_options *options)
{
    wide size = options->size_bytes;
    wide source = options->source_bytes_per_s;
    wide sites = 0;
    wide cards = 0;
    wide lines = 0;
    struct weft_sim_bound bound = {.fluid_ns = time_ns(size, source)};
    bound.relay_ns = 0;
    for (uint32_t i = 0; i < options->place_count; i++) {
        const struct weft_sim_place *place = &options->places[i];
        wide nodes = (wide)place->segments * place->nodes;
        wide lan = place->wifi_ppm > 0 ? options->wifi_bytes_per_s : place->lan_bytes_per_s;
        wide down = (wide)place->down_bytes_per_s * (MILLION - place->busy_ppm) / MILLION;
        wide up = (wide)place->up_bytes_per_s * (MILLION - place->busy_ppm) / MILLION;
        sites += place->sites;
        cards += nodes * place->sites * place->lan_bytes_per_s;
        lines += (wide)place->sites * up;
        bound.fluid_ns = larger(bound.fluid_ns, larger(time_ns(size, lan), time_ns(size, down)));
        bound.relay_ns = larger(bound.relay_ns, time_ns((place->nodes - 1) * size, lan));
        bound.direct_ns = larger(bound.direct_ns, time_ns(nodes * size, down));
    }
    if (source != 0 && cards != 0) {
        bound.fluid_ns =
            larger(bound.fluid_ns, time_ns(options->node_count * size, source + cards));
    }
    if (source != 0 && lines != 0) {
        bound.fluid_ns = larger(bound.fluid_ns, time_ns(sites * size, source + lines));
    }
    bound.one_copy_ns = larger(bound.fluid_ns, time_ns(sites * size, source));
    bound.relay_ns = larger(bound.relay_ns, bound.one_copy_ns);
    bound.direct_ns = larger(bound.direct_ns, time_ns(options->node_count * size, source));
    bound.direct_ns = larger(bound.direct_ns, bound.fluid_ns);
    return bound;
}

struct weft_sim_bound weft_sim_bound(const struct weft_sim_options *options)
{
    wide size = options->size_bytes;
    if (options->place_count > 0) {
        return of_sites(options);
    }
    wide nodes = options->node_count;
    wide segments = options->segment_count;
    wide source = options->source_bytes_per_s;
    wide lan = options->lan_bytes_per_s;
    wide wan = options->wan_bytes_per_s;
    struct weft_sim_bound bound;
    bound.fluid_ns = larger(time_ns(size, source), time_ns(size, lan));
    bound.fluid_ns = larger(bound.fluid_ns, time_ns(size, wan));
    if (source != 0 && lan != 0) {
        bound.fluid_ns = larger(bound.fluid_ns, time_ns(nodes * size, source + nodes * lan));
    }
    if (source != 0 && wan != 0) {
        bound.fluid_ns = larger(bound.fluid_ns, time_ns(segments * size, source + segments * wan));
    }
    bound.one_copy_ns = larger(bound.fluid_ns, time_ns(segments * size, source));
    wide in_segment = (nodes + segments - 1) / segments;
    bound.relay_ns = larger(bound.one_copy_ns, time_ns((in_segment - 1) * size, lan));
    bound.direct_ns = larger(time_ns(size, lan), time_ns(in_segment * size, wan));
    bound.direct_ns = larger(bound.direct_ns, time_ns(nodes * size, source));
    return bound;
}
