/* SPDX-License-Identifier: Apache-2.0 */
/* Asks over the control socket. The node's word counts for what is signed; the bytes are verified
 * here all the same. */
#include "node/fetch_node.h"

#include "node/control_client.h"
#include "node/document_read.h"
#include "node/fetcher_target.h"
#include "node/url.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MS 5000

/* Take the answer apart. */
static enum weft_err understand(const json_t *answer, const char *path,
                                struct weft_fetch_node *node, struct weft_message *message)
{
    const char *error = weft_document_text(answer, "error");
    if (error[0] != '\0') {
        weft_message_set(message, "%s", error);
        return WEFT_ERR_NOT_FOUND;
    }
    const json_t *entry = weft_document_at(answer, "target");
    bool is_consistent = weft_document_flag(answer, "consistent");
    if (!json_is_object(entry) ||
        !weft_catalog_read_plain(path, entry, is_consistent, &node->info)) {
        weft_message_set(message, "the node's answer cannot be understood");
        return WEFT_ERR_FORMAT;
    }
    snprintf(node->file, sizeof node->file, "%s", weft_document_text(answer, "file"));
    snprintf(node->source, sizeof node->source, "%s", weft_document_text(answer, "source"));
    return WEFT_ERR_OK;
}

enum weft_err weft_fetch_node_ask(const char *data_dir, const char *path,
                                  struct weft_fetch_node *node, struct weft_message *message)
{
    char request[WEFT_PATH_BYTES_MAX + 16];
    json_t *answer = NULL;
    memset(node, 0, sizeof *node);
    if (strlen(path) >= WEFT_PATH_BYTES_MAX || strpbrk(path, "\r\n") != NULL) {
        weft_message_set(message, "no target has such a path");
        return WEFT_ERR_NOT_FOUND;
    }
    snprintf(request, sizeof request, "target %s", path);
    enum weft_err err = weft_control_ask(data_dir, request, ANSWER_MS, &answer);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "no node answers on %.400s: %s", data_dir, weft_err_text(err));
        return WEFT_ERR_CLOSED;
    }
    err = understand(answer, path, node, message);
    json_decref(answer);
    return err;
}

static enum weft_err get_from_source(struct weft_fetch_node *node, const char *path,
                                     struct weft_message *message)
{
    char url[WEFT_HTTP_URL_BYTES_MAX];
    uv_loop_t loop;
    if (node->source[0] == '\0') {
        weft_message_set(message, "the node does not have it, and has no source");
        return WEFT_ERR_NOT_FOUND;
    }
    if (!weft_url_join(node->source, node->info.path, url, sizeof url)) {
        weft_message_set(message, "the URL is too long");
        return WEFT_ERR_ARGUMENT;
    }
    if (uv_loop_init(&loop) != 0) {
        return WEFT_ERR_MEMORY;
    }
    struct weft_http *http = weft_http_open(&loop);
    enum weft_err err =
        http == NULL ? WEFT_ERR_MEMORY
                     : weft_fetcher_target_get(&loop, http, url, &node->info.pin, path, message);
    weft_http_close(http);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return err;
}

enum weft_err weft_fetch_node_get(struct weft_fetch_node *node, const char *path,
                                  struct weft_message *message)
{
    node->how = "was there already";
    if (weft_fetcher_target_is(&node->info.pin, path)) {
        return WEFT_ERR_OK;
    }
    node->how = "from the node on this machine";
    if (node->file[0] != '\0' &&
        weft_fetcher_target_copy(node->file, &node->info.pin, path, message) == WEFT_ERR_OK) {
        return WEFT_ERR_OK;
    }
    node->how = "from the source of the node on this machine";
    return get_from_source(node, path, message);
}
