/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept current: see subscribe.h. */
#include "node/subscribe.h"

#include "protocol/trust/path.h"

#include <stdio.h>
#include <string.h>

static bool has_place(const struct weft_run_component *components, uint32_t count,
                      const char *place)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(components[i].place, place) == 0) {
            return true;
        }
    }
    return false;
}

/* NAME or PATH, and where it has its place; what is wrong with it, or NULL. */
static const char *read_name(struct weft_run_component *component, const char *value, size_t length,
                             bool is_target)
{
    if (length >= sizeof(component->name)) {
        return "this is too long";
    }
    memcpy(component->name, value, length);
    component->name[length] = '\0';
    component->is_target = is_target;
    if (!is_target) {
        snprintf(component->place, sizeof(component->place), "%.*s", WEFT_NAME_BYTES_MAX + 1,
                 component->name);
        return weft_name_ok(component->place) ? NULL : "a component is named by " WEFT_NAME_RULE;
    }
    char path[WEFT_PATH_BYTES_MAX];
    component->place[0] = WEFT_NAME_PLAIN_MARK;
    bool fits =
        weft_path_target(component->name, NULL, path) &&
        weft_name_file_ok(weft_path_file(component->name)) &&
        weft_path_quote(component->name, "", component->place + 1, sizeof(component->place) - 1);
    return fits ? NULL : "this is not the path of a target that a node can keep";
}

const char *weft_subscribe(struct weft_run_component *components, uint32_t *count,
                           const char *value, bool is_target)
{
    const char *equals = strchr(value, '=');
    size_t length = equals != NULL ? (size_t)(equals - value) : strlen(value);
    if (*count == WEFT_COMPONENTS_MAX) {
        return "at most 32 components and targets can be kept";
    }
    if (equals != NULL && equals[1] == '\0') {
        return "the link after '=' is empty";
    }
    struct weft_run_component *component = &components[*count];
    const char *fault = read_name(component, value, length, is_target);
    if (fault != NULL) {
        return fault;
    }
    if (has_place(components, *count, component->place)) {
        return "this is already named";
    }
    component->link = equals != NULL ? equals + 1 : NULL;
    ++*count;
    return NULL;
}

const char *weft_subscribe_all(struct weft_run_component *components, uint32_t *count,
                               const struct weft_flag_list *values, bool is_target,
                               const char **fault)
{
    const char *why = NULL;
    for (uint32_t i = 0; i < values->count && why == NULL; i++) {
        *fault = values->items[i];
        why = weft_subscribe(components, count, *fault, is_target);
    }
    return why;
}
