/* SPDX-License-Identifier: Apache-2.0 */
/* Does a release take effect wholly or not at all, and the command run when it should? */
#include "tests/support/check_main.h"
#include "tests/support/storage.h"
#include "tests/support/tarball.h"

#include "node/activate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536U

/* One activation at a time. */
static struct {
    bool done;         /* it ended */
    enum weft_err err; /* how */
    char text[4200];   /* what it said */
} outcome;

static void on_done(void *context, enum weft_err err, const char *text)
{
    (void)context;
    ck_assert(!outcome.done);
    outcome.done = true;
    outcome.err = err;
    snprintf(outcome.text, sizeof(outcome.text), "%s", text);
}

/* A request for the release of |s| as version |version|, a file "scan.dat". */
static struct weft_activate_request request_of(struct storage *s, const char *version)
{
    return (struct weft_activate_request){
        .loop = &s->loop,
        .data_dir = s->data_dir,
        .component = "engine",
        .version = version,
        .file = "scan.dat",
        .pin = storage_pin(s),
        .id = s->index.id,
    };
}

/* A runner of |command| for releases of |s|; close_runner() ends it. */
static struct weft_runner *open_runner(struct storage *s, const char *command)
{
    struct weft_runner *runner;
    struct weft_message message;
    ck_assert_int_eq(weft_runner_open(command, s->data_dir, &runner, &message), WEFT_ERR_OK);
    ck_assert_int_eq(weft_runner_attach(runner, &s->loop), WEFT_ERR_OK);
    return runner;
}

static void close_runner(struct storage *s, struct weft_runner *runner)
{
    weft_runner_close(runner);
    uv_run(&s->loop, UV_RUN_DEFAULT);
}

static enum weft_err activate(struct storage *s, const struct weft_activate_request *request)
{
    outcome.done = false;
    ck_assert_int_eq(weft_activate_start(request, on_done, NULL, NULL), WEFT_ERR_OK);
    ck_assert(!outcome.done);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    ck_assert(outcome.done);
    return outcome.err;
}

/* Change the release of |s| into another one, complete in the store. */
static void next_release(struct storage *s, uint8_t number)
{
    s->bytes[0] = number;
    storage_index(s);
    ck_assert_int_eq(storage_add(s), WEFT_ERR_OK);
    ck_assert_int_eq(storage_write_all(s, 0, 1), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(s), WEFT_ERR_OK);
}

/* Make the release of |s| a tar of |entries|; the store is open. */
static void tree_release(struct storage *s, const struct tarball_entry *entries)
{
    size_t length;
    uint8_t *bytes;
    tarball_make(entries, &bytes, &length);
    ck_assert_uint_le(length, CHUNK);
    free(s->bytes);
    s->bytes = bytes;
    s->offsets[1] = length;
    s->index.bytes = length;
    s->index.chunk_count = 1;
    storage_index(s);
    ck_assert_int_eq(storage_add(s), WEFT_ERR_OK);
    ck_assert_int_eq(storage_write_all(s, 0, 1), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(s), WEFT_ERR_OK);
}

/* Path DIRECTORY/name in static memory. */
static const char *below(const struct storage *s, const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s", s->directory, name);
    return path;
}

/* The symbolic link at DIRECTORY/name. */
static const char *points(const struct storage *s, const char *name)
{
    static char target[4096];
    ssize_t length = readlink(below(s, name), target, sizeof(target) - 1);
    target[length > 0 ? length : 0] = '\0';
    return target;
}

static bool exists(const struct storage *s, const char *name)
{
    struct stat status;
    return lstat(below(s, name), &status) == 0;
}

START_TEST(a_file_and_its_successors)
{
    struct storage s;
    char link[300];
    char names[4][128];
    storage_begin(&s, 3 * CHUNK, CHUNK);
    storage_complete(&s);
    snprintf(link, sizeof(link), "%s/opt/engine/", s.directory);
    for (uint8_t i = 0; i < 4; i++) {
        static const char *const versions[] = {"1.0", "1.1", "2.0-rc1", "1.0"};
        next_release(&s, i);
        struct weft_activate_request request = request_of(&s, versions[i]);
        request.link = link;
        ck_assert_msg(activate(&s, &request) == WEFT_ERR_OK, "%s", outcome.text);
        snprintf(names[i], sizeof(names[i]), "data/active/engine/%s-%016" PRIx64, versions[i],
                 s.index.id);
        ck_assert_str_eq(points(&s, "opt/engine"), outcome.text);
        ck_assert_ptr_nonnull(strstr(outcome.text, names[i]));
        ck_assert(storage_file_is(below(&s, "opt/engine/scan.dat"), s.bytes, s.index.bytes));
        ck_assert(storage_file_is(below(&s, "data/active/engine/current/scan.dat"), s.bytes,
                                  s.index.bytes));
        for (uint8_t older = 0; older <= i; older++) {
            ck_assert_int_eq(exists(&s, names[older]), older + 1 >= i);
        }
        if (i > 0) {
            ck_assert_ptr_nonnull(strstr(names[i - 1], points(&s, "data/active/engine/previous")));
        }
    }
    ck_assert(!exists(&s, "data/tmp/engine"));
    ck_assert(!exists(&s, "opt/.engine.weft"));
    storage_end(&s);
}
END_TEST

START_TEST(a_copy_not_a_link)
{
    struct storage s;
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    struct weft_activate_request request = request_of(&s, "1");
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_OK);
    storage_damage(below(&s, "data/active/engine/current/scan.dat"), 100);
    ck_assert(storage_file_is(storage_path(&s, "data"), s.bytes, s.index.bytes));
    /* Active already: what people changed in it is theirs. */
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_OK);
    ck_assert(
        !storage_file_is(below(&s, "data/active/engine/current/scan.dat"), s.bytes, s.index.bytes));
    storage_end(&s);
}
END_TEST

START_TEST(a_tree)
{
    static const struct tarball_entry entries[] = {
        {'d', "bin", NULL, 0},
        {'f', "bin/run", "#!/bin/sh", 0755},
        {'l', "start", "bin/run", 0},
        {0, NULL, NULL, 0},
    };
    struct storage s;
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    tree_release(&s, entries);
    struct weft_activate_request request = request_of(&s, "7");
    char link[300];
    snprintf(link, sizeof(link), "%s/engine", s.directory);
    request.file = NULL;
    request.link = link;
    ck_assert_msg(activate(&s, &request) == WEFT_ERR_OK, "%s", outcome.text);
    ck_assert(storage_file_is(below(&s, "engine/start"), (const uint8_t *)"#!/bin/sh", 9));
    ck_assert_int_eq(access(below(&s, "engine/bin/run"), X_OK), 0);
    storage_end(&s);
}
END_TEST

START_TEST(a_bad_tree_changes_nothing)
{
    static const struct tarball_entry bad[] = {
        {'f', "fine", "x", 0}, {'f', "../evil", "x", 0}, {0, NULL, NULL, 0}};
    struct storage s;
    char link[300];
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    snprintf(link, sizeof(link), "%s/engine", s.directory);
    struct weft_activate_request request = request_of(&s, "1");
    request.link = link;
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_OK);
    char before[4096];
    snprintf(before, sizeof(before), "%s", points(&s, "engine"));
    tree_release(&s, bad);
    request = request_of(&s, "2");
    request.link = link;
    request.file = NULL;
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_UNSAFE_PATH);
    ck_assert_ptr_nonnull(strstr(outcome.text, "../evil"));
    ck_assert_str_eq(points(&s, "engine"), before);
    ck_assert(!exists(&s, "data/tmp/engine"));
    ck_assert(!exists(&s, "data/active/engine/evil"));
    storage_end(&s);
}
END_TEST

START_TEST(damaged_in_the_store)
{
    struct storage s;
    storage_begin(&s, 2 * CHUNK, CHUNK);
    storage_complete(&s);
    storage_damage(storage_path(&s, "data"), CHUNK + 1);
    struct weft_activate_request request = request_of(&s, "1");
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_MISMATCH);
    ck_assert(!exists(&s, "data/active/engine/current"));
    ck_assert_int_eq(storage_check(&s), WEFT_ERR_MISMATCH);
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(storage_write(&s, 1), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_OK);
    storage_end(&s);
}
END_TEST

START_TEST(index_against_signed_hash)
{
    struct storage s;
    storage_begin(&s, 3 * CHUNK, CHUNK);
    storage_complete(&s);
    s.whole[0] ^= 1;
    struct weft_activate_request request = request_of(&s, "1");
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_MISMATCH);
    ck_assert_ptr_nonnull(strstr(outcome.text, "signed hash"));
    ck_assert(!exists(&s, "data/active/engine/current"));
    ck_assert(!exists(&s, "data/tmp/engine"));
    ck_assert_int_eq(storage_check(&s), WEFT_ERR_OK);
    storage_end(&s);
}
END_TEST

START_TEST(link_that_cannot_be)
{
    struct storage s;
    char link[300];
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    ck_assert_int_eq(mkdir(below(&s, "directory"), 0755), 0);
    ck_assert_int_eq(weft_fileio_replace(below(&s, "directory/file"), "x", 1, 0644), WEFT_ERR_OK);
    static const struct {
        const char *link;  /* below the directory of the test */
        enum weft_err err; /* expected */
        const char *says;  /* part of the message */
    } rows[] = {
        {"directory", WEFT_ERR_EXISTS, "is a directory, not a symbolic link"},
        {"directory/file", WEFT_ERR_EXISTS, "is a file, not a symbolic link"},
        {"directory/file/x", WEFT_ERR_NOT_FOUND, "file"},
        {"a/b/c", WEFT_ERR_NOT_FOUND, "does not exist; make it"},
        {"directory/new/link", WEFT_ERR_OK, "active/engine/1-"},
    };
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        struct weft_activate_request request = request_of(&s, "1");
        snprintf(link, sizeof(link), "%s/%s", s.directory, rows[i].link);
        request.link = link;
        ck_assert_msg(activate(&s, &request) == rows[i].err, "%s", outcome.text);
        ck_assert_msg(strstr(outcome.text, rows[i].says) != NULL, "%s", outcome.text);
        ck_assert_int_eq(exists(&s, "data/active/engine/current"), rows[i].err == WEFT_ERR_OK);
    }
    ck_assert(storage_file_is(below(&s, "directory/file"), (const uint8_t *)"x", 1));
    storage_end(&s);
}
END_TEST

START_TEST(names_are_checked)
{
    static const struct {
        const char *component;
        const char *version;
        const char *file;
    } rows[] = {{"../x", "1", "f"}, {"x", "1/2", "f"},  {"x", "1", "a/b"},
                {"", "1", "f"},     {"x", ".hid", "f"}, {"x", "1", ".."}};
    struct storage s;
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        struct weft_activate_request request = request_of(&s, rows[i].version);
        request.component = rows[i].component;
        request.file = rows[i].file;
        ck_assert_int_eq(activate(&s, &request), WEFT_ERR_UNSAFE_PATH);
    }
    ck_assert(!exists(&s, "data/active"));
    storage_end(&s);
}
END_TEST

START_TEST(leftovers_of_a_crash)
{
    struct storage s;
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    ck_assert_int_eq(weft_fileio_make_dirs(below(&s, "data/tmp/engine/x/y"), 0755), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_make_dirs(below(&s, "data/active/engine"), 0755), WEFT_ERR_OK);
    ck_assert_int_eq(symlink("nonsense", below(&s, "data/active/engine/.current.weft")), 0);
    ck_assert_int_eq(symlink("0-0000000000000001", below(&s, "data/active/engine/current")), 0);
    struct weft_activate_request request = request_of(&s, "1");
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_OK);
    ck_assert(!exists(&s, "data/tmp/engine"));
    ck_assert(!exists(&s, "data/active/engine/.current.weft"));
    ck_assert(
        storage_file_is(below(&s, "data/active/engine/current/scan.dat"), s.bytes, s.index.bytes));
    storage_end(&s);
}
END_TEST

/* Size of DIRECTORY/name, or 0. */
static size_t size_of(const struct storage *s, const char *name)
{
    struct stat status;
    return stat(below(s, name), &status) == 0 ? (size_t)status.st_size : 0;
}

START_TEST(command_runs_once)
{
    struct storage s;
    char command[1024];
    char expected[1024];
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    struct weft_activate_request request = request_of(&s, "1");
    snprintf(command, sizeof(command),
             "echo \"$WEFT_COMPONENT $WEFT_VERSION $WEFT_RELEASE $WEFT_PATH\" >>%s/hooked; "
             "test -s \"$WEFT_PATH/scan.dat\" && test ! -e %s/fail",
             s.directory, s.directory);
    request.runner = open_runner(&s, command);
    struct weft_runner *runner = request.runner;
    ck_assert_int_eq(weft_fileio_replace(below(&s, "fail"), "", 0, 0644), WEFT_ERR_OK);
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_HOOK);
    ck_assert_ptr_nonnull(strstr(outcome.text, "ended with status 1"));
    ck_assert(exists(&s, "data/active/engine/current"));
    unlink(below(&s, "fail"));
    size_t once = size_of(&s, "hooked");
    ck_assert_uint_gt(once, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(activate(&s, &request) == WEFT_ERR_OK, "%s", outcome.text);
        ck_assert_uint_eq(size_of(&s, "hooked"), 2 * once);
    }
    int length = snprintf(expected, sizeof(expected), "engine 1 %016" PRIx64 " %s\n", s.index.id,
                          outcome.text);
    ck_assert_uint_eq(once, (unsigned)length);
    length = snprintf(expected, sizeof(expected), "%016" PRIx64 "\n", s.index.id);
    ck_assert(storage_file_is(below(&s, "data/active/engine/hook"), (const uint8_t *)expected,
                              (uint64_t)length));
    next_release(&s, 9);
    request = request_of(&s, "2");
    request.runner = runner;
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_OK);
    ck_assert_uint_eq(size_of(&s, "hooked"), 3 * once);
    close_runner(&s, runner);
    storage_end(&s);
}
END_TEST

START_TEST(command_that_hangs)
{
    struct storage s;
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    struct weft_activate_request request = request_of(&s, "1");
    request.runner = open_runner(&s, "sleep 60 & sleep 60; true");
    request.hook_limit_ms = 100;
    uint64_t begin = uv_hrtime();
    ck_assert_int_eq(activate(&s, &request), WEFT_ERR_HOOK);
    ck_assert_ptr_nonnull(strstr(outcome.text, "did not end within"));
    ck_assert_uint_lt(uv_hrtime() - begin, 30 * WEFT_NS_PER_S);
    ck_assert(!exists(&s, "data/active/engine/hook"));
    close_runner(&s, request.runner);
    storage_end(&s);
}
END_TEST

static void on_cancel_time(uv_timer_t *timer)
{
    weft_activate_cancel(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

START_TEST(cancelled_command)
{
    struct storage s;
    uv_timer_t timer;
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    struct weft_activate_request request = request_of(&s, "1");
    struct weft_activation *activation;
    /* It ignores SIGTERM: SIGKILL comes a second later. */
    request.runner = open_runner(&s, "trap '' TERM; sleep 60 & sleep 60; sleep 60");
    outcome.done = false;
    ck_assert_int_eq(weft_activate_start(&request, on_done, NULL, &activation), WEFT_ERR_OK);
    uv_timer_init(&s.loop, &timer);
    timer.data = activation;
    uv_timer_start(&timer, on_cancel_time, 300, 0);
    uint64_t begin = uv_hrtime();
    uv_run(&s.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(outcome.err, WEFT_ERR_CANCELLED);
    ck_assert_uint_lt(uv_hrtime() - begin, 30 * WEFT_NS_PER_S);
    close_runner(&s, request.runner);
    storage_end(&s);
}
END_TEST

START_TEST(cancelled_at_once)
{
    struct storage s;
    storage_begin(&s, CHUNK, CHUNK);
    storage_complete(&s);
    struct weft_activate_request request = request_of(&s, "1");
    struct weft_activation *activation;
    request.runner = open_runner(&s, "true");
    outcome.done = false;
    ck_assert_int_eq(weft_activate_start(&request, on_done, NULL, &activation), WEFT_ERR_OK);
    weft_activate_cancel(activation);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(outcome.err, WEFT_ERR_CANCELLED);
    ck_assert_str_ne(outcome.text, "");
    close_runner(&s, request.runner);
    storage_end(&s);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("activate");
    WEFT_ADD(suite, a_file_and_its_successors);
    WEFT_ADD(suite, a_copy_not_a_link);
    WEFT_ADD(suite, a_tree);
    WEFT_ADD(suite, a_bad_tree_changes_nothing);
    WEFT_ADD(suite, damaged_in_the_store);
    WEFT_ADD(suite, index_against_signed_hash);
    WEFT_ADD(suite, link_that_cannot_be);
    WEFT_ADD(suite, names_are_checked);
    WEFT_ADD(suite, leftovers_of_a_crash);
    WEFT_ADD(suite, command_runs_once);
    WEFT_ADD(suite, command_that_hangs);
    WEFT_ADD(suite, cancelled_command);
    WEFT_ADD(suite, cancelled_at_once);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
