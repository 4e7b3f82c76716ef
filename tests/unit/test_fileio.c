/* SPDX-License-Identifier: Apache-2.0 */
/* Do the small things of fileio.h hold? */
#include "tests/support/check_main.h"

#include "node/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new directory, and names below it. */
static char directory[64];

static const char *below(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void begin(void)
{
    snprintf(directory, sizeof(directory), "/tmp/weft-fileio-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void end(void)
{
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
    ck_assert_int_ne(access(directory, F_OK), 0);
}

START_TEST(replace_and_load)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct stat status;
    begin();
    ck_assert_int_eq(weft_fileio_load(below("f"), 10, &bytes, &length), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_fileio_replace(below("f"), "one", 3, 0600), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_replace(below("f"), "second", 6, 0600), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_load(below("f"), 5, &bytes, &length), WEFT_ERR_TOO_LONG);
    ck_assert_int_eq(weft_fileio_load(below("f"), 6, &bytes, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, 6);
    ck_assert_str_eq((const char *)bytes, "second");
    free(bytes);
    ck_assert_int_eq(stat(below("f"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_ne(access(below("f.tmp"), F_OK), 0);
    ck_assert_int_eq(weft_fileio_replace(below("no/f"), "x", 1, 0600), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(mkdir(below("d"), 0755), 0);
    ck_assert_int_eq(weft_fileio_replace(below("d"), "x", 1, 0600), WEFT_ERR_EXISTS);
    ck_assert_int_ne(access(below("d.tmp"), F_OK), 0);
    end();
}
END_TEST

START_TEST(load_grows)
{
    static uint8_t big[100000];
    uint8_t *bytes = NULL;
    size_t length = 0;
    begin();
    memset(big, 'b', sizeof(big));
    for (size_t size = 4090; size < 4100; size++) {
        ck_assert_int_eq(weft_fileio_replace(below("f"), big, size, 0600), WEFT_ERR_OK);
        ck_assert_int_eq(weft_fileio_load(below("f"), size, &bytes, &length), WEFT_ERR_OK);
        ck_assert_uint_eq(length, size);
        ck_assert_uint_eq(bytes[size], 0);
        free(bytes);
    }
    ck_assert_int_eq(weft_fileio_replace(below("f"), big, sizeof(big), 0600), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_load(below("f"), SIZE_MAX, &bytes, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, sizeof(big));
    ck_assert_int_eq(memcmp(bytes, big, sizeof(big)), 0);
    free(bytes);
    end();
}
END_TEST

START_TEST(directories)
{
    begin();
    ck_assert_int_eq(weft_fileio_make_dirs(below("a/b//c/"), 0755), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_make_dirs(below("a/b/c"), 0755), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_replace(below("a/f"), "x", 1, 0600), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_make_dirs(below("a/f/c"), 0755), WEFT_ERR_EXISTS);
    ck_assert_int_eq(weft_fileio_make_dirs("", 0755), WEFT_ERR_LIMIT);
    ck_assert_int_eq(symlink("/etc", below("a/b/link")), 0);
    ck_assert_int_eq(weft_fileio_remove(below("missing")), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_sync_dir(below("a")), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_sync_dir(below("missing")), WEFT_ERR_NOT_FOUND);
    end();
    ck_assert_int_eq(access("/etc/passwd", F_OK), 0);
}
END_TEST

START_TEST(copy)
{
    static uint8_t big[700000];
    uint8_t *bytes = NULL;
    size_t length = 0;
    begin();
    memset(big, 'c', sizeof(big));
    ck_assert_int_eq(weft_fileio_replace(below("from"), big, sizeof(big), 0600), WEFT_ERR_OK);
    int from = open(below("from"), O_RDONLY | O_CLOEXEC);
    int to = open(below("to"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(weft_fileio_copy(from, to, sizeof(big)), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_copy(from, to, sizeof(big) + 1), WEFT_ERR_TOO_SHORT);
    close(from);
    close(to);
    ck_assert_int_eq(weft_fileio_load(below("to"), sizeof(big), &bytes, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, sizeof(big));
    ck_assert_int_eq(memcmp(bytes, big, sizeof(big)), 0);
    free(bytes);
    end();
}
END_TEST

START_TEST(paths)
{
    char out[WEFT_FILE_PATH_BYTES];
    static char longest[WEFT_FILE_PATH_BYTES];
    static const char *const parents[][2] = {
        {"/a/b", "/a"}, {"/a", "/"}, {"a", "."}, {"a/b", "a"}, {"./a", "."}};
    for (size_t i = 0; i < WEFT_ROWS(parents); i++) {
        weft_fileio_parent(out, parents[i][0]);
        ck_assert_str_eq(out, parents[i][1]);
    }
    ck_assert(weft_fileio_join(out, "/a", "b"));
    ck_assert_str_eq(out, "/a/b");
    memset(longest, 'x', sizeof(longest) - 1);
    ck_assert(!weft_fileio_join(out, longest, "b"));
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(messages)
{
    struct weft_message message;
    ck_assert_int_eq(weft_message_errno(&message, ENOSPC, "write", "/x\ny"), WEFT_ERR_DISK_FULL);
    ck_assert_ptr_nonnull(strstr(message.text, "cannot write /x?y: No space left on device; "));
    ck_assert_int_eq(weft_message_errno(NULL, EACCES, "write", "x"), WEFT_ERR_PERMISSION);
    static const int numbers[] = {EIO, ENOENT, EEXIST, EROFS, EDQUOT, ENOMEM, EMFILE};
    static const enum weft_err errs[] = {WEFT_ERR_IO,         WEFT_ERR_NOT_FOUND, WEFT_ERR_EXISTS,
                                         WEFT_ERR_PERMISSION, WEFT_ERR_DISK_FULL, WEFT_ERR_MEMORY,
                                         WEFT_ERR_LIMIT};
    for (size_t i = 0; i < WEFT_ROWS(numbers); i++) {
        ck_assert_int_eq(weft_fileio_error(numbers[i]), errs[i]);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("fileio");
    WEFT_ADD(suite, replace_and_load);
    WEFT_ADD(suite, load_grows);
    WEFT_ADD(suite, directories);
    WEFT_ADD(suite, copy);
    WEFT_ADD(suite, paths);
    WEFT_ADD(suite, messages);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
