/* SPDX-License-Identifier: Apache-2.0 */
/* A few documents in an array: roots, one generation of metadata, one index per component. */
#include "node/shelf.h"

#include <stdlib.h>
#include <string.h>

static void clear_item(struct weft_shelf_item *item)
{
    free(item->path);
    free(item->bytes);
}

static bool fill_item(struct weft_shelf_item *item, const char *path, const uint8_t *bytes,
                      size_t length)
{
    *item = (struct weft_shelf_item){
        .path = strdup(path), .bytes = malloc(length + 1), .length = length};
    if (item->path == NULL || item->bytes == NULL) {
        clear_item(item);
        return false;
    }
    memcpy(item->bytes, bytes, length);
    return true;
}

/* Index of the document at |path|; count if there is none. */
static size_t index_of(const struct weft_shelf *shelf, const char *path)
{
    size_t i = 0;
    while (i < shelf->count && strcmp(shelf->items[i].path, path) != 0) {
        i++;
    }
    return i;
}

enum weft_err weft_shelf_put(struct weft_shelf *shelf, const char *path, const uint8_t *bytes,
                             size_t length)
{
    struct weft_shelf_item item;
    if (!fill_item(&item, path, bytes, length)) {
        return WEFT_ERR_MEMORY;
    }
    size_t i = index_of(shelf, path);
    if (i < shelf->count) {
        clear_item(&shelf->items[i]);
    } else {
        struct weft_shelf_item *grown =
            realloc(shelf->items, (shelf->count + 1) * sizeof *shelf->items);
        if (grown == NULL) {
            clear_item(&item);
            return WEFT_ERR_MEMORY;
        }
        shelf->items = grown;
        shelf->count++;
    }
    shelf->items[i] = item;
    return WEFT_ERR_OK;
}

const struct weft_shelf_item *weft_shelf_find(const struct weft_shelf *shelf, const char *path)
{
    size_t i = index_of(shelf, path);
    return i < shelf->count ? &shelf->items[i] : NULL;
}

void weft_shelf_sweep(struct weft_shelf *shelf, bool (*keep)(void *context, const char *path),
                      void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < shelf->count; i++) {
        if (keep(context, shelf->items[i].path)) {
            shelf->items[kept++] = shelf->items[i];
        } else {
            clear_item(&shelf->items[i]);
        }
    }
    shelf->count = kept;
}

void weft_shelf_clear(struct weft_shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++) {
        clear_item(&shelf->items[i]);
    }
    free(shelf->items);
    *shelf = (struct weft_shelf){.items = NULL};
}
