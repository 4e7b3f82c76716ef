/* SPDX-License-Identifier: Apache-2.0 */
/* What do store and activation do when the disk is full or cannot be written? A small tmpfs in a
 * mount namespace of its own, so root is needed; without, these checks pass over with a note. */
#include "tests/support/check_main.h"
#include "tests/support/storage.h"

#include "node/activate.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 65536U
#define CHUNKS 64U

/* Exit code of a child that may not mount. */
#define CANNOT 77

/* In the child: no Check there, so say what is wrong and leave. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* Run |scenario| on a tmpfs of |options| over the directory of a new storage, in a child. */
static void on_small_disk(void (*scenario)(struct storage *storage), const char *options)
{
    char directory[] = "/tmp/weft-disk-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    pid_t pid = fork();
    if (pid == 0) {
        struct storage s;
        if (unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("weft", directory, "tmpfs", 0, options) != 0) {
            _exit(CANNOT);
        }
        storage_begin_at(&s, directory, (uint64_t)CHUNKS * CHUNK, CHUNK);
        scenario(&s);
        storage_leave(&s);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(rmdir(directory), 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT) {
        fprintf(stderr, "disk: not checked, a tmpfs cannot be mounted here\n");
        return;
    }
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static void remount(const struct storage *s, unsigned long flags, const char *options)
{
    EXPECT(mount("weft", s->directory, "tmpfs", MS_REMOUNT | flags, options) == 0);
}

static void full_disk(struct storage *s)
{
    struct weft_store_held held;
    EXPECT(storage_open(s, NULL) == WEFT_ERR_OK);
    EXPECT(storage_add(s) == WEFT_ERR_DISK_FULL);
    EXPECT(strstr(s->log, "needs 4194304 more bytes") != NULL);
    EXPECT(strstr(s->log, s->data_dir) != NULL);
    EXPECT(storage_write_all(s, 0, 1) == WEFT_ERR_DISK_FULL);
    EXPECT(weft_store_look(s->store, s->index.id, &held));
    EXPECT(held.have_count > 20 && held.have_count < CHUNKS);
    uint32_t readable_count = 0;
    for (uint32_t i = 0; i < CHUNKS; i++) {
        enum weft_err err = storage_read(s, i);
        EXPECT(err == WEFT_ERR_OK || err == WEFT_ERR_NOT_FOUND);
        readable_count += err == WEFT_ERR_OK;
    }
    EXPECT(readable_count == held.have_count);
    EXPECT(storage_finish(s) == WEFT_ERR_NOT_FOUND);
    storage_close(s);
    EXPECT(storage_open(s, NULL) == WEFT_ERR_OK);
    EXPECT(storage_add(s) == WEFT_ERR_DISK_FULL);
    EXPECT(storage_have_count(s) >= held.have_count);
    remount(s, 0, "size=16m");
    EXPECT(storage_write_all(s, 0, 1) == WEFT_ERR_OK);
    EXPECT(storage_finish(s) == WEFT_ERR_OK);
}

START_TEST(disk_full_while_storing)
{
    on_small_disk(full_disk, "size=2m");
}
END_TEST

/* Result of the activation waited for. */
static enum weft_err activated;

static void on_activated(void *context, enum weft_err err, const char *text)
{
    (void)context;
    (void)text;
    activated = err;
}

static enum weft_err activate(struct storage *s, const char *version)
{
    char link[300];
    snprintf(link, sizeof(link), "%s/link", s->directory);
    struct weft_activate_request request = {
        .loop = &s->loop,
        .data_dir = s->data_dir,
        .component = "engine",
        .version = version,
        .file = "f",
        .link = link,
        .pin = storage_pin(s),
        .id = s->index.id,
    };
    EXPECT(weft_activate_start(&request, on_activated, NULL, NULL) == WEFT_ERR_OK);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    return activated;
}

static void full_activation(struct storage *s)
{
    char path[300];
    storage_complete(s);
    EXPECT(activate(s, "1") == WEFT_ERR_OK);
    s->bytes[0] ^= 1;
    storage_index(s);
    EXPECT(storage_add(s) == WEFT_ERR_OK);
    EXPECT(storage_write_all(s, 0, 1) == WEFT_ERR_OK);
    EXPECT(storage_finish(s) == WEFT_ERR_OK);
    EXPECT(activate(s, "2") == WEFT_ERR_DISK_FULL);
    snprintf(path, sizeof(path), "%s/data/tmp/engine", s->directory);
    EXPECT(access(path, F_OK) != 0);
    snprintf(path, sizeof(path), "%s/link/f", s->directory);
    s->bytes[0] ^= 1;
    EXPECT(storage_file_is(path, s->bytes, s->index.bytes));
    s->bytes[0] ^= 1;
    remount(s, 0, "size=32m");
    EXPECT(activate(s, "2") == WEFT_ERR_OK);
    EXPECT(storage_file_is(path, s->bytes, s->index.bytes));
}

START_TEST(disk_full_while_activating)
{
    on_small_disk(full_activation, "size=14m");
}
END_TEST

static void read_only(struct storage *s)
{
    struct weft_message message = {.text = ""};
    EXPECT(storage_open(s, NULL) == WEFT_ERR_OK);
    storage_close(s);
    remount(s, MS_RDONLY, "size=2m");
    EXPECT(storage_open(s, &message) == WEFT_ERR_PERMISSION);
    EXPECT(strstr(message.text, "read-only") != NULL);
    EXPECT(strstr(message.text, s->data_dir) != NULL);
    remount(s, 0, "size=16m");
    EXPECT(storage_open(s, NULL) == WEFT_ERR_OK);
}

START_TEST(read_only_disk)
{
    on_small_disk(read_only, "size=2m");
}
END_TEST

START_TEST(data_directory_is_a_file)
{
    struct storage s;
    struct weft_message message = {.text = ""};
    storage_begin(&s, CHUNK, CHUNK);
    ck_assert_int_eq(weft_fileio_replace(s.data_dir, "x", 1, 0644), WEFT_ERR_OK);
    ck_assert_int_eq(storage_open(&s, &message), WEFT_ERR_ARGUMENT);
    ck_assert_msg(strstr(message.text, s.data_dir) != NULL, "%s", message.text);
    ck_assert_ptr_null(s.store);
    storage_end(&s);
}
END_TEST

START_TEST(directory_of_another_user)
{
    struct storage s;
    struct weft_message message = {.text = ""};
    storage_begin(&s, CHUNK, CHUNK);
    pid_t pid = fork();
    if (pid == 0) {
        /* root may do anything; as nobody the directory, mode 0700, is closed. */
        if (geteuid() == 0 && setuid(65534) != 0) {
            _exit(0);
        }
        if (getuid() != 65534) {
            _exit(0);
        }
        EXPECT(storage_open(&s, &message) == WEFT_ERR_PERMISSION);
        EXPECT(strstr(message.text, "check the owner and mode") != NULL);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    storage_end(&s);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("disk");
    WEFT_ADD(suite, disk_full_while_storing);
    WEFT_ADD(suite, disk_full_while_activating);
    WEFT_ADD(suite, read_only_disk);
    WEFT_ADD(suite, data_directory_is_a_file);
    WEFT_ADD(suite, directory_of_another_user);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
