/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions on the loopback: datagrams, which streams come up, which do not. */
#include "tests/support/check_main.h"

#include "tests/support/session_pair.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(datagrams_carry_sender_and_hop_limit)
{
    static const char *const ips[] = {"::ffff:127.0.0.1", "::1"};
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    open_owner(&a, 1, ips[_i], MESH);
    open_owner(&b, 2, ips[_i], MESH);
    struct weft_endpoint to = endpoint_of(&b);
    memset(bytes, 7, sizeof(bytes));
    weft_session_datagram(a.session, &to, bytes, sizeof(bytes), true /* local */);
    ck_assert(wait_for(&b.datagrams, 1));
    ck_assert_uint_eq(b.last_hops, 255);
    ck_assert_uint_eq(b.last_from.id, a.id);
    ck_assert_uint_eq(b.last_from.address.port, weft_session_address(a.session).port);
    ck_assert_mem_eq(b.last_from.address.ip, weft_session_address(a.session).ip, WEFT_IP_BYTES);
    ck_assert_uint_eq(b.last_length, WEFT_DATAGRAM_BYTES_MAX);
    ck_assert_mem_eq(b.last_bytes, bytes, sizeof(bytes));
    weft_session_datagram(a.session, &to, bytes, 1, false /* local */);
    ck_assert(wait_for(&b.datagrams, 2));
    ck_assert_uint_eq(b.last_hops, 64);
    ck_assert_uint_eq(b.last_length, 1);
    /* More than a batch arrives whole. */
    for (int i = 0; i < 200; i++) {
        weft_session_datagram(a.session, &to, bytes, 100, true);
    }
    ck_assert(wait_for(&b.datagrams, 202));
    stop();
}
END_TEST

/* What nobody sealed is heard by nobody, and is answered by less than it is, if at all. */
START_TEST(odd_datagrams_are_dropped)
{
    uint8_t bytes[2000] = {0};
    size_t poured = 0;
    size_t answered = 0;
    start();
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(weft_session_address(a.session).port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    const size_t lengths[] = {0, 1, 7, 8, 9, 33, 64, 244, 313, 1200, 1232, 1233, 2000};
    for (size_t i = 0; i < 7 * sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t length = lengths[i / 7];
        bytes[3] = (uint8_t)(i % 7); /* every type there is */
        bytes[7] = (uint8_t)i;
        sendto(fd, bytes, length, 0, (struct sockaddr *)&address, sizeof(address));
        poured += length;
        pass(1);
    }
    pass(50);
    for (ssize_t got = 1; got > 0;) {
        got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        ck_assert_int_le(got, 8);
        answered += got > 0 ? (size_t)got : 0;
    }
    ck_assert_uint_eq(a.datagrams, 0);
    ck_assert_uint_le(answered, poured / 100);
    close(fd);
    stop();
}
END_TEST

START_TEST(port_zero_is_free_for_both)
{
    char message[256];
    struct owner c = {.membership = *membership_of(3, MESH)};
    start();
    ck_assert_uint_ne(weft_session_address(a.session).port, 0);
    struct weft_session_config config = {
        .loop = &loop, .membership = &c.membership, .listen = weft_session_address(a.session)};
    ck_assert_int_eq(weft_session_open(&c.session, &config, message, sizeof(message)),
                     WEFT_ERR_ADDRESS_IN_USE);
    ck_assert_ptr_null(c.session);
    ck_assert_ptr_nonnull(strstr(message, "in use"));
    config.listen.ip[12] = 8; /* 8.0.0.1 is not ours */
    ck_assert_int_eq(weft_session_open(&c.session, &config, message, sizeof(message)),
                     WEFT_ERR_UNREACHABLE);
    stop();
}
END_TEST

START_TEST(stream_carries_frames_both_ways)
{
    uint8_t frame[WEFT_FRAME_BYTES_MAX] = {0x92, 1, 5};
    start();
    link_up();
    ck_assert(a.last_opened_here);
    ck_assert(!b.last_opened_here);
    ck_assert_uint_eq(b.last_up, a.id);
    ck_assert_uint_eq(b.last_from.address.port, weft_session_address(a.session).port);
    ck_assert(weft_session_is_up(a.session, b.id) && weft_session_is_up(b.session, a.id));
    for (int i = 0; i < 300; i++) {
        weft_session_frame(a.session, b.id, frame, i % 2 == 0 ? 3 : sizeof(frame));
    }
    weft_session_frame(b.session, a.id, frame, 3);
    ck_assert(wait_for(&b.frames, 300));
    ck_assert(wait_for(&a.frames, 1));
    ck_assert_uint_eq(b.last_length, sizeof(frame));
    /* A second connect changes nothing. */
    struct weft_endpoint to = endpoint_of(&b);
    weft_session_connect(a.session, &to);
    pass(50);
    ck_assert_uint_eq(a.ups, 1);
    ck_assert_uint_eq(a.downs, 0);
    weft_session_disconnect(a.session, b.id);
    ck_assert(wait_for(&b.downs, 1));
    ck_assert_uint_eq(a.downs, 0);
    ck_assert(!weft_session_is_up(a.session, b.id));
    stop();
}
END_TEST

START_TEST(frames_of_a_closing_stream_arrive)
{
    const uint8_t frame[] = {0x92, 1, 5};
    start();
    link_up();
    weft_session_frame(a.session, b.id, frame, sizeof(frame));
    weft_session_disconnect(a.session, b.id);
    ck_assert(wait_for(&b.downs, 1));
    ck_assert_uint_eq(b.frames, 1);
    stop();
}
END_TEST

START_TEST(simultaneous_opens_give_one_stream)
{
    for (int round = 0; round < 20; round++) {
        start();
        struct weft_endpoint to_a = endpoint_of(&a);
        struct weft_endpoint to_b = endpoint_of(&b);
        weft_session_connect(round % 2 == 0 ? a.session : b.session,
                             round % 2 == 0 ? &to_b : &to_a);
        for (int i = 0; i < round / 2; i++) {
            uv_run(&loop, UV_RUN_NOWAIT);
        }
        weft_session_connect(round % 2 == 0 ? b.session : a.session,
                             round % 2 == 0 ? &to_a : &to_b);
        ck_assert(wait_for(&a.ups, 1) && wait_for(&b.ups, 1));
        pass(20);
        ck_assert_str_eq(a.order, "U");
        ck_assert_str_eq(b.order, "U");
        ck_assert(a.last_opened_here != b.last_opened_here);
        const uint8_t frame[] = {0x92, 1, 5};
        weft_session_frame(a.session, b.id, frame, sizeof(frame));
        weft_session_frame(b.session, a.id, frame, sizeof(frame));
        ck_assert(wait_for(&a.frames, 1) && wait_for(&b.frames, 1));
        stop();
    }
}
END_TEST

START_TEST(failed_opens_are_told)
{
    start();
    struct weft_endpoint to = endpoint_of(&b);
    weft_session_close(b.session);
    b.session = NULL;
    weft_session_connect(a.session, &to);
    ck_assert(wait_for(&a.downs, 1));
    ck_assert_int_eq(a.last_down, WEFT_ERR_UNREACHABLE);
    pass(WEFT_REST_MS);
    /* Another node at the address. */
    open_owner(&b, 9, "::ffff:127.0.0.1", MESH);
    to.address = weft_session_address(b.session);
    weft_session_connect(a.session, &to);
    ck_assert(wait_for(&a.downs, 2));
    pass(WEFT_REST_MS);
    /* Another mesh at the address. */
    weft_session_close(b.session);
    open_owner(&b, 2, "::ffff:127.0.0.1", MESH + 1);
    to = endpoint_of(&b);
    weft_session_connect(a.session, &to);
    ck_assert(wait_for(&a.downs, 3));
    pass(20);
    ck_assert_uint_eq(b.ups, 0);
    /* Given up by the owner: nothing is told. */
    weft_session_connect(a.session, &to);
    weft_session_disconnect(a.session, b.id);
    pass(20);
    ck_assert_uint_eq(a.downs, 3);
    ck_assert_uint_eq(a.ups, 0);
    stop();
}
END_TEST

START_TEST(half_open_connections_are_bounded)
{
    enum { EACH = WEFT_PROOFS_ADDRESS_MAX + 4, PLACES = WEFT_PROOFS_MAX / WEFT_PROOFS_ADDRESS_MAX };
    int fds[(PLACES + 1) * EACH];
    uint32_t open_count = 0;
    start();
    for (size_t i = 0; i < WEFT_ROWS(fds); i++) {
        fds[i] = dial_from(&a, (uint8_t)(10 + i / EACH));
        pass(1);
    }
    pass(50);
    for (size_t i = 0; i < WEFT_ROWS(fds); i++) {
        bool is_open = !is_closed(fds[i]);
        ck_assert(!is_open || (i % EACH < WEFT_PROOFS_ADDRESS_MAX && i / EACH < PLACES));
        open_count += is_open;
    }
    ck_assert_uint_eq(open_count, WEFT_PROOFS_MAX);
    pass(WEFT_PROOF_MS + 400);
    for (size_t i = 0; i < WEFT_ROWS(fds); i++) {
        ck_assert(is_closed(fds[i]));
        close(fds[i]);
    }
    link_up();
    stop();
}
END_TEST

START_TEST(restarted_peer_takes_over)
{
    start();
    int first = dial_and_greet(&a, 5);
    ck_assert(wait_for(&a.ups, 1));
    /* The stream is young: the second one waits until the first one is gone. */
    int second = dial_and_greet(&a, 5);
    pass(50);
    ck_assert_uint_eq(a.ups, 1);
    close(first);
    ck_assert(wait_for(&a.ups, 2));
    ck_assert_str_eq(a.order, "UDU");
    close(second);
    ck_assert(wait_for(&a.downs, 2));
    stop();
}
END_TEST

START_TEST(garbage_instead_of_hello_is_closed)
{
    static const struct {
        size_t length;
        uint8_t bytes[16];
    } inputs[] = {
        {8, "GET / HT"},
        {6, {0, 0, 0, 65, 0x95, 67}},             /* longer than a HELLO */
        {6, {0, 0, 0, 2, 0x92, 1}},               /* a control frame */
        {9, {0, 0, 0, 5, 0x95, 67, 1, 1, 0}},     /* ends early */
        {10, {0, 0, 0, 6, 0x95, 67, 1, 1, 1, 1}}, /* another mesh */
        {7, {0, 0, 0, 0, 0, 0, 0}},
    };
    start();
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        int fd = dial(&a);
        ck_assert_int_eq(send(fd, inputs[i].bytes, inputs[i].length, 0), (ssize_t)inputs[i].length);
        bool closed = false;
        for (int k = 0; k < 100 && !closed; k++) {
            pass(5);
            closed = is_closed(fd);
        }
        ck_assert_msg(closed, "input %zu", i);
        close(fd);
    }
    ck_assert_uint_eq(a.ups + a.downs, 0);
    stop();
}
END_TEST

START_TEST(owner_may_close_from_within)
{
    start();
    link_up();
    weft_session_close(a.session);
    weft_session_close(a.session);
    ck_assert(wait_for(&b.downs, 1));
    a.session = NULL;
    stop();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("session");
    TCase *tcase = tcase_create("loopback");
    tcase_add_loop_test(tcase, datagrams_carry_sender_and_hop_limit, 0, 2);
    tcase_add_test(tcase, odd_datagrams_are_dropped);
    tcase_add_test(tcase, port_zero_is_free_for_both);
    tcase_add_test(tcase, stream_carries_frames_both_ways);
    tcase_add_test(tcase, frames_of_a_closing_stream_arrive);
    tcase_add_test(tcase, simultaneous_opens_give_one_stream);
    tcase_add_test(tcase, failed_opens_are_told);
    tcase_add_test(tcase, half_open_connections_are_bounded);
    tcase_add_test(tcase, restarted_peer_takes_over);
    tcase_add_test(tcase, garbage_instead_of_hello_is_closed);
    tcase_add_test(tcase, owner_may_close_from_within);
    suite_add_tcase(suite, tcase);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
