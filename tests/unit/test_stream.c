/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on the loopback: frames, parts of chunks and documents, faults, slow readers. */
#include "tests/support/check_main.h"

#include "node/session_state.h"
#include "tests/support/session_pair.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(faulty_frames_close_the_stream)
{
    static const struct {
        size_t length;
        uint8_t bytes[48];
    } inputs[] = {
        {6, {0, 0, 0x40, 1, 0x92, 1}},                     /* control frame too long */
        {6, {0, 0, 0, 1, 0x92, 1}},                        /* shorter than any frame */
        {6, {0, 0, 0, 3, 0x95, 67}},                       /* cut below by more bytes */
        {12, {0, 0, 0, 8, 0x96, 64, 1, 0, 4, 1, 0xc4, 3}}, /* begins in the middle */
        {12, {0, 0, 0, 9, 0x96, 64, 1, 0, 4, 0, 0xc4, 3}}, /* part and frame disagree */
        {12, {0, 0, 0, 8, 0x96, 64, 1, 0, 4, 0, 0xc4, 0}}, /* an empty part of something */
        {12, {0, 0, 0, 8, 0x96, 64, 1, 0xc0, 4, 0, 0xc4, 0}},
        {18, {0, 0, 0, 14, 0x96, 64, 1, 0, 0xce, 0, 0x20, 0, 0, 0, 0xc4, 1, 1, 1}}, /* too long */
        {9, {0, 0, 0, 5, 0x93, 65, 1, 0xa1, 0}}, /* a zero in a path */
        {8, {0, 0, 0, 4, 0x93, 65, 1, 0xa0}},    /* an empty path */
    };
    start();
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        uint32_t ups = a.ups;
        uint32_t downs = a.downs;
        int fd = dial_and_greet(&a, 5);
        ck_assert_msg(wait_for(&a.ups, ups + 1), "input %zu", i);
        ck_assert_uint_eq(say(fd, inputs[i].bytes, inputs[i].length), inputs[i].length);
        if (i == 2) {
            say(fd, "\x01", 1);
        }
        ck_assert_msg(wait_for(&a.downs, downs + 1), "input %zu", i);
        close(fd);
    }
    ck_assert_uint_eq(a.receives, 0);
    stop();
}
END_TEST

START_TEST(chunks_arrive_whole)
{
    static const uint32_t lengths[] = {0, 1, 65535, 65536, 65537, 300000, WEFT_CHUNK_BYTES_MAX};
    start();
    link_up();
    for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct weft_bulk bulk = chunk_of(b.id, i, lengths[i]);
        ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
        ck_assert(wait_for(&b.receives, i + 1));
        ck_assert_int_eq(b.last_received, WEFT_ERR_OK);
        ck_assert_uint_eq(b.last_bulk.name, RELEASE);
        ck_assert_uint_eq(b.last_bulk.number, i);
        ck_assert_uint_eq(b.last_bulk.length, lengths[i]);
        ck_assert_uint_eq(b.last_bulk.peer, a.id);
        ck_assert(is_chunk(b.got, i, lengths[i]));
        ck_assert(wait_for(&a.sents, i + 1));
        ck_assert_int_eq(a.last_sent, WEFT_ERR_OK);
    }
    /* A chunk that nobody wants is passed over. */
    b.refuse = true;
    struct weft_bulk bulk = chunk_of(b.id, 50, 200000);
    ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
    ck_assert(wait_for(&b.offers, 8));
    b.refuse = false;
    bulk = chunk_of(b.id, 51, 200000);
    ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
    ck_assert(wait_for(&b.receives, 8));
    ck_assert_uint_eq(b.last_bulk.number, 51);
    ck_assert(is_chunk(b.got, 51, 200000));
    stop();
}
END_TEST

START_TEST(control_and_documents_pass_chunks)
{
    const uint8_t frame[] = {0x92, 1, 5};
    start();
    link_up();
    for (uint32_t i = 0; i < 8; i++) {
        struct weft_bulk bulk = chunk_of(b.id, i, WEFT_CHUNK_BYTES_MAX);
        ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
    }
    ck_assert(wait_for(&b.offers, 1));
    struct weft_bulk document = chunk_of(b.id, 0, 3 * 1024 * 1024);
    document.kind = WEFT_BULK_DOCUMENT;
    document.name = 77;
    ck_assert_int_eq(weft_session_send(a.session, &document), WEFT_ERR_OK);
    weft_session_frame(a.session, b.id, frame, sizeof(frame));
    ck_assert(wait_for(&b.frames, 1));
    ck_assert_uint_lt(b.receives, 8);
    ck_assert(wait_for(&b.receives, 9));
    ck_assert(wait_for(&a.sents, 9));
    ck_assert_int_eq(a.last_sent, WEFT_ERR_OK);
    /* A document that is not there, and a request. */
    document = (struct weft_bulk){
        .kind = WEFT_BULK_DOCUMENT, .peer = b.id, .name = 78, .number = WEFT_ERR_NOT_FOUND};
    ck_assert_int_eq(weft_session_send(a.session, &document), WEFT_ERR_OK);
    ck_assert(wait_for(&b.receives, 10));
    ck_assert_uint_eq(b.last_bulk.name, 78);
    ck_assert_uint_eq(b.last_bulk.number, WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_session_request(b.session, a.id, 12, "metadata/2.root.json"),
                     WEFT_ERR_OK);
    ck_assert(wait_for(&a.requests, 1));
    ck_assert_str_eq(a.path, "12 metadata/2.root.json");
    ck_assert_int_eq(weft_session_request(b.session, id_of(7), 12, "x"), WEFT_ERR_CLOSED);
    ck_assert_int_eq(weft_session_request(b.session, a.id, 12, ""), WEFT_ERR_ARGUMENT);
    stop();
}
END_TEST

START_TEST(cancel_takes_back_what_has_not_begun)
{
    start();
    link_up();
    for (uint32_t i = 0; i < 3; i++) {
        struct weft_bulk bulk = chunk_of(b.id, i, 100000);
        ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
    }
    weft_session_cancel(a.session, b.id, RELEASE, 1);
    weft_session_cancel(a.session, b.id, RELEASE, 9);
    ck_assert_uint_eq(a.sents, 0); /* never told from within the call */
    ck_assert(wait_for(&a.sents, 3));
    ck_assert(wait_for(&b.receives, 2));
    pass(20);
    ck_assert_uint_eq(b.receives, 2);
    ck_assert_uint_eq(b.last_bulk.number, 2);
    stop();
}
END_TEST

START_TEST(bulk_ends_with_its_stream)
{
    start();
    link_up();
    for (uint32_t i = 0; i < 40; i++) {
        struct weft_bulk bulk = chunk_of(b.id, i, WEFT_CHUNK_BYTES_MAX);
        ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
    }
    ck_assert(wait_for(&b.offers, 1));
    weft_session_disconnect(b.session, a.id);
    ck_assert_uint_eq(b.downs, 0);
    ck_assert(wait_for(&a.downs, 1));
    ck_assert_uint_eq(a.sents, 40);
    ck_assert_int_eq(a.last_sent, WEFT_ERR_CLOSED);
    ck_assert_int_eq(a.order[strlen(a.order) - 1], 'D'); /* after its bulk */
    ck_assert(wait_for(&b.receives, b.offers));
    struct weft_bulk bulk = chunk_of(b.id, 0, 1);
    ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_CLOSED);
    free(bulk.bytes);
    stop();
}
END_TEST

START_TEST(queues_are_bounded)
{
    uint8_t frame[WEFT_FRAME_BYTES_MAX] = {0x92, 1, 5};
    start();
    int fd = dial_and_greet(&a, 5);
    ck_assert(wait_for(&a.ups, 1));
    for (uint32_t i = 0; i < WEFT_BULKS_MAX; i++) {
        struct weft_bulk bulk = chunk_of(id_of(5), i, 100);
        ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
    }
    struct weft_bulk bulk = chunk_of(id_of(5), 99, 100);
    ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_LIMIT);
    free(bulk.bytes);
    /* A peer that does not read: the control queue fills up and the stream ends. */
    for (uint32_t i = 0; i < 1000; i++) {
        weft_session_frame(a.session, id_of(5), frame, sizeof(frame));
    }
    ck_assert(wait_for(&a.downs, 1));
    ck_assert_int_eq(a.last_down, WEFT_ERR_LIMIT);
    close(fd);
    stop();
}
END_TEST

/* A peer that is up and does not read, with more on its way than the kernel takes. */
static int silent_peer(void)
{
    int fd = dial_and_greet(&a, 5);
    ck_assert(wait_for(&a.ups, 1));
    for (uint32_t i = 0; i < 32; i++) {
        struct weft_bulk bulk = chunk_of(id_of(5), i, WEFT_CHUNK_BYTES_MAX);
        ck_assert_int_eq(weft_session_send(a.session, &bulk), WEFT_ERR_OK);
    }
    pass(500);
    ck_assert(weft_stream_has_output(weft_session_find_up(a.session, id_of(5))));
    return fd;
}

/* So much of WEFT_STALL_MS is left to it. */
static void leave_ms(uint64_t ms)
{
    struct weft_stream *stream = weft_session_find_up(a.session, id_of(5));
    stream->out.progress_ns = uv_hrtime() - (WEFT_STALL_MS - ms) * WEFT_NS_PER_MS;
}

/* Who takes a little now and then is slow; who takes nothing for WEFT_STALL_MS is gone. */
START_TEST(who_takes_nothing_is_closed)
{
    static uint8_t some[1 << 20];
    start();
    int fd = silent_peer();
    leave_ms(1500);
    for (int i = 0; i < 8; i++) { /* more than the buffers of both ends */
        ck_assert_int_gt(recv(fd, some, sizeof some, 0), 0);
        pass(50);
    }
    pass(2000);
    ck_assert_uint_eq(a.downs, 0);
    leave_ms(1500);
    pass(1000);
    ck_assert_uint_eq(a.downs, 0);
    weft_ns before_ns = uv_hrtime();
    ck_assert(wait_for(&a.downs, 1));
    ck_assert_uint_lt(uv_hrtime() - before_ns, WEFT_UNACKED_MS / 2 * WEFT_NS_PER_MS);
    ck_assert_int_eq(a.last_down, WEFT_ERR_TIMEOUT);
    close(fd);
    stop();
}
END_TEST

static int unacked_ms(const struct owner *owner, weft_node_id peer)
{
    int ms = 0;
    socklen_t length = sizeof ms;
    const struct weft_stream *stream = weft_session_find_up(owner->session, peer);
    ck_assert_int_eq(getsockopt(stream->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &length), 0);
    return ms;
}

/* The kernel counts what is not acknowledged, at either end, and a closed window, too. */
START_TEST(who_acknowledges_nothing_is_closed)
{
    start();
    link_up();
    ck_assert_int_eq(unacked_ms(&a, b.id), WEFT_UNACKED_MS);
    ck_assert_int_eq(unacked_ms(&b, a.id), WEFT_UNACKED_MS);
    stop();
    start();
    weft_ns before_ns = uv_hrtime();
    int fd = silent_peer();
    ck_assert(wait_for(&a.downs, 1));
    ck_assert_uint_gt(uv_hrtime() - before_ns, WEFT_UNACKED_MS / 2 * WEFT_NS_PER_MS);
    ck_assert_uint_lt(uv_hrtime() - before_ns, WEFT_STALL_MS * WEFT_NS_PER_MS);
    close(fd);
    stop();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("stream");
    TCase *tcase = tcase_create("loopback");
    tcase_add_test(tcase, faulty_frames_close_the_stream);
    tcase_add_test(tcase, chunks_arrive_whole);
    tcase_add_test(tcase, control_and_documents_pass_chunks);
    tcase_add_test(tcase, cancel_takes_back_what_has_not_begun);
    tcase_add_test(tcase, bulk_ends_with_its_stream);
    tcase_add_test(tcase, queues_are_bounded);
    tcase_add_test(tcase, who_takes_nothing_is_closed);
    tcase_add_test(tcase, who_acknowledges_nothing_is_closed);
    suite_add_tcase(suite, tcase);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
