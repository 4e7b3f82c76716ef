/* SPDX-License-Identifier: Apache-2.0 */
/* Notes what the updater says, and gives it what it wants. */
#include "tests/support/updater_driver.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/fileio.h"

/* More documents than a look of any test needs. */
#define WANTS_MAX 32

static int64_t now_s(void *context)
{
    return (int64_t)time(NULL) + ((struct updater_driver *)context)->skew_s;
}

static void note_want(struct updater_driver *at, uint64_t token, const char *path,
                      uint32_t bytes_max)
{
    ck_assert_msg(!at->open || at->token == token, "two wants at a time");
    at->token = token;
    at->bytes_max = bytes_max;
    at->open = true;
    snprintf(at->path, sizeof at->path, "%s", path);
}

static void want(void *context, const struct weft_updater_want *want)
{
    struct updater_driver *at = context;
    note_want(at, want->token, want->path, want->bytes_max);
    at->hint = want->hint;
    at->holders_have = want->bulletin;
    at->is_derived = want->is_derived;
    at->is_own_work = want->is_own_work;
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

static void accepted(void *context, const struct weft_updater_news *news)
{
    struct updater_driver *at = context;
    at->accepted_count++;
    at->version = weft_bulletin_version(news->bulletin);
    at->root_version = weft_bulletin_root(news->bulletin);
    at->fresh_s = news->fresh_s;
    ck_assert_uint_le(news->length, sizeof at->bulletin);
    memcpy(at->bulletin, news->bytes, news->length);
    at->bulletin_length = news->length;
}

static void refused(void *context, weft_node_id peer, weft_bulletin bulletin, enum weft_err result,
                    const char *text)
{
    struct updater_driver *at = context;
    (void)peer;
    (void)bulletin;
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
                    const struct weft_index *index, const uint8_t *index_bytes, weft_node_id author)
{
    struct updater_driver *at = context;
    (void)index_bytes;
    at->author = author;
    at->number = component;
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

enum weft_err updater_driver_answer(struct updater_driver *driver, struct weft_updater *updater,
                                    const char *repository)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    char path[WEFT_FILE_PATH_BYTES];
    ck_assert(weft_fileio_join(path, repository, driver->path));
    driver->open = false;
    enum weft_err err = weft_fileio_load(path, driver->bytes_max, &bytes, &length);
    err = weft_updater_document(updater, driver->token, 0, err, bytes, length);
    free(bytes);
    return err;
}

void updater_driver_serve(struct updater_driver *driver, struct weft_updater *updater,
                          const char *repository)
{
    for (int i = 0; i < WANTS_MAX && driver->open; i++) {
        updater_driver_answer(driver, updater, repository);
    }
    ck_assert(!driver->open);
}
