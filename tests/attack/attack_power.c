/* SPDX-License-Identifier: Apache-2.0 */
/* The power goes, or the disk fails, at each step of an update of the trusted metadata. Whatever
 * was told to others must still be trusted afterwards, older metadata must still be refused, and
 * the next update must succeed.
 *
 * The program runs itself as a child that updates from generation 1 to 2 under a new root and notes
 * what it was told; strace kills it at the n-th call of a system call, or lets that call fail. */
#include "tests/support/attack.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "node/fileio.h"
#include "protocol/trust/client.h"
#include "tests/support/publisher.h"
#include "tests/support/updater_driver.h"

/* Calls of one kind that are tried at most. */
#define CALLS_MAX 40

static struct updater_driver driver;
static struct weft_updater *updater;

static void write_file(const char *directory, const char *name, struct publisher_document document)
{
    char path[WEFT_FILE_PATH_BYTES];
    ck_assert(weft_fileio_join(path, directory, name));
    ck_assert_int_eq(weft_fileio_replace(path, document.bytes, document.length, 0644), WEFT_ERR_OK);
    publisher_free(&document);
}

/* Generation |version| below |directory|/repo, under root |version|. */
static void publish(const char *directory, int version)
{
    struct publisher publisher;
    char metadata[128];
    char name[64];
    snprintf(metadata, sizeof metadata, "%s/repo/metadata", directory);
    ck_assert_int_eq(weft_fileio_make_dirs(metadata, 0755), WEFT_ERR_OK);
    publisher_begin(&publisher);
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        publisher_version(&publisher, (enum weft_role)role, version);
    }
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        snprintf(name, sizeof name, "%d.%s.json", version, weft_role_name((enum weft_role)role));
        write_file(metadata, role == WEFT_ROLE_TIMESTAMP ? "timestamp.json" : name,
                   publisher_make(&publisher, (enum weft_role)role));
    }
    publisher_end(&publisher);
}

static int open_updater(const char *directory)
{
    char trust[128];
    char root[160];
    char text[640] = "";
    snprintf(trust, sizeof trust, "%s/trust", directory);
    snprintf(root, sizeof root, "%s/repo/metadata/1.root.json", directory);
    struct weft_updater_config config = {.directory = trust, .root_file = root};
    /* The documents of the tests are valid then. */
    driver = (struct updater_driver){.skew_s = PUBLISHER_NOW_S - (int64_t)time(NULL)};
    struct weft_updater_host host = updater_driver_host(&driver);
    if (weft_updater_open(&config, &host, &updater, text, sizeof text) != WEFT_ERR_OK) {
        fprintf(stderr, "%s\n", text);
        return -1;
    }
    weft_updater_start(updater);
    return 0;
}

/* Look at |directory|/repo until the look is over. */
static enum weft_err look(const char *directory)
{
    char repository[128];
    snprintf(repository, sizeof repository, "%s/repo", directory);
    weft_updater_look(updater);
    updater_driver_serve(&driver, updater, repository);
    return driver.looked;
}

static const char *child_directory; /* of this process, if it is the child */

/* The child: one look; a byte in the notes when generation 2 was told. */
START_TEST(look_once)
{
    char path[128];
    snprintf(path, sizeof path, "%s/notes", child_directory);
    ck_assert_int_eq(open_updater(child_directory), 0);
    enum weft_err err = look(child_directory);
    if (driver.version == 2) {
        int notes = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ck_assert_int_eq(close(notes), 0);
    }
    weft_updater_free(updater);
    ck_assert_int_eq(err, WEFT_ERR_OK);
}
END_TEST

/* The driver asserts, so that it needs a test around it; not in a process of its own, which strace
 * would count the calls of separately. */
static int child(const char *directory)
{
    Suite *suite = suite_create("child");
    TCase *box = tcase_create("child");
    child_directory = directory;
    tcase_add_test(box, look_once);
    suite_add_tcase(suite, box);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 3;
}

/* Run the child under strace with |inject| (NULL = without); the wait status. */
static int run_child(const char *directory, const char *inject)
{
    pid_t pid = fork();
    if (pid == 0) {
        char self[512];
        ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
        self[length > 0 ? length : 0] = '\0';
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO); /* complaints are wanted */
        if (inject != NULL) {
            char expression[96];
            char trace[64];
            snprintf(expression, sizeof expression, "inject=%s", inject);
            snprintf(trace, sizeof trace, "trace=%.*s", (int)strcspn(inject, ":"), inject);
            execlp("strace", "strace", "-f", "-qq", "-o", "/dev/null", "-e", trace, "-e",
                   expression, self, "child", directory, (char *)NULL);
        } else {
            execl(self, self, "child", directory, (char *)NULL);
        }
        _exit(126);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

/* The floors hold: what was told is trusted, generation 1 is not taken again after it. */
static void check_after(const char *directory, const char *when)
{
    char notes[128];
    snprintf(notes, sizeof notes, "%s/notes", directory);
    bool was_told = access(notes, F_OK) == 0;
    ck_assert_msg(open_updater(directory) == 0, "%s: the node does not start", when);
    struct weft_updater_state state;
    weft_updater_describe(updater, &state);
    ck_assert_msg(state.targets_version >= (was_told ? 2U : 1U), "%s: a generation is lost", when);
    ck_assert_msg(!was_told || driver.version == 2, "%s: generation 2 is not told again", when);
    publish(directory, 1);
    enum weft_err err = look(directory);
    if (was_told || state.timestamp_version == 2) {
        ck_assert_msg(err == WEFT_ERR_SIGNATURE || err == WEFT_ERR_ROLLBACK,
                      "%s: generation 1 is taken again (%s)", when, weft_err_name(err));
    }
    publish(directory, 2);
    ck_assert_msg(look(directory) == WEFT_ERR_OK, "%s: the next update fails", when);
    weft_updater_describe(updater, &state);
    ck_assert_uint_eq(state.root_version, 2);
    ck_assert_uint_eq(state.targets_version, 2);
    weft_updater_free(updater);
}

/* Every occurrence of |call| with |effect|: "signal=KILL" or "error=...". */
static void try_every(const char *call, const char *effect)
{
    bool is_kill = strncmp(effect, "signal", 6) == 0;
    unsigned hit_count = 0;
    for (unsigned n = 1; n <= CALLS_MAX; n++) {
        char directory[] = "/tmp/weft-power-XXXXXX";
        char inject[64];
        ck_assert_ptr_nonnull(mkdtemp(directory));
        publish(directory, 1);
        ck_assert_int_eq(run_child(directory, NULL), 0);
        publish(directory, 2);
        snprintf(inject, sizeof inject, "%s:%s:when=%u", call, effect, n);
        int status = run_child(directory, inject);
        check_after(directory, inject);
        ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
        bool was_hit = is_kill ? WIFSIGNALED(status) || WEXITSTATUS(status) == 128 + SIGKILL
                               : WEXITSTATUS(status) != 0;
        hit_count += was_hit;
        if (!was_hit) {
            break;
        }
    }
    ck_assert_msg(hit_count > 0, "%s never happens", call);
}

static const struct {
    const char *attack; /* what happens */
    const char *call;   /* at which system call */
    const char *effect; /* for strace */
} cuts[] = {
    {"power: cut at each write", "write", "signal=KILL"},
    {"power: cut at each sync", "fsync", "signal=KILL"},
    {"power: cut at each rename", "rename", "signal=KILL"},
    {"power: cut at each removal", "unlink", "signal=KILL"},
    {"disk: no room at each write", "write", "error=ENOSPC"},
    {"disk: each sync fails", "fsync", "error=EIO"},
    {"disk: each rename fails", "rename", "error=EROFS"},
};

START_TEST(cut)
{
    try_every(cuts[_i].call, cuts[_i].effect);
}
END_TEST

/* Without strace there is no way to stop at a step. */
static bool can_trace(void)
{
    return system("strace -f -e trace=fsync -qq -o /dev/null true >/dev/null 2>&1") == 0;
}

int main(int argc, char **argv)
{
    struct attack_list list = {.count = 0};
    if (argc == 3 && strcmp(argv[1], "child") == 0) {
        return child(argv[2]);
    }
    if (!can_trace()) {
        printf("strace cannot be used here\n");
        return 77;
    }
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        attack_add(
            &list,
            (struct attack_case){cuts[i].attack, "floors hold; the next update succeeds", cut},
            (int)i);
    }
    return attack_run_list(&list);
}
