/* SPDX-License-Identifier: Apache-2.0 */
/* Draws what stands in the status document about this node as a member of its mesh: is it one,
 * until when, and what is to be done so that it stays one? */
#include "status_part.h"

#include "document_read.h"
#include "units.h"

#include <string.h>

/* A server that did not renew a certificate this long after its time does not do it. Unit: s. */
#define OVERDUE_S 3600

/* Until when the node is a member, and what to do about it. */
static void draw_certificate(const struct weft_status_drawing *drawing, const json_t *mesh,
                             uint64_t now_s)
{
    struct weft_page *page = drawing->page;
    uint64_t expires_s = weft_document_number(mesh, "expires_unix_s");
    bool by_hand = weft_document_flag(mesh, "by_hand");
    bool is_due = now_s > weft_document_number(mesh, "renew_unix_s") + (by_hand ? 0 : OVERDUE_S);
    if (expires_s <= now_s) {
        weft_page_put(page, WEFT_STYLE_BAD, "the certificate expired on %s; run: weft join %s\n",
                      weft_units_date((int64_t)expires_s).text,
                      by_hand ? "--request FILE" : "TOKEN");
        return;
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "%.32s", weft_document_text(mesh, "name"));
    weft_page_put(page, WEFT_STYLE_DIM, ", admitted for %s",
                  weft_units_duration((expires_s - now_s) * 1000).text);
    if (is_due && by_hand) {
        weft_page_put(page, WEFT_STYLE_WARN, "; to renew it, run: weft join --request FILE");
    } else if (is_due && json_object_get(mesh, "renew_unix_s") != NULL) {
        weft_page_put(page, WEFT_STYLE_WARN, "; its server does not renew it");
    }
    weft_page_put(page, WEFT_STYLE_PLAIN, "\n");
}

/* Identities that run in two places, and what to do about each. */
static void draw_clones(const struct weft_status_drawing *drawing, const json_t *mesh)
{
    size_t index;
    const json_t *clone;
    json_array_foreach(weft_document_at(mesh, "clones"), index, clone)
    {
        weft_status_label(drawing, WEFT_STYLE_BAD, "copy");
        weft_page_put(drawing->page, WEFT_STYLE_BAD, "%s of %.32s (%s), refused\n",
                      weft_document_text(clone, "refused"), weft_document_text(clone, "name"),
                      weft_document_text(clone, "address"));
        weft_page_column(drawing->page, drawing->value_column);
        weft_page_put(
            drawing->page, WEFT_STYLE_DIM,
            "there: remove DIR/node.key and DIR/membership; weft join TOKEN --data DIR\n");
    }
}

/* This node itself is one of two with its identity, and not the one that counts. */
static void draw_refusal(const struct weft_status_drawing *drawing, const json_t *mesh)
{
    const json_t *refusal = weft_document_at(mesh, "refused_by");
    if (!json_is_object(refusal)) {
        return;
    }
    weft_status_label(drawing, WEFT_STYLE_BAD, "copy");
    weft_page_put(drawing->page, WEFT_STYLE_BAD, "this node is refused as a copy by %.32s (%s)\n",
                  weft_document_text(refusal, "name"), weft_document_text(refusal, "address"));
    weft_page_column(drawing->page, drawing->value_column);
    weft_page_put(drawing->page, WEFT_STYLE_DIM,
                  "if it is one: remove DIR/node.key and DIR/membership, and run:\n");
    weft_page_column(drawing->page, drawing->value_column);
    weft_page_put(drawing->page, WEFT_STYLE_DIM, "weft join TOKEN --data DIR\n");
}

/* What a peer did, and how often. */
static void draw_offences(const struct weft_status_drawing *drawing, const json_t *penalty)
{
    size_t index;
    const json_t *offence;
    json_array_foreach(weft_document_at(penalty, "offences"), index, offence)
    {
        weft_page_column(drawing->page, drawing->value_column);
        weft_page_put(drawing->page, WEFT_STYLE_DIM, "%s: %.160s\n",
                      weft_units_count(weft_document_number(offence, "count"), "time").text,
                      weft_document_text(offence, "text"));
    }
}

/* Peers to which something is held, for how long, and why. */
static void draw_penalties(const struct weft_status_drawing *drawing, const json_t *mesh)
{
    size_t index;
    const json_t *penalty;
    struct weft_page *page = drawing->page;
    json_array_foreach(weft_document_at(mesh, "penalties"), index, penalty)
    {
        const char *standing = weft_document_text(penalty, "standing");
        bool is_named = weft_document_has(penalty, "name");
        enum weft_style style = strcmp(standing, "banned") == 0 ? WEFT_STYLE_BAD : WEFT_STYLE_WARN;
        weft_status_label(drawing, style, "penalty");
        weft_page_put(page, style, "%s%.32s", is_named ? "" : "node ",
                      weft_document_text(penalty, is_named ? "name" : "id"));
        if (weft_document_has(penalty, "address")) {
            weft_page_put(page, style, " (%s)", weft_document_text(penalty, "address"));
        }
        weft_page_put(page, style, ", %.16s%s%s\n", standing,
                      strcmp(standing, "owes") == 0 ? " " : " for ",
                      weft_units_duration(weft_document_number(penalty, "owed_s") * 1000).text);
        draw_offences(drawing, penalty);
    }
}

void weft_status_draw_mesh(const struct weft_status_drawing *drawing)
{
    const json_t *mesh = weft_document_at(drawing->document, "mesh");
    struct weft_page *page = drawing->page;
    uint64_t now_s = weft_document_number(drawing->document, "now_unix_s");
    if (!json_is_object(mesh)) {
        return;
    }
    weft_status_label(drawing, WEFT_STYLE_DIM, "mesh");
    if (weft_document_flag(mesh, "revoked")) {
        weft_page_put(page, WEFT_STYLE_BAD, "this node was thrown out of it\n");
    } else if (weft_document_flag(mesh, "open")) {
        weft_page_put(page, WEFT_STYLE_DIM, "open to everybody with the root file\n");
    } else {
        draw_certificate(drawing, mesh, now_s);
    }
    draw_refusal(drawing, mesh);
    draw_clones(drawing, mesh);
    draw_penalties(drawing, mesh);
}

void weft_status_draw_sandbox(const struct weft_status_drawing *drawing)
{
    static const char prefix[] = "sandbox: ";
    const char *text = weft_document_text(drawing->document, "node.sandbox");
    if (text[0] == '\0') {
        return;
    }
    text += strncmp(text, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    bool is_whole = strstr(text, "NOT in force") == NULL && strcmp(text, "off") != 0;
    weft_status_label(drawing, WEFT_STYLE_DIM, "sandbox");
    weft_page_put(drawing->page, is_whole ? WEFT_STYLE_DIM : WEFT_STYLE_WARN, "%s\n", text);
}
