/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the status document: what an operator asks first stands first, and labels stand in one
 * column. Knows the document's fields, not where it came from. Membership: status_mesh.c. */
#include "status_part.h"

#include "document_read.h"
#include "units.h"

#include <string.h>

enum {
    LABEL_COLUMN = 2,       /* of labels */
    LABEL_COLUMNS_MAX = 24, /* a longer component name moves its own line only */
    BAR_COLUMNS_MIN = 10,   /* on a narrow terminal */
    BAR_COLUMNS_MAX = 40,   /* a longer bar tells no more */
    BAR_TAIL_COLUMNS = 34,  /* percent, rate and time left behind the bar */
    PEERS_SHOWN_MAX = 8     /* rows of peers; the rest is a number */
};

/* What a node waits for, in words. The left side is enum weft_stall's word in the document. */
static const char *const waits[][2] = {
    {"nothing-wanted", "nothing"},
    {"no-manifest", "the signed metadata or the chunk index of the release"},
    {"no-peer", "a node that has the missing chunks"},
    {"queued-at-peer", "its turn at peers that are busy sending"},
    {"transfer", "chunks that are on their way"},
    {"verify", "the check of received chunks"},
    {"disk", "the disk"},
    {"capped", "a rate limit"},
    {"waiting-agent", "the Update Agent, which fetches the release"},
    {"source-down", "the source, which is down"},
    {"asleep", "the network: this machine has none"},
};

void weft_status_label(const struct weft_status_drawing *drawing, enum weft_style style,
                       const char *text)
{
    weft_page_column(drawing->page, LABEL_COLUMN);
    weft_page_put(drawing->page, style, "%.64s", text);
    weft_page_column(drawing->page, drawing->value_column);
}

static uint32_t value_column(const json_t *document)
{
    uint32_t longest = (uint32_t)strlen("waits for");
    size_t index;
    const json_t *component;
    json_array_foreach(weft_document_at(document, "components"), index, component)
    {
        size_t length = strlen(weft_document_text(component, "name"));
        if (length > longest && length <= LABEL_COLUMNS_MAX) {
            longest = (uint32_t)length;
        }
    }
    return LABEL_COLUMN + longest + 3;
}

static void draw_title(const struct weft_status_drawing *drawing)
{
    const json_t *document = drawing->document;
    struct weft_page *page = drawing->page;
    uint64_t now_s = weft_document_number(document, "now_unix_s");
    uint64_t started_s = weft_document_number(document, "node.started_unix_s");
    char right[80];

    weft_page_put(page, WEFT_STYLE_BOLD, "%s", weft_document_text(document, "node.address"));
    weft_page_put(page, WEFT_STYLE_PLAIN, "  %s of segment %s",
                  weft_document_flag(document, "node.agent") ? "Update Agent" : "node",
                  weft_document_text(document, "node.segment"));
    if (weft_document_has(document, "node.site")) {
        weft_page_put(page, WEFT_STYLE_PLAIN, ", site %s",
                      weft_document_text(document, "node.site"));
    }
    snprintf(right, sizeof(right), "up %s",
             weft_units_duration(now_s > started_s ? (now_s - started_s) * 1000 : 0).text);
    if (page->column + strlen(right) + 2 <= page->terminal.width) {
        weft_page_right(page, page->terminal.width, WEFT_STYLE_DIM, right);
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

static uint64_t tier(const json_t *version, const char *name)
{
    return weft_document_number(weft_document_at(version, "tiers"), name);
}

/* Bytes that did not come over the segment's boundary. */
static uint64_t near_bytes(const json_t *version)
{
    return tier(version, "peer") + tier(version, "agent");
}

static void draw_tiers(const struct weft_status_drawing *drawing, const json_t *version)
{
    uint64_t sum = 0;
    bool first = true;
    const char *name;
    json_t *bytes;
    json_t *tiers = json_object_get(version, "tiers");
    json_object_foreach(tiers, name, bytes)
    {
        sum += (uint64_t)json_integer_value(bytes);
    }
    if (sum == 0) {
        return;
    }
    weft_page_column(drawing->page, drawing->value_column);
    weft_page_put(drawing->page, WEFT_STYLE_DIM, "from");
    json_object_foreach(tiers, name, bytes)
    {
        if (json_integer_value(bytes) > 0) {
            weft_page_put(drawing->page, WEFT_STYLE_DIM, "%s %s ", first ? "" : ",", name);
            weft_page_put(drawing->page, WEFT_STYLE_PLAIN, "%s",
                          weft_units_bytes((uint64_t)json_integer_value(bytes)).text);
            first = false;
        }
    }
    weft_page_put(drawing->page, WEFT_STYLE_DIM, "; %s from inside the segment\n",
                  weft_units_percent(near_bytes(version), sum).text);
}

static void draw_fetching(const struct weft_status_drawing *drawing, const json_t *fetching)
{
    struct weft_page *page = drawing->page;
    uint64_t bytes = weft_document_number(fetching, "bytes");
    uint64_t have = weft_document_number(fetching, "bytes_have");
    uint64_t rate = weft_document_number(fetching, "rate_bytes_per_s");

    weft_page_put(page, WEFT_STYLE_BOLD, "%s", weft_document_text(fetching, "version"));
    if (!weft_document_has(fetching, "bytes")) {
        weft_page_put(page, WEFT_STYLE_PLAIN, "  is announced; its chunk index is not here yet\n");
        return;
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "  ");
    uint32_t used = page->column + BAR_TAIL_COLUMNS;
    uint32_t width = page->terminal.width > used ? page->terminal.width - used : 0;
    width = width < BAR_COLUMNS_MIN ? BAR_COLUMNS_MIN : width;
    width = width > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : width;
    weft_page_bar(page, width, have, bytes);
    weft_page_right(page, page->column + 8, WEFT_STYLE_PLAIN, weft_units_percent(have, bytes).text);
    if (weft_document_flag(fetching, "complete")) {
        weft_page_put(page, WEFT_STYLE_BUSY, "  being activated\n");
        return;
    }
    weft_page_right(page, page->column + 12, WEFT_STYLE_PLAIN, weft_units_rate(rate).text);
    if (weft_document_has(fetching, "left_s")) {
        uint64_t left_ms = weft_document_number(fetching, "left_s") * 1000;
        weft_page_put(page, WEFT_STYLE_PLAIN, "  %s left", weft_units_duration(left_ms).text);
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    draw_tiers(drawing, fetching);
}

static void draw_active(const struct weft_status_drawing *drawing, const json_t *active, bool alone)
{
    struct weft_page *page = drawing->page;
    weft_page_put(page, alone ? WEFT_STYLE_BOLD : WEFT_STYLE_PLAIN, "%s",
                  weft_document_text(active, "version"));
    weft_page_put(page, alone ? WEFT_STYLE_GOOD : WEFT_STYLE_DIM, "  active");
    if (weft_document_has(active, "since_unix_s")) {
        int64_t since_s = (int64_t)weft_document_number(active, "since_unix_s");
        weft_page_put(page, WEFT_STYLE_DIM, " since %s", weft_units_date(since_s).text);
    }
    if (weft_document_has(active, "bytes")) {
        weft_page_put(page, WEFT_STYLE_DIM, ", %s",
                      weft_units_bytes(weft_document_number(active, "bytes")).text);
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    if (alone) {
        draw_tiers(drawing, active);
    }
}

static void draw_component(const struct weft_status_drawing *drawing, const json_t *component)
{
    bool fetching = weft_document_has(component, "fetching");
    bool active = weft_document_has(component, "active");
    weft_status_label(drawing, WEFT_STYLE_BOLD, weft_document_text(component, "name"));
    if (fetching) {
        draw_fetching(drawing, weft_document_at(component, "fetching"));
    }
    if (fetching && active) {
        weft_page_column(drawing->page, drawing->value_column);
    }
    if (active) {
        draw_active(drawing, weft_document_at(component, "active"), !fetching);
    }
    if (!fetching && !active) {
        weft_page_put(drawing->page, WEFT_STYLE_WARN, "no signed release of it is known yet\n");
    }
    if (weft_document_has(component, "error")) {
        weft_page_column(drawing->page, drawing->value_column);
        weft_page_put(drawing->page, WEFT_STYLE_BAD, "%s\n",
                      weft_document_text(component, "error"));
    }
}

static void draw_components(const struct weft_status_drawing *drawing)
{
    size_t index;
    const json_t *component;
    const json_t *components = weft_document_at(drawing->document, "components");
    json_array_foreach(components, index, component)
    {
        draw_component(drawing, component);
    }
    if (json_array_size(components) == 0) {
        weft_status_label(drawing, WEFT_STYLE_DIM, "components");
        weft_page_put(drawing->page, WEFT_STYLE_PLAIN,
                      "none: this node takes part, and keeps nothing\n");
    }
    weft_page_put(drawing->page, WEFT_STYLE_PLAIN, "\n");
}

static void draw_wait(const struct weft_status_drawing *drawing)
{
    const char *word = weft_document_text(drawing->document, "node.stall");
    const char *sentence = word;
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        if (strcmp(waits[i][0], word) == 0) {
            sentence = waits[i][1];
        }
    }
    bool worries = strcmp(word, "no-peer") == 0 || strcmp(word, "source-down") == 0 ||
                   strcmp(word, "asleep") == 0 || strcmp(word, "disk") == 0;
    weft_status_label(drawing, WEFT_STYLE_DIM, "waits for");
    weft_page_put(drawing->page, worries ? WEFT_STYLE_WARN : WEFT_STYLE_PLAIN, "%s\n", sentence);
}

static void draw_segment(const struct weft_status_drawing *drawing)
{
    const json_t *segment = weft_document_at(drawing->document, "segment");
    struct weft_page *page = drawing->page;
    uint64_t suspect = weft_document_number(segment, "suspect");
    uint64_t remote = weft_document_number(segment, "remote_known");
    weft_status_label(drawing, WEFT_STYLE_DIM, "segment");
    weft_page_put(page, WEFT_STYLE_PLAIN, "%s alive",
                  weft_units_count(weft_document_number(segment, "alive"), "node").text);
    if (suspect > 0) {
        weft_page_put(page, WEFT_STYLE_WARN, ", %llu suspect", (unsigned long long)suspect);
    }
    weft_page_put(
        page, WEFT_STYLE_PLAIN, ", %s",
        weft_units_count(weft_document_number(drawing->document, "node.links"), "data link").text);
    if (remote > 0) {
        weft_page_put(page, WEFT_STYLE_DIM, "; %s of other segments known",
                      weft_units_count(remote, "node").text);
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

static void draw_agents(const struct weft_status_drawing *drawing)
{
    size_t index;
    const json_t *agent;
    const json_t *agents = weft_document_at(drawing->document, "segment.agents");
    const char *self = weft_document_text(drawing->document, "node.address");
    weft_status_label(drawing, WEFT_STYLE_DIM, "agents");
    json_array_foreach(agents, index, agent)
    {
        const char *address = json_string_value(agent);
        bool own = address != NULL && strcmp(address, self) == 0;
        weft_page_put(drawing->page, WEFT_STYLE_PLAIN, "%s%s%s", index > 0 ? ", " : "",
                      address != NULL ? address : "?", own ? " (this node)" : "");
    }
    if (json_array_size(agents) == 0) {
        weft_page_put(drawing->page, WEFT_STYLE_WARN, "none elected yet");
    }
    weft_page_put(drawing->page, WEFT_STYLE_PLAIN, "\n");
}

static void draw_source(const struct weft_status_drawing *drawing)
{
    const json_t *source = weft_document_at(drawing->document, "source");
    struct weft_page *page = drawing->page;
    uint64_t now_s = weft_document_number(drawing->document, "now_unix_s");
    uint64_t looked_s = weft_document_number(source, "looked_unix_s");
    weft_status_label(drawing, WEFT_STYLE_DIM, "source");
    if (!weft_document_has(source, "url")) {
        weft_page_put(page, WEFT_STYLE_PLAIN, "none: only peers are asked\n");
        return;
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "%s", weft_document_text(source, "url"));
    if (looked_s > 0) {
        uint64_t ago_ms = now_s > looked_s ? (now_s - looked_s) * 1000 : 0;
        weft_page_put(page, WEFT_STYLE_DIM, "  looked at %s ago", weft_units_duration(ago_ms).text);
    } else {
        weft_page_put(page, WEFT_STYLE_DIM, "  not looked at by this node");
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    if (weft_document_has(source, "error_text")) {
        weft_page_column(page, drawing->value_column);
        weft_page_put(page, WEFT_STYLE_BAD, "%s\n", weft_document_text(source, "error_text"));
    }
    if (weft_document_flag(source, "down")) {
        weft_page_column(page, drawing->value_column);
        weft_page_put(page, WEFT_STYLE_WARN, "down");
        if (weft_document_has(source, "retry_ms")) {
            uint64_t retry_ms = weft_document_number(source, "retry_ms");
            weft_page_put(page, WEFT_STYLE_WARN, ", next try in %s",
                          weft_units_duration(retry_ms).text);
        }
        weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
    }
}

/* How long what is signed is valid. */
static void draw_validity(const struct weft_status_drawing *drawing)
{
    const json_t *metadata = weft_document_at(drawing->document, "metadata");
    struct weft_page *page = drawing->page;
    uint64_t now_s = weft_document_number(drawing->document, "now_unix_s");
    uint64_t expires_s = weft_document_number(metadata, "expires_unix_s");
    weft_status_label(drawing, WEFT_STYLE_DIM, "metadata");
    if (!weft_document_has(metadata, "expires_unix_s")) {
        weft_page_put(page, WEFT_STYLE_WARN, "none accepted yet\n");
        return;
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "version %llu",
                  (unsigned long long)weft_document_number(metadata, "version"));
    if (expires_s > now_s) {
        weft_page_put(page, WEFT_STYLE_DIM, ", valid for %s\n",
                      weft_units_duration((expires_s - now_s) * 1000).text);
    } else {
        weft_page_put(page, WEFT_STYLE_BAD, ", expired on %s: the publisher must sign again\n",
                      weft_units_date((int64_t)expires_s).text);
    }
}

static void draw_metadata(const struct weft_status_drawing *drawing)
{
    static const char *const warnings[] = {"clock_text", "alarm_text"};
    const json_t *metadata = weft_document_at(drawing->document, "metadata");
    draw_validity(drawing);
    for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
        if (weft_document_has(metadata, warnings[i])) {
            weft_page_column(drawing->page, drawing->value_column);
            weft_page_put(drawing->page, WEFT_STYLE_BAD, "%s\n",
                          weft_document_text(metadata, warnings[i]));
        }
    }
}

static void draw_peer(const struct weft_status_drawing *drawing, const json_t *member)
{
    struct weft_page *page = drawing->page;
    uint64_t rate = weft_document_number(member, "rate_bytes_per_s");
    const char *state = weft_document_text(member, "state");
    bool alive = strcmp(state, "alive") == 0;
    weft_page_column(page, drawing->value_column);
    weft_page_put(page, WEFT_STYLE_PLAIN, "%s", weft_document_text(member, "address"));
    weft_page_column(page, drawing->value_column + 24);
    weft_page_put(page, WEFT_STYLE_PLAIN, "%s",
                  weft_document_flag(member, "agent") ? "agent " : "      ");
    weft_page_put(page, alive ? WEFT_STYLE_DIM : WEFT_STYLE_WARN, "%-8s", alive ? "" : state);
    weft_page_put(page, WEFT_STYLE_DIM, "%-7s",
                  weft_document_flag(member, "remote") ? "remote" : "");
    weft_page_right(page, page->column + 10, WEFT_STYLE_DIM,
                    rate > 0 ? weft_units_rate(rate).text : "");
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

/* The first few with a data link: who this node deals with. */
static void draw_peers(const struct weft_status_drawing *drawing)
{
    size_t index;
    const json_t *member;
    uint32_t shown = 0;
    uint32_t linked = 0;
    json_array_foreach(weft_document_at(drawing->document, "members"), index, member)
    {
        if (!weft_document_flag(member, "linked")) {
            continue;
        }
        if (linked++ == 0) {
            weft_status_label(drawing, WEFT_STYLE_DIM, "peers");
        }
        if (shown < PEERS_SHOWN_MAX) {
            draw_peer(drawing, member);
            shown++;
        }
    }
    if (linked > shown) {
        weft_page_column(drawing->page, drawing->value_column);
        weft_page_put(drawing->page, WEFT_STYLE_DIM, "and %u more\n", linked - shown);
    }
}

void weft_status_draw(struct weft_page *page, const json_t *document)
{
    struct weft_status_drawing drawing = {page, document, value_column(document)};
    draw_title(&drawing);
    page->hang_column = drawing.value_column;
    draw_components(&drawing);
    draw_wait(&drawing);
    draw_segment(&drawing);
    draw_agents(&drawing);
    draw_peers(&drawing);
    draw_source(&drawing);
    draw_metadata(&drawing);
    weft_status_draw_mesh(&drawing);
    weft_status_draw_sandbox(&drawing);
}
