/* SPDX-License-Identifier: Apache-2.0 */
/* A small table, searched from end to end: a node follows few delegations. */
#include "roles.h"

#include <stdlib.h>
#include <string.h>

static void clear_item(struct weft_roles_item *item)
{
    free(item->name);
    weft_metadata_drop(item->document);
}

/* Index of the item of |name|; count if there is none. */
static size_t index_of(const struct weft_roles *roles, const char *name)
{
    size_t i = 0;
    while (i < roles->count && strcmp(roles->items[i].name, name) != 0) {
        i++;
    }
    return i;
}

const struct weft_roles_item *weft_roles_find(const struct weft_roles *roles, const char *name)
{
    size_t i = index_of(roles, name);
    return i < roles->count ? &roles->items[i] : NULL;
}

/* Make room for one more item of |name|. */
static enum weft_err grow(struct weft_roles *roles, const char *name)
{
    if (roles->count == WEFT_ROLES_MAX) {
        return WEFT_ERR_LIMIT;
    }
    size_t name_bytes = strlen(name) + 1;
    char *copy = malloc(name_bytes);
    struct weft_roles_item *grown =
        copy ? realloc(roles->items, (roles->count + 1) * sizeof *roles->items) : NULL;
    if (!grown) {
        free(copy);
        return WEFT_ERR_MEMORY;
    }
    memcpy(copy, name, name_bytes);
    roles->items = grown;
    roles->items[roles->count++] = (struct weft_roles_item){.name = copy};
    return WEFT_ERR_OK;
}

enum weft_err weft_roles_put(struct weft_roles *roles, const char *name,
                             struct weft_metadata *document, enum weft_err err)
{
    size_t i = index_of(roles, name);
    if (i == roles->count) {
        enum weft_err grown = grow(roles, name);
        if (grown != WEFT_ERR_OK) {
            return grown;
        }
    }
    struct weft_roles_item *item = &roles->items[i];
    struct weft_metadata *before = item->document;
    item->document = weft_metadata_keep(document);
    item->err = err;
    weft_metadata_drop(before);
    return WEFT_ERR_OK;
}

void weft_roles_sweep(struct weft_roles *roles,
                      bool (*keep)(const void *context, const struct weft_roles_item *item),
                      const void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < roles->count; i++) {
        if (keep(context, &roles->items[i])) {
            roles->items[kept++] = roles->items[i];
        } else {
            clear_item(&roles->items[i]);
        }
    }
    roles->count = kept;
}

void weft_roles_clear(struct weft_roles *roles)
{
    for (size_t i = 0; i < roles->count; i++) {
        clear_item(&roles->items[i]);
    }
    free(roles->items);
    *roles = (struct weft_roles){.items = NULL};
}
