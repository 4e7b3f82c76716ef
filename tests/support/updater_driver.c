/* SPDX-License-Identifier: Apache-2.0 */
/* Notes what the updater says. */
#include "tests/support/updater_driver.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now_s(void *context)
{
    return (int64_t)time(NULL) + ((struct updater_driver *)context)->skew_s;
}

static void note_want(struct updater_driver *at, uint64_t token, const char *path,
                      uint32_t bytes_max)
{
    ck_assert_msg(!at->open, "two wants at a time");
    at->token = token;
    at->bytes_max = bytes_max;
    at->open = true;
    snprintf(at->path, sizeof at->path, "%s", path);
}

static void want(void *context, uint64_t token, const char *path, uint32_t bytes_max,
                 uint32_t bulletin, weft_node_id hint)
{
    struct updater_driver *at = context;
    (void)bulletin;
    note_want(at, token, path, bytes_max);
    at->hint = hint;
    at->from_source = false;
    at->want_count++;
}

static void want_source(void *context, uint64_t token, const char *path, uint32_t bytes_max)
{
    struct updater_driver *at = context;
    note_want(at, token, path, bytes_max);
    at->from_source = true;
    at->source_count++;
}

static void accepted(void *context, uint32_t version, uint32_t root_version, const uint8_t *bytes,
                     size_t length)
{
    struct updater_driver *at = context;
    at->accepted_count++;
    at->version = version;
    at->root_version = root_version;
    ck_assert_uint_le(length, sizeof at->bulletin);
    memcpy(at->bulletin, bytes, length);
    at->bulletin_length = length;
}

static void refused(void *context, weft_node_id peer, uint32_t version, enum weft_err result,
                    const char *text)
{
    struct updater_driver *at = context;
    (void)peer;
    (void)version;
    ck_assert_str_ne(text, "");
    at->refused_count++;
    at->refused = result;
}

static void looked(void *context, enum weft_err result, const char *text)
{
    struct updater_driver *at = context;
    ck_assert_int_eq(result == WEFT_ERR_OK, text[0] == '\0');
    at->looked_count++;
    at->looked = result;
}

static void release(void *context, uint32_t component, const struct weft_release_info *info,
                    const struct weft_index *index, const uint8_t *index_bytes)
{
    struct updater_driver *at = context;
    (void)index_bytes;
    ck_assert_uint_eq(component, 0);
    ck_assert_uint_eq(index->bytes, info->pin.length);
    ck_assert_uint_eq(index->id, info->id);
    at->release_count++;
    at->release = *info;
}

struct weft_updater_host updater_driver_host(struct updater_driver *driver)
{
    return (struct weft_updater_host){.context = driver,
                                      .now_s = now_s,
                                      .want = want,
                                      .want_source = want_source,
                                      .accepted = accepted,
                                      .refused = refused,
                                      .looked = looked,
                                      .release = release};
}
