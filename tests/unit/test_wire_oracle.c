/* SPDX-License-Identifier: Apache-2.0 */
/* The wire encoding against msgpack-c: it reads what our writer writes, our reader accepts what it
 * packs, and both agree on random bytes: canonical is what it packs again to the same bytes. */
#include "tests/support/check_main.h"

#include "protocol/rng.h"
#include "protocol/wire.h"

#include <msgpack.h>
#include <string.h>

/* Input of |length| bytes in a heap block of its own, so that sanitizers see any byte past it. */
static uint8_t *exact_copy(const void *bytes, size_t length)
{
    uint8_t *copy = malloc(length == 0 ? 1 : length);
    ck_assert_ptr_nonnull(copy);
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

/* ---- Differential: our writer against msgpack-c's reader ---- */

enum { NODES_MAX = 400, TEXT_MAX = 70000 };

/* A value of a random message, in the order of the wire. */
struct node {
    char kind;       /* 'u' uint, 'b' bin, 's' str, 'a' array */
    uint64_t number; /* value, bytes, or elements */
};

static struct node nodes[NODES_MAX];
static size_t node_count;
static char text[TEXT_MAX];
static uint8_t wire[4 * 1024 * 1024];

/* A length near a boundary of the encoding more often than not. */
static uint64_t draw_length(uint64_t *rng)
{
    static const uint32_t edges[] = {0, 1, 31, 32, 255, 256};
    uint32_t choice = weft_rng_below(rng, 40);
    if (choice == 0) {
        return 65534 + weft_rng_below(rng, 4);
    }
    return choice < 20 ? edges[choice % 6] : weft_rng_below(rng, 300);
}

static void draw_value(uint64_t *rng, uint32_t depth)
{
    struct node *node = &nodes[node_count++];
    node->kind = "ubsa"[weft_rng_below(rng, depth < 4 ? 4 : 3)];
    if (node->kind == 'u') {
        node->number = weft_rng_next(rng) >> weft_rng_below(rng, 64);
    } else if (node->kind != 'a') {
        node->number = draw_length(rng);
    } else {
        uint32_t wanted = weft_rng_below(rng, 20);
        for (node->number = 0; node->number < wanted && node_count < NODES_MAX; node->number++) {
            draw_value(rng, depth + 1);
        }
    }
}

static uint32_t write_nodes(void)
{
    struct weft_writer writer = weft_writer_into(wire, sizeof(wire));
    for (size_t i = 0; i < node_count; i++) {
        uint32_t number = (uint32_t)nodes[i].number;
        switch (nodes[i].kind) {
        case 'u':
            weft_write_uint(&writer, nodes[i].number);
            break;
        case 'b':
            weft_write_bin(&writer, text, number);
            break;
        case 's':
            weft_write_str(&writer, text, number);
            break;
        default:
            weft_write_array(&writer, number);
        }
    }
    ck_assert(!writer.overflow);
    return weft_writer_length(&writer);
}

static void read_nodes(struct weft_reader *reader)
{
    for (size_t i = 0; i < node_count; i++) {
        uint64_t number = nodes[i].number;
        if (nodes[i].kind == 'u') {
            ck_assert_uint_eq(weft_read_uint(reader, number), number);
        } else if (nodes[i].kind == 'a') {
            ck_assert_uint_eq(weft_read_array(reader, (uint32_t)number), number);
        } else {
            bool is_bin = nodes[i].kind == 'b';
            struct weft_span span = is_bin ? weft_read_bin(reader, (uint32_t)number)
                                           : weft_read_str(reader, (uint32_t)number);
            ck_assert_uint_eq(span.length, number);
            ck_assert(number == 0 || memcmp(span.bytes, text, number) == 0);
        }
        ck_assert(weft_reader_ok(reader));
    }
}

/* Compare what the oracle made of the message with the nodes from |*at| on. */
static void compare(const msgpack_object *object, size_t *at)
{
    ck_assert_uint_lt(*at, node_count);
    struct node node = nodes[(*at)++];
    if (node.kind == 'u') {
        ck_assert_int_eq(object->type, MSGPACK_OBJECT_POSITIVE_INTEGER);
        ck_assert_uint_eq(object->via.u64, node.number);
    } else if (node.kind == 'b') {
        ck_assert_int_eq(object->type, MSGPACK_OBJECT_BIN);
        ck_assert_uint_eq(object->via.bin.size, node.number);
        ck_assert(node.number == 0 || memcmp(object->via.bin.ptr, text, node.number) == 0);
    } else if (node.kind == 's') {
        ck_assert_int_eq(object->type, MSGPACK_OBJECT_STR);
        ck_assert_uint_eq(object->via.str.size, node.number);
        ck_assert(node.number == 0 || memcmp(object->via.str.ptr, text, node.number) == 0);
    } else {
        ck_assert_int_eq(object->type, MSGPACK_OBJECT_ARRAY);
        ck_assert_uint_eq(object->via.array.size, node.number);
        for (uint32_t i = 0; i < object->via.array.size; i++) {
            compare(&object->via.array.ptr[i], at);
        }
    }
}

START_TEST(test_oracle_reads_what_we_write)
{
    uint64_t rng = (uint64_t)_i;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)weft_rng_next(&rng);
    }
    for (int round = 0; round < 40; round++) {
        node_count = 0;
        draw_value(&rng, 0);
        uint32_t length = write_nodes();
        struct weft_reader reader = weft_reader_of(wire, length);
        read_nodes(&reader);
        weft_read_end(&reader);
        ck_assert(weft_reader_ok(&reader));

        msgpack_unpacked unpacked;
        size_t used = 0;
        size_t at = 0;
        msgpack_unpacked_init(&unpacked);
        msgpack_unpack_return result =
            msgpack_unpack_next(&unpacked, (const char *)wire, length, &used);
        ck_assert_int_eq(result, MSGPACK_UNPACK_SUCCESS);
        ck_assert_uint_eq(used, length);
        compare(&unpacked.data, &at);
        ck_assert_uint_eq(at, node_count);
        msgpack_unpacked_destroy(&unpacked);
    }
}
END_TEST

/* ---- Differential: our reader accepts exactly what msgpack-c packs ---- */

/* Pack a random value of any type, numbers near the edges of their forms. */
static void pack_any(msgpack_packer *packer, uint64_t *rng, uint32_t depth)
{
    uint32_t length = weft_rng_below(rng, 40);
    switch (weft_rng_below(rng, depth < 4 ? 10 : 8)) {
    case 0:
        msgpack_pack_nil(packer);
        break;
    case 1:
        msgpack_pack_true(packer);
        break;
    case 2:
        msgpack_pack_double(packer, 1.5);
        break;
    case 3:
        msgpack_pack_int64(packer, (int64_t)weft_rng_next(rng) >> weft_rng_below(rng, 64));
        break;
    case 4:
        msgpack_pack_uint64(packer, weft_rng_next(rng) >> weft_rng_below(rng, 64));
        break;
    case 5:
        msgpack_pack_bin_with_body(packer, text, length);
        break;
    case 6:
        msgpack_pack_str_with_body(packer, text, length);
        break;
    case 7:
        msgpack_pack_ext_with_body(packer, text, length, (int8_t)weft_rng_next(rng));
        break;
    case 8:
        length = weft_rng_below(rng, 20);
        msgpack_pack_array(packer, length);
        for (uint32_t i = 0; i < length; i++) {
            pack_any(packer, rng, depth + 1);
        }
        break;
    default:
        length = weft_rng_below(rng, 4);
        msgpack_pack_map(packer, length);
        for (uint32_t i = 0; i < 2 * length; i++) {
            pack_any(packer, rng, depth + 1);
        }
    }
}

static bool accepted(const char *bytes, size_t length)
{
    uint8_t *copy = exact_copy(bytes, length);
    struct weft_reader reader = weft_reader_of(copy, length);
    weft_read_skip(&reader, 1);
    weft_read_end(&reader);
    free(copy);
    return weft_reader_ok(&reader);
}

START_TEST(test_what_oracle_packs_is_accepted)
{
    uint64_t rng = (uint64_t)_i;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    for (int round = 0; round < 100; round++) {
        msgpack_sbuffer_clear(&buffer);
        pack_any(&packer, &rng, 0);
        ck_assert_msg(accepted(buffer.data, buffer.size), "seed %d round %d", _i, round);
        for (size_t cut = 0; cut < buffer.size && cut < 200; cut++) {
            ck_assert(!accepted(buffer.data, cut));
        }
    }
    msgpack_sbuffer_destroy(&buffer);
}
END_TEST

/* Containers nested in |object|, itself included; 100 if there is a float, whose NaNs need not
 * survive packing again. */
static uint32_t nesting(const msgpack_object *object)
{
    uint32_t inside = 0;
    if (object->type == MSGPACK_OBJECT_FLOAT32 || object->type == MSGPACK_OBJECT_FLOAT64) {
        return 100;
    }
    if (object->type != MSGPACK_OBJECT_ARRAY && object->type != MSGPACK_OBJECT_MAP) {
        return 0;
    }
    bool is_map = object->type == MSGPACK_OBJECT_MAP;
    uint32_t count = is_map ? object->via.map.size * 2 : object->via.array.size;
    for (uint32_t i = 0; i < count; i++) {
        const msgpack_object *child = &object->via.array.ptr[is_map ? 0 : i];
        if (is_map) {
            const msgpack_object_kv *pair = &object->via.map.ptr[i / 2];
            child = i % 2 == 0 ? &pair->key : &pair->val;
        }
        uint32_t depth = nesting(child);
        inside = depth > inside ? depth : inside;
    }
    return inside + 1;
}

/* Does the oracle read the bytes as one value and pack them again the same? -1 = cannot judge. */
static int oracle_verdict(const char *bytes, size_t length)
{
    msgpack_unpacked unpacked;
    size_t used = 0;
    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, bytes, length, &used) != MSGPACK_UNPACK_SUCCESS ||
        used != length) {
        msgpack_unpacked_destroy(&unpacked);
        return 0;
    }
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_object(&packer, unpacked.data);
    int same = buffer.size == length && memcmp(buffer.data, bytes, length) == 0;
    uint32_t depth = nesting(&unpacked.data);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_unpacked_destroy(&unpacked);
    return depth > 4 ? -1 : same;
}

/* Random short inputs from bytes that matter; headers of 32-bit counts are left out because the
 * oracle would reserve their gigabytes. */
START_TEST(test_reader_and_oracle_agree)
{
    static const uint8_t likely[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0x90, 0x91, 0x92, 0xa0,
                                     0xa1, 0xa2, 0xc0, 0xc2, 0xc3, 0xc4, 0xc5, 0xc7, 0xc8,
                                     0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4,
                                     0xd5, 0xd9, 0xda, 0xdc, 0xde, 0xe0, 0xff};
    uint64_t rng = (uint64_t)_i + 77;
    uint32_t judged = 0;
    for (int round = 0; round < 20000; round++) {
        char bytes[12];
        size_t length = 1 + weft_rng_below(&rng, sizeof(bytes));
        for (size_t i = 0; i < length; i++) {
            bytes[i] = (char)likely[weft_rng_below(&rng, sizeof(likely))];
        }
        int verdict = oracle_verdict(bytes, length);
        if (verdict >= 0) {
            ck_assert_int_eq(accepted(bytes, length), verdict);
            judged += verdict == 1;
        }
    }
    ck_assert_uint_gt(judged, 100);
}
END_TEST

static Suite *oracle_suite(void)
{
    static const int seeds[8];
    Suite *suite = suite_create("wire oracle");
    WEFT_ADD_ROWS(suite, test_oracle_reads_what_we_write, seeds);
    WEFT_ADD_ROWS(suite, test_what_oracle_packs_is_accepted, seeds);
    WEFT_ADD_ROWS(suite, test_reader_and_oracle_agree, seeds);
    return suite;
}

WEFT_CHECK_MAIN(oracle_suite)
