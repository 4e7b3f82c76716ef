/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger, or a member, speaks to the port of a node: bytes that are no handshake, no frames, no
 * chunks, too many of them, or too slowly. Real sockets on the loopback; |a| is attacked. */
#include "tests/support/attack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/shelf.h"
#include "node/stream_wire.h"
#include "protocol/rng.h"
#include "tests/support/session_pair.h"

/* A member that behaves badly. */
#define MEMBER 5

/* Send what the socket takes, as it is. */
static size_t pour(int fd, const void *bytes, size_t length)
{
    ssize_t sent = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? 0 : (size_t)sent;
}

static bool closes(int fd, uint64_t limit_ms)
{
    bool closed = is_closed(fd);
    for (uint64_t ms = 0; ms < limit_ms && !closed; ms += 5) {
        pass(5);
        closed = is_closed(fd);
    }
    return closed;
}

/* A member whose HELLO was accepted. */
static int greeted(void)
{
    uint32_t ups = a.ups;
    int fd = dial_and_greet(&a, MEMBER);
    ck_assert(wait_for(&a.ups, ups + 1));
    return fd;
}

/* The node is still there for its peer. */
static void stays_useful(void)
{
    const uint8_t frame[] = {0x92, 1, 5};
    uint32_t frames = a.frames;
    if (!weft_session_is_up(a.session, b.id)) {
        link_up();
    }
    weft_session_frame(b.session, a.id, frame, sizeof(frame));
    ck_assert(wait_for(&a.frames, frames + 1));
}

static size_t memory_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

START_TEST(garbage_hello)
{
    start();
    uint64_t state = 1;
    for (int i = 0; i < 200; i++) {
        uint8_t bytes[256];
        for (size_t k = 0; k < sizeof(bytes); k++) {
            bytes[k] = (uint8_t)weft_rng_next(&state);
        }
        if (i % 2 == 0) {
            memcpy(bytes, "\0\100", 2); /* begins like a first message */
        }
        int fd = dial(&a);
        pour(fd, bytes, sizeof(bytes));
        ck_assert(closes(fd, WEFT_PROOF_MS + 1000));
        close(fd);
    }
    ck_assert_uint_eq(a.ups + a.frames + a.offers, 0);
    stays_useful();
    stop();
}
END_TEST

START_TEST(own_id)
{
    start();
    int fd = dial_and_greet(&a, 1);
    ck_assert(closes(fd, 1000));
    ck_assert_uint_eq(a.ups, 0);
    close(fd);
    stays_useful();
    stop();
}
END_TEST

START_TEST(half_open_flood)
{
    enum { COUNT = 300 };
    static int fds[COUNT];
    uint32_t open_count = 0;
    start();
    link_up();
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial(&a);
        pass(1);
    }
    for (int i = 0; i < COUNT; i++) {
        open_count += !is_closed(fds[i]);
    }
    ck_assert_uint_le(open_count, WEFT_PROOFS_ADDRESS_MAX);
    stays_useful();
    ck_assert(closes(fds[0], WEFT_PROOF_MS + 1500));
    for (int i = 0; i < COUNT; i++) {
        close(fds[i]);
    }
    stop();
}
END_TEST

/* A member comes in all the same, from another address. */
START_TEST(one_address_holds_on)
{
    enum { COUNT = 40 };
    static int fds[COUNT];
    start();
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial_from(&a, 9);
        pass(1);
    }
    link_up();
    stays_useful();
    for (int i = 0; i < COUNT; i++) {
        close(fds[i]);
    }
    stop();
}
END_TEST

/* A first message, or a record, that says it is longer than any: nothing of it is waited for. */
START_TEST(too_long_to_be_true)
{
    const uint8_t first[] = {(WEFT_PROOF_BYTES_MAX + 1) >> 8, (WEFT_PROOF_BYTES_MAX + 1) & 0xff};
    const uint8_t record[] = {0x40, 0x11}; /* RECORD_BYTES_MAX, a tag, and a byte */
    start();
    int fd = dial(&a);
    pour(fd, first, sizeof(first));
    ck_assert(closes(fd, 500));
    close(fd);
    fd = greeted();
    pour(fd, record, sizeof(record));
    ck_assert(closes(fd, 500));
    close(fd);
    /* Whoever writes into the connection of others can break it, and nothing more. */
    ck_assert_int_ne(a.last_down, WEFT_ERR_FORMAT);
    stays_useful();
    stop();
}
END_TEST

START_TEST(slow_hello)
{
    const uint8_t hello[] = {1, 17, 0, 14, 0x95, 67, 1, 0xcf, 0x11};
    start();
    int fd = dial(&a);
    uint64_t begin = uv_hrtime();
    for (size_t i = 0; i < sizeof(hello) && !is_closed(fd); i++) {
        pour(fd, &hello[i], 1);
        pass(1000);
    }
    ck_assert(is_closed(fd));
    ck_assert_uint_le(uv_hrtime() - begin, (WEFT_PROOF_MS + 2000) * WEFT_NS_PER_MS);
    close(fd);
    stays_useful();
    stop();
}
END_TEST

START_TEST(huge_frame)
{
    const uint8_t prefixes[][6] = {{0xff, 0xff, 0xff, 0xff, 0x92, 1},
                                   {0x7f, 0xff, 0xff, 0xff, 0x96, 64},
                                   {0, 0, 0x40, 1, 0x92, 1}};
    start();
    for (size_t i = 0; i < 3; i++) {
        int fd = greeted();
        say(fd, prefixes[i], 6);
        say(fd, prefixes, sizeof(prefixes));
        ck_assert(closes(fd, 1000));
        close(fd);
        pass(20);
    }
    ck_assert_uint_eq(a.frames, 0);
    stays_useful();
    stop();
}
END_TEST

/* A frame that is never finished costs its stream and nothing else. */
START_TEST(slow_frame)
{
    const uint8_t begin[] = {0, 0, 0x20, 0, 0x92, 1};
    start();
    int fd = greeted();
    for (int i = 0; i < 200; i++) {
        say(fd, begin, i == 0 ? sizeof(begin) : 1);
        pass(2);
        if (i % 50 == 0) {
            stays_useful();
        }
    }
    close(fd);
    ck_assert(wait_for(&a.downs, 1));
    stop();
}
END_TEST

START_TEST(after_close)
{
    const uint8_t frame[] = {0, 0, 0, 3, 0x92, 1, 5};
    start();
    int fd = greeted();
    weft_session_disconnect(a.session, id_of(MEMBER));
    for (int i = 0; i < 100; i++) {
        say(fd, frame, sizeof(frame));
        pass(1);
    }
    ck_assert_uint_eq(a.frames, 0);
    close(fd);
    stays_useful();
    stop();
}
END_TEST

/* The first part of a chunk of |length| bytes, |bytes| of them in it. */
static void pour_part(int fd, uint32_t chunk, uint32_t length, uint32_t bytes)
{
    static uint8_t frame[WEFT_SESSION_PART_BYTES_MAX + 64];
    struct weft_stream_part part = {
        .bulk = {.kind = WEFT_BULK_CHUNK, .name = RELEASE, .number = chunk, .length = length},
        .bytes = bytes};
    uint32_t head = weft_stream_wire_put_part(frame + WEFT_STREAM_WIRE_PREFIX_BYTES, &part);
    weft_stream_wire_put_length(frame, head + bytes);
    size_t length_all = WEFT_STREAM_WIRE_PREFIX_BYTES + head + bytes;
    ck_assert_uint_eq(say(fd, frame, length_all), length_all);
}

START_TEST(unasked_chunks)
{
    start();
    int fd = greeted();
    a.refuse = true; /* what the core says to an offer that it did not ask for */
    size_t before = memory_bytes();
    for (uint32_t i = 0; i < 1000; i++) {
        pour_part(fd, i, 65000, 65000);
    }
    ck_assert(wait_for(&a.offers, 1000));
    ck_assert_uint_eq(a.receives, 0);
    ck_assert_uint_le(memory_bytes() - before, 8 << 20);
    close(fd);
    stays_useful();
    stop();
}
END_TEST

START_TEST(truncated_chunk)
{
    start();
    int fd = greeted();
    pour_part(fd, 3, 200000, 60000);
    ck_assert(wait_for(&a.offers, 1));
    close(fd);
    ck_assert(wait_for(&a.receives, 1));
    ck_assert_int_ne(a.last_received, WEFT_ERR_OK);
    ck_assert_uint_eq(a.last_bulk.number, 3);
    stays_useful();
    stop();
}
END_TEST

static void pour_request(int fd, uint64_t token, const char *path)
{
    uint8_t frame[WEFT_STREAM_WIRE_PREFIX_BYTES + WEFT_STREAM_WIRE_REQUEST_BYTES_MAX];
    uint32_t length =
        weft_stream_wire_put_request(frame + WEFT_STREAM_WIRE_PREFIX_BYTES, token, path);
    weft_stream_wire_put_length(frame, length);
    ck_assert_uint_gt(say(fd, frame, WEFT_STREAM_WIRE_PREFIX_BYTES + length), 0);
}

/* A path reaches the owner as it is; documents are looked up by name on the shelf, not on disk. */
START_TEST(odd_paths)
{
    static const char *const paths[] = {"../../etc/passwd",
                                        "/etc/passwd",
                                        "metadata/../../node.key",
                                        "metadata/",
                                        ".",
                                        "metadata/999.root.json",
                                        "targets/%2e%2e/secret",
                                        "\xff\xfe"};
    struct weft_shelf shelf = {0};
    ck_assert_int_eq(weft_shelf_put(&shelf, "metadata/1.root.json", (const uint8_t *)"{}", 2), 0);
    start();
    int fd = greeted();
    for (uint32_t i = 0; i < 8; i++) {
        pour_request(fd, i + 1, paths[i]);
        ck_assert(wait_for(&a.requests, i + 1));
        const char *asked = strchr(a.path, ' ') + 1;
        ck_assert_str_eq(asked, paths[i]);
        ck_assert_ptr_null(weft_shelf_find(&shelf, asked));
    }
    weft_shelf_clear(&shelf);
    close(fd);
    stays_useful();
    stop();
}
END_TEST

/* Every request is answered with a long document that the stranger never reads. */
START_TEST(unread_documents)
{
    enum { BYTES = 1 << 20 };
    start();
    int fd = greeted();
    size_t queued = 0;
    for (uint32_t i = 0; i < 200; i++) {
        pour_request(fd, i + 1, "metadata/1.targets.json");
        ck_assert(wait_for(&a.requests, i + 1));
        struct weft_bulk bulk = {.kind = WEFT_BULK_DOCUMENT,
                                 .peer = id_of(MEMBER),
                                 .name = i + 1,
                                 .length = BYTES,
                                 .bytes = calloc(1, BYTES)};
        bool taken = weft_session_send(a.session, &bulk) == WEFT_ERR_OK;
        queued += taken;
        if (!taken) {
            free(bulk.bytes);
        }
    }
    ck_assert_uint_le((queued - a.sents) * BYTES, WEFT_QUEUE_DOCUMENT_BYTES_MAX + BYTES);
    close(fd);
    stays_useful();
    stop();
}
END_TEST

START_TEST(many_ids)
{
    enum { COUNT = 250 };
    static int fds[COUNT];
    start();
    link_up();
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial_and_greet(&a, (uint8_t)(i % 120 + 5));
        pass(1);
    }
    pass(50);
    uint32_t open_count = 0;
    for (int i = 0; i < COUNT; i++) {
        open_count += !is_closed(fds[i]);
    }
    ck_assert_uint_lt(open_count, WEFT_STREAMS_MAX);
    stays_useful();
    for (int i = 0; i < COUNT; i++) {
        close(fds[i]);
    }
    stop();
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"200 strangers say garbage", "closed, nothing comes up", garbage_hello},
        {"a stranger has the node's own id", "closed", own_id},
        {"300 connections without a word", "16 of an address, gone after 2 s", half_open_flood},
        {"40 connections of one address, for ever", "others come in", one_address_holds_on},
        {"a first message and a record longer than any", "closed at once", too_long_to_be_true},
        {"a first message at one byte a second", "closed after 2 s", slow_hello},
        {"frames of 16 KiB and more", "closed before they are read", huge_frame},
        {"a frame that never ends", "costs its own stream only", slow_frame},
        {"frames after the stream was closed", "nobody hears them", after_close},
        {"1,000 chunks nobody asked for", "read past, in 8 MiB", unasked_chunks},
        {"a chunk cut in the middle", "ends in an error, once", truncated_chunk},
        {"requests for ../../etc/passwd and others", "names only, no file", odd_paths},
        {"200 documents asked for, none read", "5 MiB wait at most", unread_documents},
        {"250 streams of 120 ids", "streams fit their table", many_ids},
    };
    return attack_run(cases, sizeof(cases) / sizeof(cases[0]));
}
