/* SPDX-License-Identifier: Apache-2.0 */
/* Can a node that has confined itself still do its work, and nothing else? Each child confines
 * itself as `weft run` does, then tries everything in the table. What only Landlock forbids is not
 * asked of a kernel without it. */
#include "tests/support/check_main.h"

#include "node/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/weft-sandbox.XXXXXX";

/* DIRECTORY/name in static memory, one at a time. */
static const char *below(const char *name)
{
    static char path[2][200];
    static unsigned int turn;
    turn++;
    snprintf(path[turn % 2], sizeof(path[0]), "%s/%s", directory, name);
    return path[turn % 2];
}

/* ---- Work: must succeed ---- */

static bool can_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool store_file(void)
{
    return can_open(below("data/tmp"), O_WRONLY | O_CREAT) &&
           can_open(below("data/tmp"), O_WRONLY | O_TRUNC) &&
           mkdir(below("data/active"), 0755) == 0 &&
           rename(below("data/tmp"), below("data/active/file")) == 0 &&
           can_open(below("data/active"), O_RDONLY | O_DIRECTORY);
}

static bool move_link(void)
{
    return symlink("new", below("links/.l")) == 0 &&
           rename(below("links/.l"), below("links/l")) == 0;
}

static bool read_root(void)
{
    return can_open(below("root.json"), O_RDONLY);
}

static bool read_resolver(void)
{
    return can_open("/etc/nsswitch.conf", O_RDONLY) || errno == ENOENT;
}

static void *nothing(void *context)
{
    return context;
}

static bool make_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool make_socket(int family, int type)
{
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool make_sockets(void)
{
    return make_socket(AF_INET, SOCK_DGRAM) && make_socket(AF_INET, SOCK_STREAM) &&
           make_socket(AF_UNIX, SOCK_STREAM) && make_socket(AF_NETLINK, SOCK_RAW);
}

/* ---- Harm: must fail ---- */

static bool read_outside(void)
{
    return can_open(below("secret"), O_RDONLY);
}

static bool write_outside(void)
{
    return can_open(below("new"), O_WRONLY | O_CREAT) || can_open(below("secret"), O_WRONLY);
}

static bool write_root(void)
{
    return can_open(below("root.json"), O_WRONLY);
}

static bool list_outside(void)
{
    return can_open(directory, O_RDONLY | O_DIRECTORY) || can_open("/", O_RDONLY | O_DIRECTORY);
}

static bool carry_out(void)
{
    return rename(below("data/mine"), below("mine")) == 0 ||
           link(below("data/mine"), below("links/mine")) == 0;
}

static bool make_file_beside_link(void)
{
    return can_open(below("links/file"), O_WRONLY | O_CREAT);
}

static bool make_special(void)
{
    return mknod(below("data/fifo"), S_IFIFO | 0600, 0) == 0;
}

static bool read_memory_file(void)
{
    return can_open("/proc/self/mem", O_RDWR);
}

static bool signal_outside(void)
{
    return kill(getppid(), 0) == 0 || syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
}

static bool execute(void)
{
    char *const arguments[] = {NULL};
    execve("/bin/true", arguments, arguments);
    return errno != ENOSYS; /* it came back, but was it this filter? */
}

static bool make_process(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return pid > 0;
}

static bool make_code(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *both =
        mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *later = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return both != MAP_FAILED || later == MAP_FAILED ||
           mprotect(later, size, PROT_READ | PROT_EXEC) == 0;
}

static bool make_raw_socket(void)
{
    return make_socket(AF_PACKET, SOCK_RAW) || make_socket(AF_INET, SOCK_RAW);
}

static bool change_user(void)
{
    return setuid(12345) == 0 || seteuid(12345) == 0;
}

static bool trace_other(void)
{
    return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool change_mode_outside(void)
{
    return chmod(below("secret"), 0777) == 0;
}

static bool enter_namespace(void)
{
    return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) == 0;
}

static const struct attempt {
    const char *name;   /* for people */
    bool (*does)(void); /* true = it could be done */
    bool is_work;       /* it must be possible */
    bool is_landlock;   /* only Landlock forbids it */
} attempts[] = {
    {"store a file", store_file, true, false},
    {"move a link", move_link, true, false},
    {"read the root", read_root, true, false},
    {"read the resolver's files", read_resolver, true, false},
    {"make a thread", make_thread, true, false},
    {"make sockets", make_sockets, true, false},
    {"read outside", read_outside, false, true},
    {"write outside", write_outside, false, true},
    {"write the root", write_root, false, true},
    {"list outside", list_outside, false, true},
    {"carry a file out", carry_out, false, true},
    {"make a file beside a link", make_file_beside_link, false, true},
    {"make a fifo", make_special, false, false},
    {"open the own memory", read_memory_file, false, true},
    {"execute", execute, false, false},
    {"make a process", make_process, false, false},
    {"make code", make_code, false, false},
    {"make a raw socket", make_raw_socket, false, false},
    {"change the user", change_user, false, false},
    {"trace another process", trace_other, false, false},
    {"signal another process", signal_outside, false, false},
    {"change a mode outside", change_mode_outside, false, false},
    {"enter a namespace", enter_namespace, false, false},
};

/* In the child: number of attempts that ended wrongly. */
static int try_all(bool has_landlock)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        const struct attempt *attempt = &attempts[i];
        if (attempt->is_landlock && !has_landlock) {
            continue;
        }
        if (attempt->does() != attempt->is_work) {
            fprintf(stderr, "%s: %s\n", attempt->name,
                    attempt->is_work ? "is not possible" : "is possible");
            wrong++;
        }
    }
    return wrong;
}

static void make_file(const char *name)
{
    ck_assert_int_eq(weft_fileio_replace(below(name), "x", 1, 0644), WEFT_ERR_OK);
}

static void prepare(void)
{
    memcpy(directory + strlen(directory) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(mkdir(below("links"), 0755), 0);
    ck_assert_int_eq(mkdir(below("data"), 0755), 0);
    make_file("secret");
    make_file("root.json");
    make_file("data/mine");
}

/* Options as of a command line; texts are static. */
static const struct weft_run_options *options_of(enum weft_sandbox_mode mode)
{
    static struct weft_run_options options;
    static char texts[3][200];
    snprintf(texts[0], sizeof(texts[0]), "%s", below("data"));
    snprintf(texts[1], sizeof(texts[1]), "%s", below("root.json"));
    snprintf(texts[2], sizeof(texts[2]), "%s", below("links/l"));
    options = (struct weft_run_options){.data_dir = texts[0],
                                        .root_file = texts[1],
                                        .sandbox = mode,
                                        .component_count = 1,
                                        .components = {{.name = "c", .link = texts[2]}}};
    return &options;
}

START_TEST(work_and_harm)
{
    prepare();
    const struct weft_run_options *options = options_of(WEFT_SANDBOX_AUTO);
    pid_t pid = fork();
    if (pid == 0) {
        struct weft_message report;
        bool is_entered = weft_confine(options, &report) == WEFT_ERR_OK;
        bool has_landlock = strstr(report.text, "NOT in force: files") == NULL;
        bool has_others = strstr(report.text, "system calls filtered") != NULL &&
                          strstr(report.text, "privileges given up") != NULL;
        fprintf(stderr, "%s\n", report.text);
        _exit(is_entered && has_others ? try_all(has_landlock) : 100);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", (unsigned)status);
}
END_TEST

/* Without network there is no socket at all. */
START_TEST(no_network)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct weft_sandbox sandbox;
        struct weft_message report;
        weft_sandbox_init(&sandbox, WEFT_SANDBOX_AUTO);
        weft_sandbox_enter(&sandbox, &report);
        _exit(make_socket(AF_INET, SOCK_STREAM) || make_socket(AF_UNIX, SOCK_STREAM) ||
              make_socket(AF_NETLINK, SOCK_RAW));
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* off changes nothing and says so. */
START_TEST(off)
{
    struct weft_message report;
    prepare();
    ck_assert_int_eq(weft_confine(options_of(WEFT_SANDBOX_OFF), &report), WEFT_ERR_OK);
    ck_assert_str_eq(report.text, "sandbox: off");
    ck_assert(read_outside() && make_process());
    while (wait(NULL) > 0) {
    }
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
}
END_TEST

/* A process that cannot take a step says which and why, and does not go on if it must. */
START_TEST(require)
{
    prepare();
    const struct weft_run_options *options = options_of(WEFT_SANDBOX_REQUIRE);
    pid_t pid = fork();
    if (pid == 0) {
        struct weft_message report;
        /* A second filter cannot be loaded under the first one. */
        enum weft_err first = weft_confine(options, &report);
        enum weft_err second = weft_confine(options, &report);
        bool is_named = strstr(report.text, "NOT in force: system calls filtered") != NULL &&
                        strstr(report.text, "because") != NULL;
        _exit(first != WEFT_ERR_OK && strstr(report.text, "Landlock") != NULL
                  ? 0 /* this kernel lacks something: REQUIRE said so at once */
                  : !(second == WEFT_ERR_PERMISSION && is_named));
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* From here on this process has a kernel without Landlock. */
static bool take_landlock_away(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool is_taken = filter != NULL &&
                    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
                                     SCMP_SYS(landlock_create_ruleset), 0) == 0 &&
                    seccomp_load(filter) == 0;
    seccomp_release(filter);
    return is_taken;
}

static const enum weft_sandbox_mode modes[] = {WEFT_SANDBOX_AUTO, WEFT_SANDBOX_REQUIRE};

/* What is missing is named; the rest is in force all the same, unless all is required. */
START_TEST(kernel_without_landlock)
{
    prepare();
    const struct weft_run_options *options = options_of(modes[_i]);
    enum weft_err expected = modes[_i] == WEFT_SANDBOX_AUTO ? WEFT_ERR_OK : WEFT_ERR_PERMISSION;
    pid_t pid = fork();
    if (pid == 0) {
        struct weft_message report;
        bool is_taken = take_landlock_away();
        enum weft_err err = weft_confine(options, &report);
        bool is_told = strstr(report.text, "NOT in force: files outside closed") != NULL &&
                       strstr(report.text, "because this kernel has no Landlock") != NULL;
        fprintf(stderr, "%s\n", report.text);
        _exit(is_taken && err == expected && is_told ? try_all(false) : 100);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
    ck_assert_int_eq(status, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("sandbox");
    WEFT_ADD(suite, work_and_harm);
    WEFT_ADD(suite, no_network);
    WEFT_ADD(suite, off);
    WEFT_ADD(suite, require);
    WEFT_ADD_ROWS(suite, kernel_without_landlock, modes);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
