/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk indexes: what is written is read again, and everything else is refused. */
#include "tests/support/check_main.h"

#include "protocol/trust/index.h"
#include "protocol/trust/sha256.h"
#include "protocol/wire.h"

#include <string.h>

static uint8_t hashes[4 * WEFT_SHA256_BYTES];

static void make(const uint32_t *lengths, uint32_t count, uint8_t **bytes, size_t *length)
{
    for (size_t i = 0; i < sizeof hashes; i++) {
        hashes[i] = (uint8_t)i;
    }
    ck_assert_int_eq(weft_index_encode(lengths, hashes, count, bytes, length), WEFT_ERR_OK);
}

START_TEST(test_round_trip)
{
    const uint32_t lengths[3] = {5, WEFT_CHUNK_BYTES_MAX, 1};
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_index *index = NULL;
    make(lengths, 3, &bytes, &length);
    uint64_t total = 6 + (uint64_t)WEFT_CHUNK_BYTES_MAX;
    ck_assert_int_eq(weft_index_decode(bytes, length, total, &index), WEFT_ERR_OK);
    ck_assert_uint_eq(index->chunk_count, 3);
    ck_assert_uint_eq(index->bytes, total);
    ck_assert_uint_eq(index->offsets[3], total);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(weft_index_chunk_bytes(index, i), lengths[i]);
        ck_assert_mem_eq(weft_index_chunk_sha256(index, i), hashes + i * WEFT_SHA256_BYTES,
                         WEFT_SHA256_BYTES);
    }
    uint8_t digest[WEFT_SHA256_BYTES];
    ck_assert(weft_sha256_of(bytes, length, digest));
    ck_assert_uint_eq(index->id, weft_index_release_id(digest));
    ck_assert_uint_eq(index->id >> 56, digest[0]);
    weft_index_free(index);
    ck_assert_int_eq(weft_index_decode(bytes, length, total + 1, &index), WEFT_ERR_MISMATCH);
    ck_assert_ptr_null(index);
    free(bytes);
}
END_TEST

START_TEST(test_empty_release)
{
    const uint32_t lengths[2] = {0, 0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_index *index = NULL;
    make(lengths, 1, &bytes, &length);
    ck_assert_int_eq(weft_index_decode(bytes, length, 0, &index), WEFT_ERR_OK);
    ck_assert_uint_eq(index->chunk_count, 1);
    weft_index_free(index);
    free(bytes);
    ck_assert_int_eq(weft_index_encode(lengths, hashes, 2, &bytes, &length), WEFT_ERR_LIMIT);
    ck_assert_int_eq(weft_index_encode(lengths, hashes, 0, &bytes, &length), WEFT_ERR_LIMIT);
    const uint32_t too_long = WEFT_CHUNK_BYTES_MAX + 1;
    ck_assert_int_eq(weft_index_encode(&too_long, hashes, 1, &bytes, &length), WEFT_ERR_LIMIT);
}
END_TEST

START_TEST(test_truncations_and_flips)
{
    const uint32_t lengths[2] = {7, 9};
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_index *index = NULL;
    make(lengths, 2, &bytes, &length);
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        ck_assert_int_ne(weft_index_decode(copy, cut, 16, &index), WEFT_ERR_OK);
        free(copy);
    }
    size_t lengths_end = length - 2 * WEFT_SHA256_BYTES;
    for (size_t bit = 0; bit < lengths_end * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        /* A flip in a length can only be undone by another one. */
        ck_assert_int_ne(weft_index_decode(bytes, length, 16, &index), WEFT_ERR_OK);
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    free(bytes);
}
END_TEST

/* An index made by hand: |elements| in the array, |count| chunks of |chunk_bytes|. */
static enum weft_err decode_made(uint32_t elements, uint64_t version, uint32_t count,
                                 uint32_t chunk_bytes, uint32_t hash_bytes)
{
    size_t capacity = (size_t)count * 36 + hash_bytes + 256;
    uint8_t *buffer = malloc(capacity);
    uint8_t *zero = calloc((size_t)count * 4 + hash_bytes + 4, 1);
    struct weft_index *index = NULL;
    for (uint32_t i = 0; i < count; i++) {
        zero[i * 4 + 1] = (uint8_t)(chunk_bytes >> 16);
        zero[i * 4 + 2] = (uint8_t)(chunk_bytes >> 8);
        zero[i * 4 + 3] = (uint8_t)chunk_bytes;
    }
    struct weft_writer writer = weft_writer_into(buffer, capacity);
    weft_write_array(&writer, elements);
    weft_write_uint(&writer, version);
    weft_write_uint(&writer, (uint64_t)count * chunk_bytes);
    weft_write_bin(&writer, zero, count * 4);
    weft_write_bin(&writer, zero, hash_bytes);
    for (uint32_t i = 4; i < elements; i++) {
        weft_write_str(&writer, "later", 5);
    }
    enum weft_err err = weft_index_decode(buffer, weft_writer_length(&writer),
                                          (uint64_t)count * chunk_bytes, &index);
    weft_index_free(index);
    free(buffer);
    free(zero);
    return err;
}

START_TEST(test_limits)
{
    ck_assert_int_eq(decode_made(4, 1, 2, 8, 64), WEFT_ERR_OK);
    ck_assert_int_eq(decode_made(7, 1, 2, 8, 64), WEFT_ERR_OK); /* later versions add elements */
    ck_assert_int_eq(decode_made(3, 1, 2, 8, 64), WEFT_ERR_FORMAT);
    ck_assert_int_eq(decode_made(17, 1, 2, 8, 64), WEFT_ERR_FORMAT);
    ck_assert_int_eq(decode_made(4, 2, 2, 8, 64), WEFT_ERR_UNSUPPORTED);
    ck_assert_int_eq(decode_made(4, 1, 2, 8, 63), WEFT_ERR_FORMAT);
    ck_assert_int_eq(decode_made(4, 1, 0, 8, 0), WEFT_ERR_FORMAT);
    ck_assert_int_eq(decode_made(4, 1, 2, 0, 64), WEFT_ERR_FORMAT);
    ck_assert_int_eq(decode_made(4, 1, 1, WEFT_CHUNK_BYTES_MAX + 1, 32), WEFT_ERR_LIMIT);
    ck_assert_int_eq(decode_made(4, 1, WEFT_CHUNKS_MAX, 1, WEFT_CHUNKS_MAX * 32U), WEFT_ERR_OK);
    ck_assert_int_eq(decode_made(4, 1, WEFT_CHUNKS_MAX + 1, 1, WEFT_CHUNKS_MAX * 32U + 32),
                     WEFT_ERR_LIMIT);
}
END_TEST

START_TEST(test_chunk_length)
{
    uint64_t longest = (uint64_t)WEFT_CHUNKS_MAX * WEFT_CHUNK_BYTES_MAX;
    ck_assert_uint_eq(weft_index_chunk_bytes_for(0), 32768);
    ck_assert_uint_eq(weft_index_chunk_bytes_for(16 << 20), 32768);
    ck_assert_uint_eq(weft_index_chunk_bytes_for((16 << 20) + 1), 65536);
    ck_assert_uint_eq(weft_index_chunk_bytes_for(longest), WEFT_CHUNK_BYTES_MAX);
    ck_assert_uint_eq(weft_index_chunk_bytes_for(longest + 1), 0);
}
END_TEST

START_TEST(test_sha256)
{
    /* The examples of FIPS 180-4. */
    char hex[WEFT_SHA256_HEX_BYTES];
    uint8_t digest[WEFT_SHA256_BYTES];
    struct weft_sha256 *hash = weft_sha256_new();
    ck_assert(weft_sha256_of(NULL, 0, digest));
    weft_sha256_hex(digest, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (int i = 0; i < 2; i++) {
        weft_sha256_begin(hash);
        weft_sha256_add(hash, "a", 1);
        weft_sha256_add(hash, NULL, 0);
        weft_sha256_add(hash, "bc", 2);
        ck_assert(weft_sha256_end(hash, digest));
        weft_sha256_hex(digest, hex);
        ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
    weft_sha256_free(hash);
}
END_TEST

static Suite *index_suite(void)
{
    Suite *suite = suite_create("index");
    WEFT_ADD(suite, test_round_trip);
    WEFT_ADD(suite, test_empty_release);
    WEFT_ADD(suite, test_truncations_and_flips);
    WEFT_ADD(suite, test_limits);
    WEFT_ADD(suite, test_chunk_length);
    WEFT_ADD(suite, test_sha256);
    return suite;
}

WEFT_CHECK_MAIN(index_suite)
