/* SPDX-License-Identifier: Apache-2.0 */
/* Draws segments filling up. Reads the mesh, changes nothing. */
#include "demo_view.h"

#include "units.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum {
    LABEL_COLUMN = 2,     /* of labels */
    VALUE_COLUMN = 13,    /* of what stands behind them */
    NODE_BAR_COLUMNS = 8, /* of one node */
    NODE_COLUMNS = 15,    /* bar, mark, number and gaps */
    SEGMENT_COLUMNS = 16, /* of "127.77.1.0/24" and a gap */
    LINE_MS = 2000        /* between two lines where there is no terminal */
};

static const char *const tier_names[WEFT_TIER_COUNT] = {
#define X(name, text) text,
    WEFT_TIER_MAP(X)
#undef X
};

void weft_demo_view_step(const char *label, const char *format, ...)
{
    char text[1024];
    struct weft_page page = weft_page_new(weft_terminal_look(STDOUT_FILENO));
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    /* A step is read once and may be long, as a path: it wraps rather than being cut. */
    page.terminal.width = UINT32_MAX;
    weft_page_column(&page, LABEL_COLUMN);
    weft_page_put(&page, WEFT_STYLE_DIM, "%s", label);
    weft_page_column(&page, VALUE_COLUMN);
    weft_page_put(&page, WEFT_STYLE_PLAIN, "%s\n", text);
    weft_page_show(&page, stdout, NULL);
    weft_page_free(&page);
}

static void draw_node(struct weft_page *page, const struct weft_demo_mesh *mesh,
                      const struct weft_demo_node *node)
{
    uint64_t whole = mesh->bytes > 0 ? mesh->bytes : 1;
    /* Full means active: the last chunk alone is not the end. */
    uint64_t part = node->active || node->bytes_have < whole ? node->bytes_have : whole - 1;
    const char *last_number = strrchr(node->address, '.');
    weft_page_put(page, node->is_agent ? WEFT_STYLE_BOLD : WEFT_STYLE_DIM, "%s%-4s ",
                  node->is_agent ? "*" : " ", last_number != NULL ? last_number : "");
    weft_page_bar(page, NODE_BAR_COLUMNS, part, whole);
    weft_page_put(page, WEFT_STYLE_PLAIN, " ");
}

static void draw_segment(struct weft_page *page, const struct weft_demo_mesh *mesh,
                         const struct weft_demo_segment *segment)
{
    struct weft_demo_sum sum = weft_demo_mesh_sum(mesh, segment->first, segment->count);
    uint32_t width = page->terminal.width;
    uint32_t left = LABEL_COLUMN + SEGMENT_COLUMNS;
    uint32_t per_row = width > left + NODE_COLUMNS ? (width - left) / NODE_COLUMNS : 1;
    uint64_t whole = mesh->bytes * segment->count;

    for (uint32_t i = 0; i < segment->count; i++) {
        if (i % per_row == 0) {
            weft_page_put(page, WEFT_STYLE_PLAIN, i > 0 ? "\n" : "");
            weft_page_column(page, LABEL_COLUMN);
            if (i == 0) {
                weft_page_put(page, WEFT_STYLE_BOLD, "%s", segment->prefix);
            } else if (i == per_row) {
                weft_page_put(page, WEFT_STYLE_DIM, "%s",
                              whole > 0 ? weft_units_percent(sum.bytes_have, whole).text : "");
            }
            weft_page_column(page, left);
        }
        draw_node(page, mesh, &mesh->nodes[segment->first + i]);
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

/* A mesh larger than the terminal: one bar per segment. */
static void draw_segment_short(struct weft_page *page, const struct weft_demo_mesh *mesh,
                               const struct weft_demo_segment *segment)
{
    struct weft_demo_sum sum = weft_demo_mesh_sum(mesh, segment->first, segment->count);
    uint64_t whole = mesh->bytes * segment->count;
    weft_page_column(page, LABEL_COLUMN);
    weft_page_put(page, WEFT_STYLE_BOLD, "%s", segment->prefix);
    weft_page_column(page, LABEL_COLUMN + SEGMENT_COLUMNS);
    weft_page_bar(page, 30, sum.bytes_have, whole > 0 ? whole : 1);
    weft_page_put(page, WEFT_STYLE_PLAIN, "  %u of %u nodes\n", (unsigned)sum.active,
                  (unsigned)segment->count);
}

static void draw_tiers(struct weft_page *page, const struct weft_demo_sum *sum)
{
    bool first = true;
    weft_page_column(page, LABEL_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "received");
    weft_page_column(page, VALUE_COLUMN);
    for (uint32_t tier = 0; tier < WEFT_TIER_COUNT; tier++) {
        if (sum->tiers[tier] > 0) {
            weft_page_put(page, WEFT_STYLE_DIM, "%s%s ", first ? "" : ", ", tier_names[tier]);
            weft_page_put(page, WEFT_STYLE_PLAIN, "%s", weft_units_bytes(sum->tiers[tier]).text);
            first = false;
        }
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, first ? "nothing yet\n" : "\n");
}

static void draw_source(struct weft_page *page, const struct weft_demo_mesh *mesh,
                        const struct weft_demo_sum *sum, uint64_t rate_bytes_per_s)
{
    uint64_t sent_bytes = sum->tiers[WEFT_TIER_SOURCE];
    weft_page_column(page, LABEL_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "source");
    weft_page_column(page, VALUE_COLUMN);
    weft_page_put(page, WEFT_STYLE_PLAIN, "%s, sent %s copies of %s",
                  rate_bytes_per_s > 0 ? weft_units_bitrate(rate_bytes_per_s).text : "idle",
                  weft_units_ratio(sent_bytes, mesh->bytes).text,
                  weft_units_bytes(mesh->bytes).text);
    weft_page_put(page, WEFT_STYLE_DIM, "   (* = Update Agent)\n");
}

void weft_demo_view_draw(struct weft_page *page, const struct weft_demo_mesh *mesh,
                         uint64_t source_rate_bytes_per_s)
{
    struct weft_demo_sum sum = weft_demo_mesh_total(mesh);
    uint64_t whole = mesh->bytes * mesh->options.nodes;
    uint32_t per_row = (page->terminal.width - LABEL_COLUMN - SEGMENT_COLUMNS) / NODE_COLUMNS;
    uint32_t rows = mesh->options.nodes / (per_row > 0 ? per_row : 1) + mesh->options.segments;
    bool is_short = rows + 6 > page->terminal.height;

    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    for (uint32_t s = 0; s < mesh->options.segments; s++) {
        if (is_short) {
            draw_segment_short(page, mesh, &mesh->segments[s]);
        } else {
            draw_segment(page, mesh, &mesh->segments[s]);
        }
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    weft_page_column(page, LABEL_COLUMN);
    weft_page_put(page, WEFT_STYLE_DIM, "all");
    weft_page_column(page, VALUE_COLUMN);
    weft_page_put(page, WEFT_STYLE_PLAIN, "%s",
                  weft_units_percent(sum.bytes_have, whole > 0 ? whole : 1).text);
    bool is_verified = whole > 0 && sum.bytes_have >= whole;
    weft_page_put(page, WEFT_STYLE_PLAIN, " verified, active on %u of %u nodes, after %s",
                  (unsigned)sum.active, (unsigned)mesh->options.nodes,
                  weft_units_measured(weft_demo_elapsed_ms(mesh)).text);
    weft_page_put(page, WEFT_STYLE_DIM, "%s\n",
                  is_verified && sum.active < mesh->options.nodes ? "; unpacking" : "");
    draw_source(page, mesh, &sum, source_rate_bytes_per_s);
    draw_tiers(page, &sum);
}

static void print_line(const struct weft_demo_mesh *mesh, const struct weft_demo_sum *sum)
{
    uint64_t whole = mesh->bytes * mesh->options.nodes;
    uint64_t near_bytes = sum->tiers[WEFT_TIER_PEER] + sum->tiers[WEFT_TIER_AGENT];
    uint64_t far_bytes = sum->wan_bytes - sum->tiers[WEFT_TIER_SOURCE];
    printf("  %8s  %6s verified, active on %u of %u nodes; %s from the source, %s between "
           "segments, %s "
           "within\n",
           weft_units_measured(weft_demo_elapsed_ms(mesh)).text,
           weft_units_percent(sum->bytes_have, whole > 0 ? whole : 1).text, (unsigned)sum->active,
           (unsigned)mesh->options.nodes, weft_units_bytes(sum->tiers[WEFT_TIER_SOURCE]).text,
           weft_units_bytes(far_bytes).text, weft_units_bytes(near_bytes).text);
    fflush(stdout);
}

void weft_demo_view_show(struct weft_demo_view *view, const struct weft_demo_mesh *mesh, bool last)
{
    struct weft_terminal terminal = weft_terminal_look(STDOUT_FILENO);
    struct weft_demo_sum sum = weft_demo_mesh_total(mesh);
    int64_t now_ms = weft_demo_now_ms();
    if (!terminal.is_terminal) {
        if (last || now_ms - view->line_ms >= LINE_MS) {
            view->line_ms = now_ms;
            print_line(mesh, &sum);
        }
        return;
    }
    weft_meter_sample(&view->source, (weft_ns)now_ms * WEFT_NS_PER_MS, sum.tiers[WEFT_TIER_SOURCE]);
    struct weft_page page = weft_page_new(terminal);
    weft_demo_view_draw(&page, mesh, weft_meter_rate(&view->source));
    weft_page_show(&page, stdout, &view->painted_lines);
    weft_page_free(&page);
}
