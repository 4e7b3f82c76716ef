/* SPDX-License-Identifier: Apache-2.0 */
/* Name, version and order of a new release: see publish_release.h. */
#include "node/publish_release.h"

#include <stdio.h>
#include <string.h>

static struct weft_publish_history history_of(const struct weft_repository *repository,
                                              const struct weft_publish_place *place,
                                              const char *component, const char *version)
{
    struct weft_publish_history history = {.component = component, .version = version};
    weft_publish_look_back(weft_repository_targets(repository), &history);
    weft_publish_look_back(place->role, &history);
    return history;
}

/* Version and order of the new release. Without --version the next number that is free. */
static struct weft_publish_history choose_version(const struct weft_repository *repository,
                                                  const struct weft_publish_wish *wish,
                                                  const struct weft_publish_place *place,
                                                  struct weft_release_info *info)
{
    struct weft_publish_history history =
        history_of(repository, place, wish->component, wish->version);
    info->order = history.order_max + 1;
    snprintf(info->component, sizeof info->component, "%s", wish->component);
    if (wish->version != NULL) {
        snprintf(info->version, sizeof info->version, "%s", wish->version);
        return history;
    }
    do {
        snprintf(info->version, sizeof info->version, "%llu", (unsigned long long)info->order);
        history = history_of(repository, place, wish->component, info->version);
        info->order += history.exists;
    } while (history.exists);
    return history;
}

/* The name that the file keeps on every node. */
static enum weft_err choose_file(const char *path, struct weft_release_info *info,
                                 struct weft_message *message)
{
    if (info->kind == WEFT_RELEASE_TREE) {
        snprintf(info->file, sizeof info->file, "%.*s.tar", WEFT_NAME_BYTES_MAX, info->component);
        return WEFT_ERR_OK;
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (!weft_name_file_ok(name)) {
        weft_message_set(message,
                         "%s: this file name cannot be published; use at most %d bytes of valid "
                         "UTF-8 without control characters and backslashes, not beginning with a "
                         "dot",
                         path, WEFT_NAME_FILE_BYTES_MAX);
        return WEFT_ERR_ARGUMENT;
    }
    memcpy(info->file, name, strlen(name) + 1); /* its length was checked just now */
    return WEFT_ERR_OK;
}

static enum weft_err describe(const struct weft_publish_wish *wish,
                              const struct weft_payload *payload, struct weft_release_info *info,
                              struct weft_message *message)
{
    info->kind = payload->kind;
    info->pin = (struct weft_pin){.has_length = true, .length = payload->bytes, .has_sha256 = true};
    info->has_index = true;
    info->index_bytes = (uint32_t)payload->index_bytes;
    memcpy(info->pin.sha256, payload->sha256, sizeof info->pin.sha256);
    memcpy(info->index_sha256, payload->index_sha256, sizeof info->index_sha256);
    enum weft_err err = choose_file(wish->path, info, message);
    return err == WEFT_ERR_OK ? weft_catalog_paths(info, true) : err;
}

static enum weft_err refuse_other_content(const struct weft_release_info *info,
                                          const struct weft_release_info *found,
                                          struct weft_message *message)
{
    if (found->pin.length == info->pin.length && found->kind == info->kind &&
        memcmp(found->pin.sha256, info->pin.sha256, sizeof info->pin.sha256) == 0) {
        return WEFT_ERR_OK;
    }
    weft_message_set(message,
                     "%s %s is published already, with other content; a version never changes, "
                     "give another --version",
                     info->component, info->version);
    return WEFT_ERR_EXISTS;
}

enum weft_err weft_publish_describe(const struct weft_repository *repository,
                                    const struct weft_publish_place *place,
                                    const struct weft_publish_wish *wish,
                                    const struct weft_payload *payload,
                                    struct weft_release_info *info, bool *is_there,
                                    struct weft_message *message)
{
    memset(info, 0, sizeof *info);
    struct weft_publish_history history = choose_version(repository, wish, place, info);
    enum weft_err err = describe(wish, payload, info, message);
    if (err == WEFT_ERR_OK && history.exists) {
        err = refuse_other_content(info, &history.found, message);
    }
    *is_there = history.exists;
    return err;
}
