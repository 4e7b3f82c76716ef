/* SPDX-License-Identifier: Apache-2.0 */
/* The web client against tests/shell/bad_server.py, which misbehaves in one way per path. */
#include "tests/support/check_main.h"

#include "node/http.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_BYTES 100000

/* What became of one request. */
struct outcome {
    struct weft_http *http;              /* the client */
    struct weft_http_transfer *transfer; /* of the request */
    struct weft_http_result result;      /* valid after the end */
    bool ended;                          /* done() was called */
    bool cancel;                         /* from within data() */
    bool refuse;                         /* data() says no */
    bool pause;                          /* from within data(), once */
    uint64_t length;                     /* bytes received */
    uint64_t first;                      /* of the range, to check bytes against */
    bool right;                          /* every byte was the right one */
};

static uv_loop_t loop;
static int server_port;
static int server_input;
static pid_t server;

static void start_server(void)
{
    int input[2];
    int output[2];
    char line[32] = "";
    ck_assert_int_eq(pipe(input) + pipe(output), 0);
    server = fork();
    if (server == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        close(input[1]);
        close(output[0]);
        execlp("python3", "python3", "tests/shell/bad_server.py", (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    server_input = input[1];
    size_t length = 0;
    while (length + 1 < sizeof(line) && strchr(line, '\n') == NULL) {
        ck_assert_int_eq(read(output[0], line + length, 1), 1);
        length++;
    }
    close(output[0]);
    server_port = (int)strtol(line, NULL, 10);
}

static void stop_server(void)
{
    close(server_input);
    waitpid(server, NULL, 0);
}

static uint8_t body_at(uint64_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static bool on_data(void *context, const uint8_t *bytes, size_t length)
{
    struct outcome *outcome = context;
    for (size_t i = 0; i < length; i++) {
        outcome->right &= bytes[i] == body_at(outcome->first + outcome->length + i);
    }
    outcome->length += length;
    if (outcome->cancel) {
        weft_http_cancel(outcome->transfer);
    }
    if (outcome->pause) {
        outcome->pause = false;
        weft_http_pause(outcome->transfer);
    }
    return !outcome->refuse;
}

static void on_done(void *context, const struct weft_http_result *result)
{
    struct outcome *outcome = context;
    ck_assert(!outcome->ended);
    outcome->ended = true;
    outcome->result = *result;
}

static struct weft_http_request request_of(struct outcome *outcome, char *url, size_t size,
                                           const char *path)
{
    snprintf(url, size, "http://127.0.0.1:%d/%s", server_port, path);
    outcome->right = true;
    return (struct weft_http_request){
        .url = url, .bytes_max = BODY_BYTES, .context = outcome, .data = on_data, .done = on_done};
}

static void run(struct outcome *outcome, const struct weft_http_request *request)
{
    outcome->first = request->ranged ? request->first : 0;
    outcome->transfer = weft_http_get(outcome->http, request);
    ck_assert_ptr_nonnull(outcome->transfer);
    ck_assert(!outcome->ended);
    while (!outcome->ended && uv_run(&loop, UV_RUN_ONCE) != 0) {
    }
    ck_assert(outcome->ended);
}

static void open_client(struct outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    outcome->http = weft_http_open(&loop);
    ck_assert_ptr_nonnull(outcome->http);
}

static void close_client(struct outcome *outcome)
{
    weft_http_close(outcome->http);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static const struct {
    const char *path;
    enum weft_err whole;  /* asked for everything */
    enum weft_err ranged; /* asked for bytes 1000..1999, with an ETag */
} cases[] = {
    {"good", WEFT_ERR_OK, WEFT_ERR_OK},
    {"404", WEFT_ERR_NOT_FOUND, WEFT_ERR_NOT_FOUND},
    {"500", WEFT_ERR_HTTP_STATUS, WEFT_ERR_HTTP_STATUS},
    {"bigerror", WEFT_ERR_HTTP_STATUS, WEFT_ERR_HTTP_STATUS},
    {"loop", WEFT_ERR_HTTP_STATUS, WEFT_ERR_HTTP_STATUS},
    {"twice", WEFT_ERR_OK, WEFT_ERR_OK},
    {"elsewhere", WEFT_ERR_HTTP_STATUS, WEFT_ERR_HTTP_STATUS},
    {"truncated", WEFT_ERR_CLOSED, WEFT_ERR_HTTP_NO_RANGES},
    {"short", WEFT_ERR_HTTP_STATUS, WEFT_ERR_TOO_SHORT},
    {"shortlie", WEFT_ERR_HTTP_STATUS, WEFT_ERR_TOO_SHORT},
    {"long", WEFT_ERR_HTTP_STATUS, WEFT_ERR_TOO_LONG},
    {"shifted", WEFT_ERR_HTTP_STATUS, WEFT_ERR_HTTP_NO_RANGES},
    {"stale", WEFT_ERR_HTTP_STATUS, WEFT_ERR_HTTP_CHANGED},
    {"stalewhole", WEFT_ERR_OK, WEFT_ERR_HTTP_CHANGED},
    {"weak", WEFT_ERR_HTTP_STATUS, WEFT_ERR_OK},
    {"noranges", WEFT_ERR_OK, WEFT_ERR_HTTP_NO_RANGES},
    {"norangehead", WEFT_ERR_HTTP_STATUS, WEFT_ERR_HTTP_NO_RANGES},
    {"416", WEFT_ERR_HTTP_STATUS, WEFT_ERR_TOO_SHORT},
    {"html", WEFT_ERR_OK, WEFT_ERR_HTTP_NO_RANGES},
    {"chunked", WEFT_ERR_OK, WEFT_ERR_HTTP_NO_RANGES},
    {"endless", WEFT_ERR_TOO_LONG, WEFT_ERR_HTTP_NO_RANGES},
    {"garbage", WEFT_ERR_FORMAT, WEFT_ERR_FORMAT},
    {"nothing", WEFT_ERR_CLOSED, WEFT_ERR_CLOSED},
    {"odd", WEFT_ERR_OK, WEFT_ERR_HTTP_NO_RANGES},
};

START_TEST(every_misbehaviour_has_its_name)
{
    struct outcome outcome;
    char url[128];
    open_client(&outcome);
    struct weft_http_request request = request_of(&outcome, url, sizeof(url), cases[_i].path);
    run(&outcome, &request);
    ck_assert_msg(outcome.result.err == cases[_i].whole, "%s: %s", cases[_i].path,
                  outcome.result.text);
    ck_assert((outcome.result.err == WEFT_ERR_OK) == (outcome.result.text[0] == 0));
    outcome.ended = false;
    outcome.length = 0;
    outcome.right = true;
    request.ranged = true;
    request.first = 1000;
    request.last = 1999;
    request.etag = "\"right\"";
    run(&outcome, &request);
    ck_assert_msg(outcome.result.err == cases[_i].ranged, "%s ranged: %s", cases[_i].path,
                  outcome.result.text);
    ck_assert(outcome.right);
    ck_assert_uint_le(outcome.length, 1000);
    if (outcome.result.err == WEFT_ERR_OK) {
        ck_assert_uint_eq(outcome.length, 1000);
    }
    close_client(&outcome);
}
END_TEST

START_TEST(details_of_the_answer_are_told)
{
    struct outcome outcome;
    char url[128];
    open_client(&outcome);
    struct weft_http_request request = request_of(&outcome, url, sizeof(url), "good");
    run(&outcome, &request);
    ck_assert_uint_eq(outcome.result.status, 200);
    ck_assert_str_eq(outcome.result.etag, "\"right\"");
    ck_assert_uint_eq(outcome.length, BODY_BYTES);
    ck_assert(outcome.right);
    outcome.ended = false;
    request = request_of(&outcome, url, sizeof(url), "503");
    run(&outcome, &request);
    ck_assert_int_eq(outcome.result.err, WEFT_ERR_HTTP_STATUS);
    ck_assert_uint_eq(outcome.result.status, 503);
    ck_assert_uint_eq(outcome.result.retry_after_ms, 7000);
    ck_assert_ptr_nonnull(strstr(outcome.result.text, "503"));
    /* The whole by a range from a server without ranges is as good. */
    outcome.ended = false;
    outcome.length = 0;
    request = request_of(&outcome, url, sizeof(url), "noranges");
    request.ranged = true;
    request.last = BODY_BYTES - 1;
    run(&outcome, &request);
    ck_assert_int_eq(outcome.result.err, WEFT_ERR_OK);
    ck_assert_uint_eq(outcome.length, BODY_BYTES);
    /* Longer than allowed. */
    outcome.ended = false;
    request = request_of(&outcome, url, sizeof(url), "good");
    request.bytes_max = BODY_BYTES - 1;
    run(&outcome, &request);
    ck_assert_int_eq(outcome.result.err, WEFT_ERR_TOO_LONG);
    close_client(&outcome);
}
END_TEST

START_TEST(bad_urls_and_dead_servers)
{
    struct outcome outcome;
    char url[128];
    open_client(&outcome);
    struct weft_http_request request = request_of(&outcome, url, sizeof(url), "good");
    static const struct {
        const char *url;
        enum weft_err err;
    } urls[] = {
        {"http://127.0.0.1:1/x", WEFT_ERR_UNREACHABLE},
        {"ftp://127.0.0.1/x", WEFT_ERR_ARGUMENT},
        {"file:///etc/passwd", WEFT_ERR_ARGUMENT},
        {"http://user:word@127.0.0.1/x", WEFT_ERR_ARGUMENT},
        {"http://[", WEFT_ERR_ARGUMENT},
        {"", WEFT_ERR_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        outcome.ended = false;
        request.url = urls[i].url;
        run(&outcome, &request);
        ck_assert_msg(outcome.result.err == urls[i].err, "%s: %s", urls[i].url,
                      outcome.result.text);
    }
    close_client(&outcome);
}
END_TEST

START_TEST(slow_servers_are_abandoned)
{
    static const char *const paths[] = {"trickle", "silent"};
    struct outcome outcome;
    char url[128];
    open_client(&outcome);
    struct weft_http_request request = request_of(&outcome, url, sizeof(url), paths[_i]);
    request.slow_s = 2;
    uint64_t begin_ns = uv_hrtime();
    run(&outcome, &request);
    ck_assert_int_eq(outcome.result.err, WEFT_ERR_TIMEOUT);
    ck_assert_uint_lt(uv_hrtime() - begin_ns, 30 * WEFT_NS_PER_S);
    close_client(&outcome);
}
END_TEST

START_TEST(cancel_is_final)
{
    struct outcome outcome;
    char url[128];
    open_client(&outcome);
    /* At once, before anything happened. */
    struct weft_http_request request = request_of(&outcome, url, sizeof(url), "good");
    weft_http_cancel(weft_http_get(outcome.http, &request));
    /* From within data(). */
    outcome.cancel = true;
    outcome.transfer = weft_http_get(outcome.http, &request);
    for (int i = 0; i < 200 && outcome.length == 0; i++) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    ck_assert_uint_gt(outcome.length, 0);
    ck_assert(!outcome.ended);
    /* data() says no. */
    outcome.cancel = false;
    outcome.refuse = true;
    run(&outcome, &request);
    ck_assert_int_eq(outcome.result.err, WEFT_ERR_CANCELLED);
    /* The client goes away. */
    outcome.ended = false;
    weft_http_get(outcome.http, &request);
    uv_run(&loop, UV_RUN_NOWAIT);
    close_client(&outcome);
    ck_assert(!outcome.ended);
}
END_TEST

static void on_resume(uv_timer_t *timer)
{
    weft_http_resume(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

START_TEST(pause_makes_the_server_wait)
{
    struct outcome outcome;
    char url[128];
    uv_timer_t timer;
    open_client(&outcome);
    struct weft_http_request request = request_of(&outcome, url, sizeof(url), "good");
    outcome.pause = true;
    uv_timer_init(&loop, &timer);
    uint64_t begin_ns = uv_hrtime();
    outcome.transfer = weft_http_get(outcome.http, &request);
    timer.data = outcome.transfer;
    uv_timer_start(&timer, on_resume, 300, 0);
    while (!outcome.ended && uv_run(&loop, UV_RUN_ONCE) != 0) {
    }
    ck_assert_int_eq(outcome.result.err, WEFT_ERR_OK);
    ck_assert_uint_eq(outcome.length, BODY_BYTES);
    ck_assert(outcome.right);
    ck_assert_uint_gt(uv_hrtime() - begin_ns, WEFT_NS_PER_S / 4);
    close_client(&outcome);
}
END_TEST

static Suite *make_suite(void)
{
    if (system("command -v python3 >/dev/null") != 0) {
        printf("test_http: skipped: there is no python3 for the misbehaving server\n");
        exit(EXIT_SUCCESS);
    }
    unsetenv("http_proxy");
    signal(SIGPIPE, SIG_IGN);
    Suite *suite = suite_create("http");
    TCase *tcase = tcase_create("server");
    tcase_add_checked_fixture(tcase, start_server, stop_server);
    tcase_add_loop_test(tcase, every_misbehaviour_has_its_name, 0,
                        sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tcase, details_of_the_answer_are_told);
    tcase_add_test(tcase, bad_urls_and_dead_servers);
    tcase_add_loop_test(tcase, slow_servers_are_abandoned, 0, 2);
    tcase_add_test(tcase, cancel_is_final);
    tcase_add_test(tcase, pause_makes_the_server_wait);
    suite_add_tcase(suite, tcase);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
