/* SPDX-License-Identifier: Apache-2.0 */
/* What `weft status` shows: the whole page at two widths, pages of strange documents, and the
 * control socket between a node and its askers. */
#include "tests/support/check_main.h"

#include "node/control.h"
#include "node/document_read.h"
#include "node/status.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A busy node with one of everything; ' stands for ". */
static const char fixture[] =
    "{'schema':1,'weft':'0.1.0','now_unix_s':1795401780,'node':{'id':'00c0ffee00c0ffee',"
    "'address':'10.1.0.11:7767','segment':'10.1.0.0/24','site':'north','class':'auto',"
    "'agent':true,'pid':4711,'data':'/var/lib/weft','started_unix_s':1795401595,"
    "'stall':'transfer','links':5},'segment':{'alive':6,'suspect':1,'dead':0,"
    "'agents':['10.1.0.11:7767','10.1.0.14:7767'],'remote_known':3},"
    "'source':{'url':'http://10.9.0.2/repo','down':true,'retry_ms':4000,"
    "'looked_unix_s':1795401770,'error':'HTTP_STATUS',"
    "'error_text':'http://10.9.0.2/repo/metadata/timestamp.json: the web server answered 503'},"
    "'metadata':{'version':7,'root_version':1,'expires_unix_s':1795984980},"
    "'components':[{'name':'pattern','link':'/opt/av/pattern','active':{'version':'1.4.2',"
    "'release':'0000000000000001','bytes':66000000,'since_unix_s':1795300000},"
    "'fetching':{'version':'1.5.0','release':'0000000000000002','bytes':67108864,"
    "'bytes_have':41200000,'chunks':512,'chunks_have':314,'chunks_in_flight':6,"
    "'complete':false,'rate_bytes_per_s':9353200,'left_s':3,'age_ms':4400,'took_ms':null,"
    "'tiers':{'peer':12582912,'agent':21076377,'site':0,'remote':4096,'server':0,"
    "'source':7444889}},'error':null},{'name':'engine','link':null,'active':{'version':'12.0',"
    "'release':'0000000000000003','bytes':831488,'complete':true,'since_unix_s':1795300000,"
    "'tiers':{'peer':831488}},'fetching':null,"
    "'error':'engine 12.0: --on-update command failed with exit code 3'},{'name':'program',"
    "'link':null,'active':null,'fetching':null,'error':null}],"
    "'members':[{'id':'0000000000000012','address':'10.1.0.12:7767','state':'alive',"
    "'class':'auto','agent':false,'linked':true,'remote':false,'rate_bytes_per_s':11744051,"
    "'score':5},{'id':'0000000000000014','address':'10.1.0.14:7767','state':'suspect',"
    "'class':'prefer','agent':true,'linked':true,'remote':false,'rate_bytes_per_s':0,"
    "'score':9},{'id':'0000000000000015','address':'10.2.0.10:7767','state':'alive',"
    "'class':'auto','agent':true,'linked':true,'remote':true,'rate_bytes_per_s':1744051,"
    "'score':5},{'id':'0000000000000016','address':'10.1.0.16:7767','state':'alive',"
    "'class':'auto','agent':false,'linked':false,'remote':false,'rate_bytes_per_s':0,"
    "'score':5}],'counters':{}}";

static const char page_80[] =
    "10.1.0.11:7767  Update Agent of segment 10.1.0.0/24, site north    up 3 min 05 s\n"
    "\n"
    "  pattern     1.5.0  ███████████████▎░░░░░░░░░  61.3 %  8.92 MiB/s  3.0 s left\n"
    "              from peer 12.0 MiB, agent 20.1 MiB, remote 4.00 KiB, source 7.10\n"
    "              MiB; 81.8 % from inside the segment\n"
    "              1.4.2  active since 2026-11-21 22:26 UTC, 62.9 MiB\n"
    "  engine      12.0  active since 2026-11-21 22:26 UTC, 812 KiB\n"
    "              from peer 812 KiB; 100 % from inside the segment\n"
    "              engine 12.0: --on-update command failed with exit code 3\n"
    "  program     no signed release of it is known yet\n"
    "\n"
    "  waits for   chunks that are on their way\n"
    "  segment     6 nodes alive, 1 suspect, 5 data links; 3 nodes of other segments\n"
    "              known\n"
    "  agents      10.1.0.11:7767 (this node), 10.1.0.14:7767\n"
    "  peers       10.1.0.12:7767                               11.2 MiB/s\n"
    "              10.1.0.14:7767          agent suspect\n"
    "              10.2.0.10:7767          agent         remote 1.66 MiB/s\n"
    "  source      http://10.9.0.2/repo  looked at 10 s ago\n"
    "              http://10.9.0.2/repo/metadata/timestamp.json: the web server\n"
    "              answered 503\n"
    "              down, next try in 4.0 s\n"
    "  metadata    version 7, valid for 6 d 18 h\n";

static const char page_120[] =
    "10.1.0.11:7767  Update Agent of segment 10.1.0.0/24, site north       "
    "                                     up 3 min 05 s\n"
    "\n"
    "  pattern     1.5.0  ########################................  61.3 % "
    " 8.92 MiB/s  3.0 s left\n"
    "              from peer 12.0 MiB, agent 20.1 MiB, remote 4.00 KiB, sou"
    "rce 7.10 MiB; 81.8 % from inside the segment\n"
    "              1.4.2  active since 2026-11-21 22:26 UTC, 62.9 MiB\n"
    "  engine      12.0  active since 2026-11-21 22:26 UTC, 812 KiB\n"
    "              from peer 812 KiB; 100 % from inside the segment\n"
    "              engine 12.0: --on-update command failed with exit code 3\n"
    "  program     no signed release of it is known yet\n"
    "\n"
    "  waits for   chunks that are on their way\n"
    "  segment     6 nodes alive, 1 suspect, 5 data links; 3 nodes of other segments known\n"
    "  agents      10.1.0.11:7767 (this node), 10.1.0.14:7767\n"
    "  peers       10.1.0.12:7767                               11.2 MiB/s\n"
    "              10.1.0.14:7767          agent suspect\n"
    "              10.2.0.10:7767          agent         remote 1.66 MiB/s\n"
    "  source      http://10.9.0.2/repo  looked at 10 s ago\n"
    "              http://10.9.0.2/repo/metadata/timestamp.json: the web server answered 503\n"
    "              down, next try in 4.0 s\n"
    "  metadata    version 7, valid for 6 d 18 h\n";

static json_t *parse(const char *text)
{
    char copy[8192];
    size_t length = strlen(text);
    ck_assert_uint_lt(length, sizeof(copy));
    memcpy(copy, text, length + 1);
    for (size_t i = 0; i < length; i++) {
        copy[i] = copy[i] == '\'' ? '"' : copy[i];
    }
    json_t *document = json_loads(copy, 0, NULL);
    ck_assert_ptr_nonnull(document);
    return document;
}

static void expect_page(const char *document_text, struct weft_terminal terminal,
                        const char *expected)
{
    json_t *document = parse(document_text);
    struct weft_page page = weft_page_new(terminal);
    weft_status_draw(&page, document);
    ck_assert(!page.failed);
    if (expected != NULL) {
        ck_assert_uint_eq(page.length, strlen(expected));
        ck_assert_mem_eq(page.text, expected, page.length);
    }
    weft_page_free(&page);
    json_decref(document);
}

START_TEST(test_page_at_80_columns)
{
    struct weft_terminal terminal = {
        .is_terminal = true, .has_unicode = true, .width = 80, .height = 24};
    expect_page(fixture, terminal, page_80);
}
END_TEST

START_TEST(test_page_at_120_columns_in_ascii)
{
    struct weft_terminal terminal = {.width = 120, .height = 24};
    expect_page(fixture, terminal, page_120);
}
END_TEST

/* A member that heard of a copy, and of peers that did wrong. */
static const char mesh_fixture[] =
    "{'now_unix_s':1795401780,'mesh':{'id':'0000000000000009','open':false,'name':'one',"
    "'expires_unix_s':1797401780,'renew_unix_s':1796401780,'by_hand':false,'revoked':false,"
    "'refused_by':{'id':'0000000000000017','name':'seven','address':'10.1.0.17:7767','ago_s':1},"
    "'clones':[{'id':'0000000000000013','name':'three','address':'10.1.0.13:7767',"
    "'refused':'10.1.0.33:7767'}],'penalties':[{'id':'0000000000000012','name':'two',"
    "'address':'10.1.0.12:7767','standing':'banned','owed_s':3540,'offences':["
    "{'offence':'MALFORMED','count':1,'text':'a datagram that no version of weft writes'},"
    "{'offence':'METADATA','count':6,'text':'a document that is not signed'}]},"
    "{'id':'0000000000000014','name':null,'address':null,'standing':'owes','owed_s':1,"
    "'offences':[{'offence':'MALFORMED','count':1,'text':'a strange datagram'}]}]}}";

static const char mesh_page[] =
    "  mesh        one, admitted for 23 d 3 h\n"
    "  copy        this node is refused as a copy by seven (10.1.0.17:7767)\n"
    "              if it is one: remove DIR/node.key and DIR/membership, and run:\n"
    "              weft join TOKEN --data DIR\n"
    "  copy        10.1.0.33:7767 of three (10.1.0.13:7767), refused\n"
    "              there: remove DIR/node.key and DIR/membership; weft join TOKEN --data DIR\n"
    "  penalty     two (10.1.0.12:7767), banned for 59 min 00 s\n"
    "              1 time: a datagram that no version of weft writes\n"
    "              6 times: a document that is not signed\n"
    "  penalty     node 0000000000000014, owes 1.0 s\n"
    "              1 time: a strange datagram\n";

START_TEST(test_mesh_names_copies_and_debtors)
{
    struct weft_page page = weft_page_new((struct weft_terminal){.width = 100, .height = 24});
    json_t *document = parse(mesh_fixture);
    weft_status_draw(&page, document);
    ck_assert_uint_gt(page.length, strlen(mesh_page)); /* it ends so */
    ck_assert_mem_eq(page.text + page.length - strlen(mesh_page), mesh_page, strlen(mesh_page));
    weft_page_free(&page);
    json_decref(document);
}
END_TEST

/* Documents of other versions, or of nobody: drawn without a fault. */
static const char *const strange[] = {
    "{}",
    "{'node':5,'components':{},'members':[1,[],null],'segment':{'agents':[null,7]}}",
    "{'components':[{'name':'x','fetching':{'version':'9','bytes':0,'bytes_have':99}}]}",
    "{'components':[{'name':'x','fetching':{'version':'9','bytes':-5,'tiers':[]}}]}",
    "{'components':[null,'a',{'name':'\\u001b[2J','active':{'version':'\\u009b\\u0007'}}]}",
    "{'mesh':{'refused_by':{},'clones':7,'penalties':[null,{},{'name':5,'offences':[[],{}]}]}}",
    "{'source':{'url':'x','looked_unix_s':99},'now_unix_s':1,'metadata':{'expires_unix_s':1}}",
};

START_TEST(test_strange_documents)
{
    struct weft_terminal terminal = {.is_terminal = true, .width = 40, .height = 10};
    expect_page(strange[_i], terminal, NULL);
}
END_TEST

START_TEST(test_names_cannot_move_the_cursor)
{
    struct weft_page page = weft_page_new((struct weft_terminal){.width = 80, .height = 24});
    weft_page_put(&page, WEFT_STYLE_BOLD, "a\033[2J\tb\302\233c\177\n");
    ck_assert_uint_eq(page.length, strlen("a?[2J?b?c?\n"));
    ck_assert_mem_eq(page.text, "a?[2J?b?c?\n", page.length);
    weft_page_free(&page);
}
END_TEST

START_TEST(test_a_line_never_passes_the_terminals_edge)
{
    struct weft_terminal terminal = {.is_terminal = true, .width = 40, .height = 24};
    struct weft_page page = weft_page_new(terminal);
    for (uint32_t width = 0; width < 100; width++) {
        weft_page_put(&page, WEFT_STYLE_PLAIN, "%s", "123456789012345678901234567890");
        weft_page_bar(&page, width, width, 50);
        ck_assert_uint_le(page.column, 40);
        weft_page_put(&page, WEFT_STYLE_PLAIN, "\n");
    }
    weft_page_free(&page);
}
END_TEST

START_TEST(test_document_reading)
{
    json_t *document = parse("{'a':{'b':{'c':7,'t':true,'n':null,'s':'x','m':-1}}}");
    ck_assert_uint_eq(weft_document_number(document, "a.b.c"), 7);
    ck_assert_uint_eq(weft_document_number(document, "a.b.m"), 0);
    ck_assert_uint_eq(weft_document_number(document, "a.b.s"), 0);
    ck_assert_str_eq(weft_document_text(document, "a.b.s"), "x");
    ck_assert_str_eq(weft_document_text(document, "a.x.s"), "");
    ck_assert(weft_document_flag(document, "a.b.t"));
    ck_assert(!weft_document_has(document, "a.b.n"));
    ck_assert(weft_document_has(document, "a.b"));
    ck_assert_ptr_null(weft_document_at(NULL, "a"));
    json_decref(document);
}
END_TEST

/* ---- The control socket ---- */

struct node {
    char directory[256];          /* data directory, longer than a socket address may be */
    char base[64];                /* what is to be removed */
    uv_loop_t loop;               /* runs in a thread */
    uv_async_t stop;              /* ends it */
    uv_thread_t thread;           /* of the loop */
    struct weft_control *control; /* under test */
};

static json_t *say_hello(void *context, const char *argument)
{
    (void)context;
    (void)argument;
    return json_pack("{s:s}", "hello", "world");
}

static void on_stop(uv_async_t *handle)
{
    struct node *node = handle->data;
    weft_control_close(node->control);
    uv_close((uv_handle_t *)handle, NULL);
}

static void run_loop(void *context)
{
    struct node *node = context;
    uv_run(&node->loop, UV_RUN_DEFAULT);
}

static json_t *echo(void *context, const char *argument)
{
    (void)context;
    return json_pack("{s:s}", "argument", argument);
}

static const struct weft_control_request requests[] = {
    {.word = "status", .answer = say_hello},
    {.word = "target", .has_argument = true, .answer = echo},
};

static void start(struct node *node)
{
    memset(node, 0, sizeof(*node));
    signal(SIGPIPE, SIG_IGN); /* as main() does */
    snprintf(node->base, sizeof(node->base), "/tmp/weft-test.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(node->base));
    snprintf(node->directory, sizeof(node->directory), "%s/%0150d", node->base, 7);
    ck_assert_int_eq(mkdir(node->directory, 0700), 0);
    ck_assert_int_eq(uv_loop_init(&node->loop), 0);
    ck_assert_int_eq(uv_async_init(&node->loop, &node->stop, on_stop), 0);
    node->stop.data = node;
    ck_assert_int_eq(weft_control_open(&node->control, &node->loop, node->directory, requests,
                                       WEFT_ROWS(requests), node),
                     WEFT_ERR_OK);
    ck_assert_int_eq(uv_thread_create(&node->thread, run_loop, node), 0);
}

static void stop(struct node *node)
{
    uv_async_send(&node->stop);
    uv_thread_join(&node->thread);
    ck_assert_int_eq(uv_loop_close(&node->loop), 0);
    ck_assert_int_eq(rmdir(node->directory), 0);
    ck_assert_int_eq(rmdir(node->base), 0);
}

START_TEST(test_control_answers)
{
    struct node node;
    struct stat entry;
    char path[512];
    json_t *answer;
    start(&node);
    snprintf(path, sizeof(path), "%s/control.sock", node.directory);
    ck_assert_int_eq(lstat(path, &entry), 0);
    ck_assert_uint_eq(entry.st_mode & 0777, 0600);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(weft_control_ask(node.directory, "status", 2000, &answer), WEFT_ERR_OK);
        ck_assert_str_eq(weft_document_text(answer, "hello"), "world");
        json_decref(answer);
    }
    ck_assert_int_eq(weft_control_ask(node.directory, "what", 2000, &answer), WEFT_ERR_OK);
    ck_assert(weft_document_has(answer, "error"));
    json_decref(answer);
    stop(&node);
    ck_assert_int_eq(weft_control_ask("/nonexistent", "status", 100, &answer), WEFT_ERR_NOT_FOUND);
}
END_TEST

/* Callers over the limit are turned away; the node has time to get rid of those that left. */
static void ask_until_answered(const struct node *node)
{
    json_t *answer = NULL;
    enum weft_err err = WEFT_ERR_CLOSED;
    for (int i = 0; i < 500 && err != WEFT_ERR_OK; i++) {
        err = weft_control_ask(node->directory, "status", 2000, &answer);
        usleep(10000);
    }
    ck_assert_int_eq(err, WEFT_ERR_OK);
    json_decref(answer);
}

START_TEST(test_control_survives_rude_callers)
{
    struct node node;
    struct weft_control_query hasty[WEFT_CONTROL_CLIENTS_MAX];
    struct weft_control_query rude;
    char flood[512];
    memset(flood, 'x', sizeof(flood));
    start(&node);
    for (size_t i = 0; i < WEFT_ROWS(hasty); i++) {
        weft_control_query_open(&hasty[i], node.directory, "status");
    }
    for (size_t i = 0; i < WEFT_ROWS(hasty); i++) {
        /* Before the answer, most of them. */
        weft_control_query_close(&hasty[i]);
    }
    ask_until_answered(&node);
    ck_assert_int_eq(weft_control_query_open(&rude, node.directory, ""), WEFT_ERR_OK);
    for (int i = 0; i < 20; i++) {
        send(rude.fd, flood, sizeof(flood), MSG_NOSIGNAL);
    }
    ask_until_answered(&node);
    weft_control_query_close(&rude);
    stop(&node);
}
END_TEST

START_TEST(test_control_of_a_dead_node)
{
    struct node node;
    struct sockaddr_un address;
    int directory;
    json_t *answer;
    start(&node);
    stop(&node);
    ck_assert_int_eq(mkdir(node.base, 0700), 0);
    ck_assert_int_eq(mkdir(node.directory, 0700), 0);
    ck_assert(weft_control_address(node.directory, &address, &directory));
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(left, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(left);
    close(directory);
    ck_assert_int_eq(weft_control_ask(node.directory, "status", 100, &answer),
                     WEFT_ERR_UNREACHABLE);
    /* The next node takes the place of the socket that was left. */
    ck_assert_int_eq(uv_loop_init(&node.loop), 0);
    ck_assert_int_eq(uv_async_init(&node.loop, &node.stop, on_stop), 0);
    node.stop.data = &node;
    ck_assert_int_eq(weft_control_open(&node.control, &node.loop, node.directory, requests,
                                       WEFT_ROWS(requests), NULL),
                     WEFT_ERR_OK);
    ck_assert_int_eq(uv_thread_create(&node.thread, run_loop, &node), 0);
    stop(&node);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("status");
    WEFT_ADD(suite, test_page_at_80_columns);
    WEFT_ADD(suite, test_page_at_120_columns_in_ascii);
    WEFT_ADD(suite, test_mesh_names_copies_and_debtors);
    WEFT_ADD_ROWS(suite, test_strange_documents, strange);
    WEFT_ADD(suite, test_names_cannot_move_the_cursor);
    WEFT_ADD(suite, test_a_line_never_passes_the_terminals_edge);
    WEFT_ADD(suite, test_document_reading);
    WEFT_ADD(suite, test_control_answers);
    WEFT_ADD(suite, test_control_survives_rude_callers);
    WEFT_ADD(suite, test_control_of_a_dead_node);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
