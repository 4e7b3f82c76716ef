/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the result of a demo that is over. */
#include "demo_summary.h"

#include "units.h"

#include <string.h>

/* Where the columns of the table end, right-aligned ones, or begin. */
enum {
    LABEL_COLUMN = 2,
    VALUE_COLUMN = 13,
    NODES_END = 23,
    AGENT_COLUMN = 26,
    HALF_END = 48,
    FULL_END = 57,
    ACTIVE_END = 66,
    WAN_END = 78
};

static const char *const tier_names[WEFT_TIER_COUNT] = {
#define X(name, text) text,
    WEFT_TIER_MAP(X)
#undef X
};

uint64_t weft_demo_summary_bound_ms(uint64_t bytes, uint64_t source_rate_bytes_per_s)
{
    if (source_rate_bytes_per_s == 0) {
        return 0;
    }
    return bytes / source_rate_bytes_per_s * 1000 +
           bytes % source_rate_bytes_per_s * 1000 / source_rate_bytes_per_s;
}

static struct weft_units_text moment(uint64_t ms)
{
    struct weft_units_text never = {"-"};
    return ms == WEFT_DEMO_NOT_YET ? never : weft_units_measured(ms);
}

static void draw_head(struct weft_page *page)
{
    weft_page_column(page, LABEL_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "segment");
    weft_page_right(page, NODES_END, WEFT_STYLE_DIM, "nodes");
    weft_page_column(page, AGENT_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "Update Agent");
    weft_page_right(page, HALF_END, WEFT_STYLE_DIM, "50 %");
    weft_page_right(page, FULL_END, WEFT_STYLE_DIM, "100 %");
    weft_page_right(page, ACTIVE_END, WEFT_STYLE_DIM, "active");
    weft_page_right(page, WAN_END, WEFT_STYLE_DIM, "WAN copies");
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

/* "127.77.1.10", "127.77.1.10 +1" where there are two. */
static struct weft_units_text agents_of(const struct weft_demo_mesh *mesh,
                                        const struct weft_demo_segment *segment)
{
    struct weft_units_text text = {"-"};
    uint32_t count = 0;
    const char *first = "";
    for (uint32_t i = segment->first; i < segment->first + segment->count; i++) {
        if (mesh->nodes[i].is_agent) {
            first = count == 0 ? mesh->nodes[i].address : first;
            count++;
        }
    }
    if (count == 1) {
        snprintf(text.text, sizeof(text.text), "%s", first);
    } else if (count > 1) {
        snprintf(text.text, sizeof(text.text), "%.20s +%u", first, (unsigned)(count - 1));
    }
    return text;
}

static void draw_segment(struct weft_page *page, const struct weft_demo_mesh *mesh,
                         const struct weft_demo_segment *segment)
{
    struct weft_demo_sum sum = weft_demo_mesh_sum(mesh, segment->first, segment->count);
    char nodes[16];
    snprintf(nodes, sizeof(nodes), "%u", (unsigned)segment->count);
    weft_page_column(page, LABEL_COLUMN);
    weft_page_put(page, WEFT_STYLE_BOLD, "%s", segment->prefix);
    weft_page_right(page, NODES_END, WEFT_STYLE_PLAIN, nodes);
    weft_page_column(page, AGENT_COLUMN);
    weft_page_put(page, WEFT_STYLE_PLAIN, "%s", agents_of(mesh, segment).text);
    weft_page_right(page, HALF_END, WEFT_STYLE_PLAIN, moment(segment->half_ms).text);
    weft_page_right(page, FULL_END, WEFT_STYLE_PLAIN, moment(segment->full_ms).text);
    weft_page_right(page, ACTIVE_END, WEFT_STYLE_PLAIN, moment(segment->active_ms).text);
    weft_page_right(page, WAN_END, WEFT_STYLE_PLAIN,
                    weft_units_ratio(sum.wan_bytes, mesh->bytes).text);
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

static void label(struct weft_page *page, const char *text)
{
    weft_page_column(page, LABEL_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "%s", text);
    weft_page_column(page, VALUE_COLUMN);
}

static void draw_tiers(struct weft_page *page, const struct weft_demo_sum *sum)
{
    bool first = true;
    label(page, "received");
    for (uint32_t tier = 0; tier < WEFT_TIER_COUNT; tier++) {
        if (sum->tiers[tier] > 0) {
            weft_page_put(page, WEFT_STYLE_DIM, "%s%s ", first ? "" : ", ", tier_names[tier]);
            weft_page_put(page, WEFT_STYLE_PLAIN, "%s", weft_units_bytes(sum->tiers[tier]).text);
            first = false;
        }
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

/* The last segment's moment. */
static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void draw_makespan(struct weft_page *page, const struct weft_demo_mesh *mesh)
{
    uint64_t rate = mesh->options.source_rate_bytes_per_s;
    uint64_t bound_ms = weft_demo_summary_bound_ms(mesh->bytes, rate);
    uint64_t full_ms = 0;
    for (uint32_t s = 0; s < mesh->options.segments; s++) {
        full_ms = later(full_ms, mesh->segments[s].full_ms);
    }
    label(page, "makespan");
    weft_page_put(page, WEFT_STYLE_BOLD, "%s", moment(full_ms).text);
    weft_page_put(page, WEFT_STYLE_PLAIN, " until every node has verified everything\n");
    if (bound_ms == 0 || full_ms == WEFT_DEMO_NOT_YET) {
        return;
    }
    weft_page_column(page, VALUE_COLUMN);
    weft_page_put(page, WEFT_STYLE_BOLD, "%s", weft_units_ratio(full_ms, bound_ms).text);
    weft_page_put(page, WEFT_STYLE_PLAIN, " times the lower bound: size / source rate = %s\n",
                  weft_units_measured(bound_ms).text);
}

static void draw_source(struct weft_page *page, const struct weft_demo_mesh *mesh,
                        const struct weft_demo_sum *sum)
{
    uint64_t needed_bytes = mesh->bytes * mesh->options.nodes;
    uint64_t sent_bytes = sum->tiers[WEFT_TIER_SOURCE];
    label(page, "source");
    weft_page_put(page, WEFT_STYLE_PLAIN, "sent %s = %s copies", weft_units_bytes(sent_bytes).text,
                  weft_units_ratio(sent_bytes, mesh->bytes).text);
    weft_page_put(page, WEFT_STYLE_DIM, "; without the mesh it would be %s\n",
                  weft_units_bytes(needed_bytes).text);
}

void weft_demo_summary_draw(struct weft_page *page, const struct weft_demo_mesh *mesh)
{
    struct weft_demo_sum sum = weft_demo_mesh_total(mesh);
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    draw_head(page);
    for (uint32_t s = 0; s < mesh->options.segments; s++) {
        draw_segment(page, mesh, &mesh->segments[s]);
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    draw_makespan(page, mesh);
    draw_source(page, mesh, &sum);
    draw_tiers(page, &sum);
    label(page, "note");
    weft_page_put(page, WEFT_STYLE_DIM,
                  "segments are emulated on the loopback interface: only the\n");
    weft_page_column(page, VALUE_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "source has a rate, and all nodes share one disk.\n");
    weft_page_column(page, VALUE_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "WAN copies = bytes that entered the segment / size\n");
}
