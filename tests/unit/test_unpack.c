/* SPDX-License-Identifier: Apache-2.0 */
/* Does an honest tar come out as it went in, and can no hostile one reach outside? */
#include "tests/support/check_main.h"
#include "tests/support/tarball.h"

#include "node/unpack.h"
#include "protocol/trust/sha256.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A place to unpack in: ROOT/tree, with ROOT/outside beside it. */
struct site {
    char root[64];               /* made by begin() */
    char tree[80];               /* to unpack into */
    char outside[80];            /* a file with a known content */
    struct weft_message message; /* of the last unpack() */
};

static void begin(struct site *site)
{
    memset(site, 0, sizeof(*site));
    snprintf(site->root, sizeof(site->root), "/tmp/weft-unpack-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(site->root));
    snprintf(site->tree, sizeof(site->tree), "%s/tree", site->root);
    snprintf(site->outside, sizeof(site->outside), "%s/outside", site->root);
    ck_assert_int_eq(mkdir(site->tree, 0755), 0);
    ck_assert_int_eq(weft_fileio_replace(site->outside, "safe", 4, 0644), WEFT_ERR_OK);
}

/* What is outside is still as it was, and nothing came beside it. */
static void end(struct site *site)
{
    uint8_t *bytes;
    size_t length;
    struct stat status;
    ck_assert_int_eq(weft_fileio_load(site->outside, 16, &bytes, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, 4);
    ck_assert_int_eq(memcmp(bytes, "safe", 4), 0);
    free(bytes);
    ck_assert_int_eq(weft_fileio_remove(site->tree), WEFT_ERR_OK);
    ck_assert_int_eq(unlink(site->outside), 0);
    ck_assert_int_eq(stat("/tmp/weft-evil", &status), -1);
    ck_assert_int_eq(rmdir(site->root), 0);
}

/* Unpack bytes[length]; |digest| may be NULL. */
static enum weft_err unpack_bytes(struct site *site, const uint8_t *bytes, size_t length,
                                  const uint8_t *digest)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/archive", site->root);
    ck_assert_int_eq(weft_fileio_replace(path, bytes, length, 0600), WEFT_ERR_OK);
    struct weft_unpack_request request = {
        .archive = open(path, O_RDONLY | O_CLOEXEC),
        .directory = open(site->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .bytes = length,
        .sha256 = digest,
    };
    ck_assert_int_ge(request.archive, 0);
    ck_assert_int_ge(request.directory, 0);
    enum weft_err err = weft_unpack_tar(&request, &site->message);
    close(request.archive);
    close(request.directory);
    unlink(path);
    return err;
}

static enum weft_err unpack(struct site *site, const struct tarball_entry *entries)
{
    uint8_t *bytes;
    size_t length;
    uint8_t digest[WEFT_SHA256_BYTES];
    tarball_make(entries, &bytes, &length);
    weft_sha256_of(bytes, length, digest);
    enum weft_err err = unpack_bytes(site, bytes, length, digest);
    free(bytes);
    return err;
}

/* A file of the tree has this content and mode. */
static void expect_file(const struct site *site, const char *path, const char *content, mode_t mode)
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
    struct site site;
    begin(&site);
    enum weft_err err = unpack(&site, entries);
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
    end(&site);
}
END_TEST

/* Each ends with something refused; what stands before it is allowed. */
static const struct {
    const char *name;                /* what it tries */
    struct tarball_entry entries[4]; /* ends with kind 0 */
    enum weft_err err;               /* expected */
} hostile_table[] = {
    {"absolute path", {{'f', "/tmp/weft-evil", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"up", {{'f', "../outside", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"up inside", {{'f', "a/../../outside", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"up at the end", {{'d', "a/..", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
    {"file through a link outside",
     {{'l', "a", "/tmp", 0}, {'f', "a/weft-evil", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"file through a link",
     {{'d', "d", NULL, 0}, {'l', "a", "d", 0}, {'f', "a/x", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"file over a link", {{'l', "a", "b", 0}, {'f', "a", "x", 0}}, WEFT_ERR_FORMAT},
    {"directory over a link", {{'l', "a", "b", 0}, {'d', "a", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
    {"directory over a file", {{'f', "a", "b", 0}, {'d', "a", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
    {"below a file", {{'f', "a", "b", 0}, {'f', "a/b", "c", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"twice", {{'f', "a", "b", 0}, {'f', "./a", "c", 0}}, WEFT_ERR_FORMAT},
    {"hard link outside", {{'h', "a", "../outside", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"absolute hard link", {{'h', "a", "/etc/passwd", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"hard link to a link", {{'l', "a", "b", 0}, {'h', "c", "a", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"hard link to nothing", {{'h', "a", "missing", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"fifo", {{'p', "a", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
    {"device", {{'c', "a", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
};

START_TEST(hostile)
{
    struct site site;
    begin(&site);
    enum weft_err err = unpack(&site, hostile_table[_i].entries);
    ck_assert_msg(err == hostile_table[_i].err, "%s: %s (%s)", hostile_table[_i].name,
                  weft_err_name(err), site.message.text);
    ck_assert_str_ne(site.message.text, "");
    end(&site);
}
END_TEST

START_TEST(too_deep)
{
    struct site site;
    char path[512];
    begin(&site);
    for (size_t i = 0; i + 1 < sizeof(path); i += 2) {
        memcpy(path + i, "a/", 2);
    }
    path[2 * WEFT_UNPACK_DEPTH_MAX] = 'f';
    path[2 * WEFT_UNPACK_DEPTH_MAX + 1] = '\0';
    struct tarball_entry entries[] = {{'f', path, "x", 0}, {0, NULL, NULL, 0}};
    ck_assert_int_eq(unpack(&site, entries), WEFT_ERR_LIMIT);
    path[2 * WEFT_UNPACK_DEPTH_MAX - 2] = 'f';
    path[2 * WEFT_UNPACK_DEPTH_MAX - 1] = '\0';
    ck_assert_int_eq(unpack(&site, entries), WEFT_ERR_OK);
    end(&site);
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
        struct site site;
        begin(&site);
        bytes[offsets[i]] ^= 0x55;
        ck_assert_int_eq(unpack_bytes(&site, bytes, length, digest), WEFT_ERR_MISMATCH);
        bytes[offsets[i]] ^= 0x55;
        end(&site);
    }
    free(bytes);
}
END_TEST

START_TEST(rubbish_is_refused)
{
    struct site site;
    uint8_t bytes[3000];
    begin(&site);
    memset(bytes, 'x', sizeof(bytes));
    ck_assert_int_eq(unpack_bytes(&site, bytes, sizeof(bytes), NULL), WEFT_ERR_FORMAT);
    end(&site);
}
END_TEST

START_TEST(size_in_a_header_is_bounded)
{
    static const struct tarball_entry entries[] = {{'f', "a", "x", 0}, {0, NULL, NULL, 0}};
    struct site site;
    uint8_t *bytes;
    size_t length;
    begin(&site);
    tarball_make(entries, &bytes, &length);
    /* 8 GiB minus 1, with the checksum made right again. */
    memcpy(bytes + 124, "77777777777", 11);
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < 512; i++) {
        sum += i < 148 || i >= 156 ? bytes[i] : 0U;
    }
    char text[16];
    snprintf(text, sizeof(text), "%06o", sum);
    memcpy(bytes + 148, text, 7);
    ck_assert_int_eq(unpack_bytes(&site, bytes, length, NULL), WEFT_ERR_LIMIT);
    free(bytes);
    end(&site);
}
END_TEST

static bool always(void *context)
{
    return context == NULL;
}

START_TEST(cancelled)
{
    struct site site;
    begin(&site);
    struct weft_unpack_request request = {
        .archive = open("/dev/zero", O_RDONLY | O_CLOEXEC),
        .directory = open(site.tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .bytes = 1 << 20,
        .is_cancelled = always,
    };
    ck_assert_int_eq(weft_unpack_tar(&request, &site.message), WEFT_ERR_CANCELLED);
    close(request.archive);
    close(request.directory);
    end(&site);
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
    struct site site;
    char path[128];
    char text[PATH_MAX];
    begin(&site);
    struct tarball_entry entries[] = {
        {'d', "d", NULL, 0}, {'l', "d/a", target_table[_i], 0}, {0, NULL, NULL, 0}};
    enum weft_err err = unpack(&site, entries);
    ck_assert_msg(err == WEFT_ERR_OK, "%s", site.message.text);
    snprintf(path, sizeof(path), "%s/d/a", site.tree);
    ssize_t length = readlink(path, text, sizeof(text) - 1);
    ck_assert_int_eq(length, (ssize_t)strlen(target_table[_i]));
    ck_assert_int_eq(memcmp(text, target_table[_i], (size_t)length), 0);
    end(&site);
}
END_TEST

/* The longest text that a file system stores, and the shortest that it does not. */
START_TEST(link_length_is_bounded)
{
    struct site site;
    char target[PATH_MAX + 1];
    memset(target, 'x', PATH_MAX);
    target[PATH_MAX] = '\0';
    struct tarball_entry entries[] = {{'l', "a", target, 0}, {0, NULL, NULL, 0}};
    begin(&site);
    ck_assert_int_eq(unpack(&site, entries), WEFT_ERR_FORMAT);
    target[PATH_MAX - 1] = '\0';
    ck_assert_int_eq(unpack(&site, entries), WEFT_ERR_OK);
    end(&site);
}
END_TEST

/* Links outside are allowed; nothing goes through one, by any kind of entry, into a directory that
 * is really there. */
static const struct {
    const char *name;                /* what it tries */
    struct tarball_entry entries[4]; /* ends with kind 0; a link to @ gets the directory's path */
    enum weft_err err;               /* expected */
} through_table[] = {
    {"file", {{'l', "a", "@", 0}, {'f', "a/file", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"file deeper", {{'l', "a", "@", 0}, {'f', "a/b/file", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"file over it", {{'l', "a", "@/kept", 0}, {'f', "a", "x", 0}}, WEFT_ERR_FORMAT},
    {"file by a new link", {{'l', "a", "@/new", 0}, {'f', "a", "x", 0}}, WEFT_ERR_FORMAT},
    {"directory", {{'l', "a", "@", 0}, {'d', "a/sub", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
    {"directory over it", {{'l', "a", "@", 0}, {'d', "a", NULL, 0777}}, WEFT_ERR_UNSAFE_PATH},
    {"link", {{'l', "a", "@", 0}, {'l', "a/link", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"link over it", {{'l', "a", "@", 0}, {'l', "a", "x", 0}}, WEFT_ERR_FORMAT},
    {"link to a link",
     {{'l', "a", "@", 0}, {'l', "b", "a", 0}, {'f', "b/file", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"hard link from it", {{'l', "a", "@", 0}, {'h', "b", "a/kept", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"hard link to it", {{'l', "a", "@/kept", 0}, {'h', "b", "a", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"hard link into it",
     {{'f', "f", "x", 0}, {'l', "a", "@", 0}, {'h', "a/file", "f", 0}},
     WEFT_ERR_UNSAFE_PATH},
};

START_TEST(nothing_goes_through_a_link)
{
    struct site site;
    struct tarball_entry entries[WEFT_ROWS(through_table[0].entries)];
    char target[128];
    char away[96];
    char kept[112];
    begin(&site);
    snprintf(away, sizeof(away), "%s/away", site.root);
    snprintf(kept, sizeof(kept), "%s/kept", away);
    ck_assert_int_eq(mkdir(away, 0700), 0);
    ck_assert_int_eq(weft_fileio_replace(kept, "mine", 4, 0600), WEFT_ERR_OK);
    memcpy(entries, through_table[_i].entries, sizeof(entries));
    for (size_t i = 0; entries[i].kind != 0; i++) {
        if (entries[i].kind == 'l' && entries[i].content[0] == '@') {
            snprintf(target, sizeof(target), "%s%s", away, entries[i].content + 1);
            entries[i].content = target;
        }
    }
    enum weft_err err = unpack(&site, entries);
    ck_assert_msg(err == through_table[_i].err, "%s: %s (%s)", through_table[_i].name,
                  weft_err_name(err), site.message.text);
    struct stat status;
    ck_assert_int_eq(stat(kept, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_uint_eq(status.st_nlink, 1);
    ck_assert_int_eq(status.st_size, 4);
    ck_assert_int_eq(unlink(kept), 0);
    ck_assert_int_eq(stat(away, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(rmdir(away), 0); /* empty: nothing came in */
    end(&site);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("unpack");
    WEFT_ADD(suite, honest_tree);
    WEFT_ADD_ROWS(suite, hostile, hostile_table);
    WEFT_ADD(suite, too_deep);
    WEFT_ADD(suite, damaged_anywhere_is_a_mismatch);
    WEFT_ADD(suite, rubbish_is_refused);
    WEFT_ADD(suite, size_in_a_header_is_bounded);
    WEFT_ADD(suite, cancelled);
    WEFT_ADD_ROWS(suite, link_is_kept, target_table);
    WEFT_ADD(suite, link_length_is_bounded);
    WEFT_ADD_ROWS(suite, nothing_goes_through_a_link, through_table);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
