/* SPDX-License-Identifier: Apache-2.0 */
/* Does kill -9 at any step, or a disk that fails at any step, lose an announced chunk or activate
 * something incomplete?
 *
 * The program runs itself as a child that stores, finishes and activates a release and notes each
 * result in a file. strace kills the child at the n-th call of a system call, or lets that call
 * fail; then the store is opened again, compared with the notes, and the child run to its end.
 * Where strace cannot be used, the child is killed after varying times only. */
#include "tests/support/check_main.h"
#include "tests/support/storage.h"

#include "node/activate.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNKS 6U
#define CHUNK 4096U

/* Exit code of a child that met an error, as opposed to one that was killed. */
#define CHILD_ERROR 3

/* Result of the activation waited for. */
static enum weft_err activated;

static void on_activated(void *context, enum weft_err err, const char *text)
{
    (void)context;
    (void)text;
    activated = err;
}

/* Begin with release |number| of two. */
static void begin(struct storage *s, const char *directory, uint8_t number)
{
    storage_begin_at(s, directory, (uint64_t)CHUNKS * CHUNK, CHUNK);
    s->bytes[0] = number;
    s->bytes[CHUNK] = number;
    storage_index(s);
}

/* Activate the finished release of |s|. */
static enum weft_err activate(struct storage *s, uint8_t number)
{
    char version[8];
    char link[300];
    snprintf(version, sizeof(version), "%u", number);
    snprintf(link, sizeof(link), "%s/link", s->directory);
    struct weft_runner *runner = NULL;
    activated = WEFT_ERR_COUNT;
    if (weft_runner_open("true", s->data_dir, &runner, NULL) != WEFT_ERR_OK ||
        weft_runner_attach(runner, &s->loop) != WEFT_ERR_OK) {
        weft_runner_close(runner);
        return WEFT_ERR_MEMORY;
    }
    struct weft_activate_request request = {
        .loop = &s->loop,
        .data_dir = s->data_dir,
        .component = "engine",
        .version = version,
        .file = "f",
        .link = link,
        .runner = runner,
        .pin = storage_pin(s),
        .id = s->index.id,
    };
    if (weft_activate_start(&request, on_activated, NULL, NULL) == WEFT_ERR_OK) {
        uv_run(&s->loop, UV_RUN_DEFAULT);
    }
    weft_runner_close(runner);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    return activated;
}

/* Note a result in the notes of |s|, in one write. */
static void announce(int notes, char what)
{
    if (write(notes, &what, 1) != 1) {
        _exit(CHILD_ERROR);
    }
}

/* The child: everything once, going on after errors as a node does. */
static int child(const char *directory)
{
    struct storage s;
    char path[300];
    snprintf(path, sizeof(path), "%s/notes", directory);
    int notes = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    begin(&s, directory, 2);
    if (notes < 0 || storage_open(&s, NULL) != WEFT_ERR_OK) {
        return CHILD_ERROR;
    }
    enum weft_err err = storage_add(&s);
    for (uint32_t i = 0; err == WEFT_ERR_OK && i < CHUNKS; i++) {
        if (storage_write(&s, i) == WEFT_ERR_OK) {
            announce(notes, (char)('0' + i));
        }
    }
    err = storage_finish(&s);
    if (err == WEFT_ERR_OK) {
        announce(notes, 'F');
        err = activate(&s, 2);
    }
    if (err == WEFT_ERR_OK) {
        announce(notes, 'A');
    }
    storage_leave(&s);
    close(notes);
    return err == WEFT_ERR_OK ? 0 : CHILD_ERROR;
}

/* Run the child, under strace with |inject| unless it is NULL, killed after |delay_us| unless that
 * is 0. Returns the wait status. */
static int run_child(const char *directory, const char *inject, unsigned delay_us)
{
    pid_t pid = fork();
    if (pid == 0) {
        char self[512];
        ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
        self[length > 0 ? length : 0] = '\0';
        setenv("UV_THREADPOOL_SIZE", "1", 1);
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        if (inject != NULL) {
            char expression[128];
            char trace[64];
            snprintf(expression, sizeof(expression), "inject=%s", inject);
            snprintf(trace, sizeof(trace), "trace=%.*s", (int)strcspn(inject, ":"), inject);
            execlp("strace", "strace", "-f", "-qq", "-o", "/dev/null", "-e", trace, "-e",
                   expression, self, "child", directory, (char *)NULL);
        } else {
            execl(self, self, "child", directory, (char *)NULL);
        }
        _exit(126);
    }
    int status = 0;
    if (delay_us > 0) {
        usleep(delay_us);
        kill(pid, SIGKILL);
    }
    waitpid(pid, &status, 0);
    return status;
}

/* A new directory in which release 1 is active. */
static void prepare(char *directory)
{
    struct storage s;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    begin(&s, directory, 1);
    s.no_sync = true;
    storage_complete(&s);
    ck_assert_int_eq(activate(&s, 1), WEFT_ERR_OK);
    storage_leave(&s);
}

/* The link names a directory with release 1 or 2, complete; the answer says which. */
static uint8_t linked(struct storage *s)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/link/f", s->directory);
    if (storage_file_is(path, s->bytes, s->index.bytes)) {
        return 2;
    }
    s->bytes[0] = 1;
    s->bytes[CHUNK] = 1;
    bool is_first = storage_file_is(path, s->bytes, s->index.bytes);
    s->bytes[0] = 2;
    s->bytes[CHUNK] = 2;
    return is_first ? 1 : 0;
}

/* What was announced is there; nothing bad is active. */
static void compare_with_notes(const char *directory, const char *when)
{
    struct storage s;
    char path[300];
    uint8_t *notes = NULL;
    size_t count = 0;
    snprintf(path, sizeof(path), "%s/notes", directory);
    weft_fileio_load(path, 64, &notes, &count);
    begin(&s, directory, 2);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    uint8_t active = linked(&s);
    ck_assert_msg(active != 0, "%s: the link does not name a complete release", when);
    for (size_t i = 0; i < count; i++) {
        struct weft_store_held held;
        ck_assert(weft_store_look(s.store, s.index.id, &held));
        if (notes[i] == 'F') {
            ck_assert_msg(held.finished, "%s: not finished any more", when);
        } else if (notes[i] == 'A') {
            ck_assert_msg(active == 2, "%s: not active any more", when);
        } else {
            ck_assert_msg((s.have[0] >> (notes[i] - '0')) & 1, "%s: chunk %c is lost", when,
                          notes[i]);
            ck_assert_int_eq(storage_read(&s, notes[i] - (uint32_t)'0'), WEFT_ERR_OK);
        }
    }
    free(notes);
    storage_leave(&s);
}

/* The child reaches its end now, and leaves nothing behind. */
static void converge(const char *directory, const char *when)
{
    struct storage s;
    struct stat status;
    char path[300];
    ck_assert_msg(run_child(directory, NULL, 0) == 0, "%s: the next run fails", when);
    begin(&s, directory, 2);
    ck_assert_msg(linked(&s) == 2, "%s: the next run does not activate", when);
    snprintf(path, sizeof(path), "%s/data/tmp/engine", directory);
    ck_assert_msg(stat(path, &status) != 0, "%s: leftovers", when);
    storage_leave(&s);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
}

/* One system call, every occurrence: |effect| is "signal=KILL" or "error=...". */
static void try_every(const char *call, const char *effect)
{
    bool is_kill = strncmp(effect, "signal", 6) == 0;
    unsigned missed_count = 0;
    for (unsigned n = 1; n < 100 && missed_count < 2; n++) {
        char directory[] = "/tmp/weft-crash-XXXXXX";
        char inject[96];
        snprintf(inject, sizeof(inject), "%s:%s:when=%u", call, effect, n);
        prepare(directory);
        int status = run_child(directory, inject, 0);
        compare_with_notes(directory, inject);
        converge(directory, inject);
        bool was_hit = is_kill ? WIFSIGNALED(status) || WEXITSTATUS(status) == 128 + SIGKILL
                               : WEXITSTATUS(status) == CHILD_ERROR;
        ck_assert_msg(was_hit || n > 1 || !is_kill, "%s never happens", call);
        /* A failure may be borne: two in a row that are mean that there was none. */
        missed_count = was_hit ? 0 : missed_count + (is_kill ? 2 : 1);
    }
}

static const char *const kill_table[] = {"pwrite64", "fdatasync", "fsync",     "renameat",
                                         "rename",   "symlink",   "ftruncate", "fchmod",
                                         "flock",    "mkdir",     "ioctl"};

START_TEST(killed_at_each_call)
{
    try_every(kill_table[_i], "signal=KILL");
}
END_TEST

static const char *const fail_table[][2] = {
    {"pwrite64", "error=ENOSPC"}, {"fdatasync", "error=EIO"}, {"fsync", "error=EIO"},
    {"renameat", "error=EROFS"},  {"rename", "error=EIO"},    {"symlink", "error=EDQUOT"},
};

START_TEST(failing_at_each_call)
{
    try_every(fail_table[_i][0], fail_table[_i][1]);
}
END_TEST

START_TEST(killed_after_some_time)
{
    char directory[] = "/tmp/weft-crash-XXXXXX";
    char when[64];
    unsigned delay_us = 500U + (unsigned)_i * 1500U;
    snprintf(when, sizeof(when), "killed after %u us", delay_us);
    prepare(directory);
    run_child(directory, NULL, delay_us);
    compare_with_notes(directory, when);
    converge(directory, when);
}
END_TEST

/* Order of the system calls of a child that is left alone: a chunk is announced only when an
 * fdatasync came after its write, a name is given only when an fsync came after the last write. */
START_TEST(durable_before_announced)
{
    char directory[] = "/tmp/weft-crash-XXXXXX";
    char log[64];
    char command[1024];
    prepare(directory);
    snprintf(log, sizeof(log), "%s/log", directory);
    ssize_t length = readlink("/proc/self/exe", command, sizeof(command) - 1);
    ck_assert_int_gt(length, 0);
    command[length] = '\0';
    char run[2048];
    snprintf(run, sizeof(run),
             "UV_THREADPOOL_SIZE=1 ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o %s -e "
             "trace=pwrite64,fdatasync,fsync,write,renameat %s child %s",
             log, command, directory);
    ck_assert_int_eq(system(run), 0);
    FILE *lines = fopen(log, "re");
    ck_assert_ptr_nonnull(lines);
    char line[512];
    bool is_dirty = false;
    unsigned announced_count = 0;
    unsigned renamed_count = 0;
    while (fgets(line, sizeof(line), lines) != NULL) {
        char note = '\0';
        if (strstr(line, "pwrite64(") != NULL && strstr(line, ", 4096, ") != NULL) {
            is_dirty = true;
        } else if (strstr(line, "fdatasync(") != NULL || strstr(line, " fsync(") != NULL) {
            is_dirty = strstr(line, "= 0") == NULL;
        } else if (strstr(line, "\", 1) ") != NULL &&
                   sscanf(line, "%*d write(%*d, \"%c\", 1) = 1", &note) == 1 && note >= '0' &&
                   note <= '9') {
            ck_assert_msg(!is_dirty, "announced before durable: %s", line);
            announced_count++;
        } else if (strstr(line, "renameat(") != NULL && strstr(line, ".data\"") != NULL) {
            ck_assert_msg(!is_dirty, "named before durable: %s", line);
            renamed_count++;
        }
    }
    fclose(lines);
    ck_assert_uint_eq(announced_count, CHUNKS);
    ck_assert_uint_eq(renamed_count, 1);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
}
END_TEST

static bool can_trace(void)
{
    return system("strace -f -e trace=fsync -qq -o /dev/null true >/dev/null 2>&1") == 0;
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create("crash");
    if (can_trace()) {
        WEFT_ADD_ROWS(suite, killed_at_each_call, kill_table);
        WEFT_ADD_ROWS(suite, failing_at_each_call, fail_table);
        WEFT_ADD(suite, durable_before_announced);
    } else {
        fprintf(stderr, "crash: strace cannot be used here, only kills at random\n");
    }
    weft_check_add_rows(suite, "killed_after_some_time", killed_after_some_time, 16);
    return suite;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "child") == 0) {
        return child(argv[2]);
    }
    return weft_check_main(make_suite);
}
