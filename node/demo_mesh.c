/* SPDX-License-Identifier: Apache-2.0 */
/* Places and sums of the demo's nodes. Starts nothing, shows nothing. */
#include "demo_mesh.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t weft_demo_now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

uint64_t weft_demo_elapsed_ms(const struct weft_demo_mesh *mesh)
{
    int64_t now_ms = weft_demo_now_ms();
    return now_ms > mesh->zero_ms ? (uint64_t)(now_ms - mesh->zero_ms) : 0;
}

static void place_node(struct weft_demo_node *node, const struct weft_demo_place *place)
{
    char address[WEFT_DEMO_ADDRESS_BYTES];
    snprintf(address, sizeof(address), "%s", node->address);
    snprintf(node->data, sizeof(node->data), "%s/%s", place->directory, address);
    snprintf(node->link, sizeof(node->link), "%s/%s.active", place->directory, address);
}

void weft_demo_mesh_lay_out(struct weft_demo_mesh *mesh)
{
    const struct weft_demo_options *options = &mesh->options;
    for (uint32_t i = 0; i < options->nodes; i++) {
        struct weft_demo_node *node = &mesh->nodes[i];
        memset(node, 0, sizeof(*node));
        node->segment = weft_demo_net_segment(options, i);
        weft_demo_net_node(options, i, node->address);
        place_node(node, &mesh->place);
    }
    for (uint32_t s = 0; s < options->segments; s++) {
        struct weft_demo_segment *segment = &mesh->segments[s];
        weft_demo_net_prefix(s, segment->prefix);
        segment->first = weft_demo_net_first(options, s);
        segment->count = weft_demo_net_first(options, s + 1) - segment->first;
        segment->half_ms = WEFT_DEMO_NOT_YET;
        segment->full_ms = WEFT_DEMO_NOT_YET;
        segment->active_ms = WEFT_DEMO_NOT_YET;
    }
    mesh->heard_ms = WEFT_DEMO_NOT_YET;
}

struct weft_demo_sum weft_demo_mesh_sum(const struct weft_demo_mesh *mesh, uint32_t first,
                                        uint32_t count)
{
    struct weft_demo_sum sum = {0};
    for (uint32_t i = first; i < first + count; i++) {
        const struct weft_demo_node *node = &mesh->nodes[i];
        sum.bytes_have += node->bytes_have;
        sum.active += node->active ? 1 : 0;
        for (uint32_t tier = 0; tier < WEFT_TIER_COUNT; tier++) {
            sum.tiers[tier] += node->tiers[tier];
        }
    }
    sum.wan_bytes = sum.tiers[WEFT_TIER_SITE] + sum.tiers[WEFT_TIER_REMOTE] +
                    sum.tiers[WEFT_TIER_SERVER] + sum.tiers[WEFT_TIER_SOURCE];
    return sum;
}

struct weft_demo_sum weft_demo_mesh_total(const struct weft_demo_mesh *mesh)
{
    return weft_demo_mesh_sum(mesh, 0, mesh->options.nodes);
}
