/* SPDX-License-Identifier: Apache-2.0 */
/* Does the runner do what its node may ask, and nothing else? A node that was taken over asks for
 * anything here, byte by byte. What it does for an activation is in test_activate.c. */
#include "tests/support/check_main.h"

#include "node/runner_serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/weft-runner.XXXXXX";

/* What the runner runs: "cd DIRECTORY; ..." */
static char command[400];

/* Raw access to a runner. */
static int fd;
static pid_t pid;

static void begin(const char *what)
{
    int pair[2];
    snprintf(directory, sizeof(directory), "/tmp/weft-runner.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(command, sizeof(command), "cd %s; %s", directory, what);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(weft_runner_serve(pair[1], command, directory));
    }
    close(pair[1]);
    fd = pair[0];
}

static void end(void)
{
    int status = -1;
    close(fd);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
}

static void notes(void)
{
    begin("echo \"$WEFT_COMPONENT $WEFT_VERSION $WEFT_PATH\" >>notes");
}

static void sleeps(void)
{
    begin("sleep 60 & sleep 60");
}

static void ask_bytes(const void *bytes, size_t length)
{
    ck_assert_int_eq(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* An ask that is right. */
static struct weft_runner_ask good(uint64_t number)
{
    return (struct weft_runner_ask){
        .number = number, .id = 7, .limit_ms = 5000, .component = "engine", .version = "1.0"};
}

static struct weft_runner_answer hear(void)
{
    struct weft_runner_answer answer;
    ck_assert_int_eq(recv(fd, &answer, sizeof(answer), 0), (ssize_t)sizeof(answer));
    ck_assert(memchr(answer.text, '\0', sizeof(answer.text)) != NULL);
    return answer;
}

/* Bytes of the notes. */
static size_t noted(void)
{
    char path[100];
    struct stat status;
    snprintf(path, sizeof(path), "%s/notes", directory);
    return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

START_TEST(an_ask_that_is_right)
{
    char path[100];
    char expected[400];
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_runner_ask ask = good(1);
    ask_bytes(&ask, sizeof(ask));
    struct weft_runner_answer answer = hear();
    ck_assert_msg(answer.number == 1 && answer.err == WEFT_ERR_OK, "%s", answer.text);
    snprintf(path, sizeof(path), "%s/notes", directory);
    snprintf(expected, sizeof(expected), "engine 1.0 %s/active/engine/1.0-0000000000000007\n",
             directory);
    ck_assert_int_eq(weft_fileio_load(path, 1000, &bytes, &length), WEFT_ERR_OK);
    ck_assert_str_eq((const char *)bytes, expected);
    free(bytes);
}
END_TEST

static const struct {
    const char *component;
    const char *version;
    uint32_t limit_ms;
} wrong[] = {
    {"../../tmp/evil", "1.0", 5000}, {"", "1.0", 5000},
    {"engine", "../1.0", 5000},      {"engine", "", 5000},
    {"engine", "1.0\nX", 5000},      {".", "1.0", 5000},
    {"en gine", "1.0", 5000},        {"engine", "$(touch x)", 5000},
    {"engine", "1.0", 300001},       {"engine", "1.0", UINT32_MAX},
};

START_TEST(an_ask_that_is_wrong)
{
    struct weft_runner_ask ask = good(5);
    snprintf(ask.component, sizeof(ask.component), "%s", wrong[_i].component);
    snprintf(ask.version, sizeof(ask.version), "%s", wrong[_i].version);
    ask.limit_ms = wrong[_i].limit_ms;
    ask_bytes(&ask, sizeof(ask));
    struct weft_runner_answer answer = hear();
    ck_assert(answer.number == 5 && answer.err == WEFT_ERR_HOOK);
    ck_assert_str_ne(answer.text, "");
    ck_assert_uint_eq(noted(), 0);
}
END_TEST

START_TEST(texts_without_end)
{
    struct weft_runner_ask ask = good(1);
    memset(ask.component, 'a', sizeof(ask.component));
    ask_bytes(&ask, sizeof(ask));
    ck_assert_uint_eq(hear().err, WEFT_ERR_HOOK);
    ask = good(2);
    memset(ask.version, '1', sizeof(ask.version));
    ask_bytes(&ask, sizeof(ask));
    ck_assert_uint_eq(hear().err, WEFT_ERR_HOOK);
    ask = good(0); /* no job has this number */
    ask_bytes(&ask, sizeof(ask));
    ck_assert_uint_eq(hear().err, WEFT_ERR_HOOK);
    ck_assert_uint_eq(noted(), 0);
}
END_TEST

/* What is no ask at all ends the runner, in order. */
START_TEST(not_an_ask)
{
    char byte = 'x';
    int status = -1;
    ask_bytes(&byte, 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
}
END_TEST

START_TEST(too_many_at_a_time)
{
    uint32_t refused_count = 0;
    for (uint64_t i = 1; i <= WEFT_COMPONENTS_MAX + 3; i++) {
        struct weft_runner_ask ask = good(i);
        ask_bytes(&ask, sizeof(ask));
    }
    for (int i = 0; i < 3; i++) {
        struct weft_runner_answer answer = hear();
        refused_count += answer.err == WEFT_ERR_HOOK && answer.number > WEFT_COMPONENTS_MAX;
    }
    ck_assert_uint_eq(refused_count, 3);
    struct weft_runner_ask stop = {.number = 999}; /* of no job: ignored */
    ask_bytes(&stop, sizeof(stop));
    stop.number = 4;
    ask_bytes(&stop, sizeof(stop));
    struct weft_runner_answer answer = hear();
    ck_assert(answer.number == 4 && answer.err == WEFT_ERR_CANCELLED);
    /* A number twice is not a second job. */
    struct weft_runner_ask twice = good(5);
    ask_bytes(&twice, sizeof(twice));
    answer = hear();
    ck_assert(answer.number == 5 && answer.err == WEFT_ERR_CANCELLED);
}
END_TEST

/* ---- The node's side ---- */

static enum weft_err ended;

static void on_done(void *context, enum weft_err err, const char *text)
{
    (void)context;
    ck_assert_str_ne(text, "");
    ended = err;
}

/* A runner that is killed fails its jobs; later ones are not even begun. */
START_TEST(runner_is_killed)
{
    uv_loop_t loop;
    struct weft_runner *runner;
    struct weft_runner_job *job;
    struct weft_message message;
    const struct weft_runner_request request = {
        .component = "engine", .version = "1", .id = 1, .limit_ms = 60000};
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(weft_runner_open("kill -9 $PPID", "/tmp", &runner, &message), WEFT_ERR_OK);
    ck_assert_int_eq(weft_runner_attach(runner, &loop), WEFT_ERR_OK);
    ck_assert_int_eq(weft_runner_start(runner, &request, on_done, NULL, &job, &message),
                     WEFT_ERR_OK);
    ended = WEFT_ERR_OK;
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(ended, WEFT_ERR_HOOK);
    ck_assert_int_eq(weft_runner_start(runner, &request, on_done, NULL, &job, &message),
                     WEFT_ERR_HOOK);
    ck_assert_ptr_nonnull(strstr(message.text, "restart weft"));
    weft_runner_close(runner);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("runner");
    TCase *noting = tcase_create("notes");
    tcase_add_checked_fixture(noting, notes, end);
    tcase_add_test(noting, an_ask_that_is_right);
    tcase_add_loop_test(noting, an_ask_that_is_wrong, 0, WEFT_ROWS(wrong));
    tcase_add_test(noting, texts_without_end);
    suite_add_tcase(suite, noting);
    const TTest *const busy[] = {too_many_at_a_time};
    const TTest *const ending[] = {not_an_ask};
    weft_check_case(suite, "sleeps", sleeps, end, busy, WEFT_ROWS(busy));
    weft_check_case(suite, "ends", notes, NULL, ending, WEFT_ROWS(ending));
    WEFT_ADD(suite, runner_is_killed);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
