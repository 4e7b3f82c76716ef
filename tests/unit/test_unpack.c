/* SPDX-License-Identifier: Apache-2.0 */
/* Does an honest tar come out as it went in? Hostile ones are in tests/attack/attack_archive.c. */
#include "tests/support/check_main.h"
#include "tests/support/unpack_site.h"

#include "node/unpack.h"
#include "protocol/trust/sha256.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of the tree has this content and mode. */
static void expect_file(const struct unpack_site *site, const char *path, const char *content,
                        mode_t mode)
{
    char full[512];
    uint8_t *bytes;
    size_t length;
    struct stat status;
    snprintf(full, sizeof(full), "%s/%s", site->tree, path);
    ck_assert_int_eq(weft_fileio_load(full, 4096, &bytes, &length), WEFT_ERR_OK);
    ck_assert_str_eq((const char *)bytes, content);
    free(bytes);
    ck_assert_int_eq(stat(full, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, mode);
}

START_TEST(honest_tree)
{
    static const struct tarball_entry entries[] = {
        {'d', "./", NULL, 0},
        {'d', "bin", NULL, 0755},
        {'f', "bin/tool", "#!/bin/sh", 04755},
        {'f', "./etc/deep/er/conf", "x = 1", 0640},
        {'f', "empty", "", 0444},
        {'l', "bin/alias", "tool", 0},
        {'l', "etc/up", "../bin/./tool", 0},
        {'l', "broken", "does/not/exist", 0},
        {'h', "bin/same", "bin/tool", 0},
        {'d', "etc", NULL, 0700},
        {'f', "caf\xc3\xa9/\xe6\x97\xa5", "unicode", 0},
        {'d', "closed", NULL, 0500},
        {'f', "closed/file", "in", 0},
        {'f', "..x/...", "dots", 0},
        {0, NULL, NULL, 0},
    };
    struct unpack_site site;
    unpack_site_begin(&site);
    enum weft_err err = unpack_site_entries(&site, entries);
    ck_assert_msg(err == WEFT_ERR_OK, "%s", site.message.text);
    expect_file(&site, "bin/tool", "#!/bin/sh", 0755);
    expect_file(&site, "bin/alias", "#!/bin/sh", 0755);
    expect_file(&site, "bin/same", "#!/bin/sh", 0755);
    expect_file(&site, "etc/up", "#!/bin/sh", 0755);
    expect_file(&site, "etc/deep/er/conf", "x = 1", 0640);
    expect_file(&site, "empty", "", 0444);
    expect_file(&site, "caf\xc3\xa9/\xe6\x97\xa5", "unicode", 0644);
    expect_file(&site, "closed/file", "in", 0644);
    expect_file(&site, "..x/...", "dots", 0644);
    unpack_site_end(&site);
}
END_TEST

START_TEST(too_deep)
{
    struct unpack_site site;
    char path[512];
    unpack_site_begin(&site);
    for (size_t i = 0; i + 1 < sizeof(path); i += 2) {
        memcpy(path + i, "a/", 2);
    }
    path[2 * WEFT_UNPACK_DEPTH_MAX] = 'f';
    path[2 * WEFT_UNPACK_DEPTH_MAX + 1] = '\0';
    struct tarball_entry entries[] = {{'f', path, "x", 0}, {0, NULL, NULL, 0}};
    ck_assert_int_eq(unpack_site_entries(&site, entries), WEFT_ERR_LIMIT);
    path[2 * WEFT_UNPACK_DEPTH_MAX - 2] = 'f';
    path[2 * WEFT_UNPACK_DEPTH_MAX - 1] = '\0';
    ck_assert_int_eq(unpack_site_entries(&site, entries), WEFT_ERR_OK);
    unpack_site_end(&site);
}
END_TEST

START_TEST(damaged_anywhere_is_a_mismatch)
{
    static const struct tarball_entry entries[] = {
        {'f', "a", "some content", 0}, {'f', "b", "more", 0}, {0, NULL, NULL, 0}};
    uint8_t *bytes;
    size_t length;
    uint8_t digest[WEFT_SHA256_BYTES];
    tarball_make(entries, &bytes, &length);
    weft_sha256_of(bytes, length, digest);
    const size_t offsets[] = {0, 124, 156, 512, 1024 + 130, length - 1};
    for (size_t i = 0; i < WEFT_ROWS(offsets); i++) {
        struct unpack_site site;
        unpack_site_begin(&site);
        bytes[offsets[i]] ^= 0x55;
        ck_assert_int_eq(unpack_site_bytes(&site, bytes, length, digest), WEFT_ERR_MISMATCH);
        bytes[offsets[i]] ^= 0x55;
        unpack_site_end(&site);
    }
    free(bytes);
}
END_TEST

START_TEST(rubbish_is_refused)
{
    struct unpack_site site;
    uint8_t bytes[3000];
    unpack_site_begin(&site);
    memset(bytes, 'x', sizeof(bytes));
    ck_assert_int_eq(unpack_site_bytes(&site, bytes, sizeof(bytes), NULL), WEFT_ERR_FORMAT);
    unpack_site_end(&site);
}
END_TEST

static bool always(void *context)
{
    return context == NULL;
}

START_TEST(cancelled)
{
    struct unpack_site site;
    unpack_site_begin(&site);
    struct weft_unpack_request request = {
        .archive = open("/dev/zero", O_RDONLY | O_CLOEXEC),
        .directory = open(site.tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .bytes = 1 << 20,
        .is_cancelled = always,
    };
    ck_assert_int_eq(weft_unpack_tar(&request, &site.message), WEFT_ERR_CANCELLED);
    close(request.archive);
    close(request.directory);
    unpack_site_end(&site);
}
END_TEST

static const char *const target_table[] = {
    "b",
    "b/c",
    ".",
    "..",
    "../..",
    "/",
    "/tmp/weft-evil",
    "../outside",
    "//",
    "...",
    "b/..",
    "/../../",
    "a b\nc\x7f",
    "caf\xc3\xa9",
    "/proc/self/root/tmp/weft-evil",
};

/* The text of a link is kept as it is. */
START_TEST(link_is_kept)
{
    struct unpack_site site;
    char path[128];
    char text[PATH_MAX];
    unpack_site_begin(&site);
    struct tarball_entry entries[] = {
        {'d', "d", NULL, 0}, {'l', "d/a", target_table[_i], 0}, {0, NULL, NULL, 0}};
    enum weft_err err = unpack_site_entries(&site, entries);
    ck_assert_msg(err == WEFT_ERR_OK, "%s", site.message.text);
    snprintf(path, sizeof(path), "%s/d/a", site.tree);
    ssize_t length = readlink(path, text, sizeof(text) - 1);
    ck_assert_int_eq(length, (ssize_t)strlen(target_table[_i]));
    ck_assert_int_eq(memcmp(text, target_table[_i], (size_t)length), 0);
    unpack_site_end(&site);
}
END_TEST

/* The longest text that a file system stores, and the shortest that it does not. */
START_TEST(link_length_is_bounded)
{
    struct unpack_site site;
    char target[PATH_MAX + 1];
    memset(target, 'x', PATH_MAX);
    target[PATH_MAX] = '\0';
    struct tarball_entry entries[] = {{'l', "a", target, 0}, {0, NULL, NULL, 0}};
    unpack_site_begin(&site);
    ck_assert_int_eq(unpack_site_entries(&site, entries), WEFT_ERR_FORMAT);
    target[PATH_MAX - 1] = '\0';
    ck_assert_int_eq(unpack_site_entries(&site, entries), WEFT_ERR_OK);
    unpack_site_end(&site);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("unpack");
    WEFT_ADD(suite, honest_tree);
    WEFT_ADD(suite, too_deep);
    WEFT_ADD(suite, damaged_anywhere_is_a_mismatch);
    WEFT_ADD(suite, rubbish_is_refused);
    WEFT_ADD(suite, cancelled);
    WEFT_ADD_ROWS(suite, link_is_kept, target_table);
    WEFT_ADD(suite, link_length_is_bounded);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
