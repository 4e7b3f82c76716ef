/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk index: msgpack array [1, total bytes, bin(u32 big endian lengths), bin(SHA-256 digests)].
 * Further elements are ignored, so that later versions can add hints. */
#include "index.h"

#include <stdlib.h>
#include <string.h>

#include "../wire.h"
#include "sha256.h"

#define INDEX_VERSION 1
#define INDEX_ELEMENTS 4
#define INDEX_ELEMENTS_MAX 16
#define LENGTH_BYTES 4
#define CHUNK_BYTES_MIN (32 * 1024)
#define CHUNKS_AIM 512

/* Headers of array, version, total and two bins, rounded up. */
#define OVERHEAD_BYTES 64

struct parts {
    uint64_t bytes;           /* of the release */
    struct weft_span lengths; /* u32 big endian each */
    struct weft_span hashes;  /* WEFT_SHA256_BYTES each */
};

static uint32_t load_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < LENGTH_BYTES; i++) {
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static enum weft_err read_parts(const uint8_t *bytes, size_t length, struct parts *parts)
{
    struct weft_reader reader = weft_reader_of(bytes, length);
    uint32_t elements = weft_read_array(&reader, INDEX_ELEMENTS_MAX);
    if (elements < INDEX_ELEMENTS) {
        weft_reader_fail(&reader, WEFT_REJECT_TRUNCATED);
    }
    uint64_t version = weft_read_uint(&reader, UINT32_MAX);
    parts->bytes = weft_read_uint(&reader, UINT64_MAX);
    parts->lengths = weft_read_bin(&reader, UINT32_MAX);
    parts->hashes = weft_read_bin(&reader, UINT32_MAX);
    if (weft_reader_ok(&reader)) {
        weft_read_skip(&reader, elements - INDEX_ELEMENTS);
    }
    weft_read_end(&reader);
    if (!weft_reader_ok(&reader)) {
        return WEFT_ERR_FORMAT;
    }
    if (version != INDEX_VERSION) {
        return WEFT_ERR_UNSUPPORTED;
    }
    return WEFT_ERR_OK;
}

static enum weft_err check_parts(const struct parts *parts, uint64_t release_bytes)
{
    uint32_t count = parts->lengths.length / LENGTH_BYTES;
    if (parts->lengths.length % LENGTH_BYTES != 0 || count == 0) {
        return WEFT_ERR_FORMAT;
    }
    if (count > WEFT_CHUNKS_MAX) {
        return WEFT_ERR_LIMIT;
    }
    if (parts->hashes.length != count * WEFT_SHA256_BYTES) {
        return WEFT_ERR_FORMAT;
    }
    uint64_t sum = 0; /* cannot overflow: CHUNKS_MAX lengths of at most CHUNK_BYTES_MAX */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t chunk_bytes = load_u32(parts->lengths.bytes + (size_t)i * LENGTH_BYTES);
        if (chunk_bytes > WEFT_CHUNK_BYTES_MAX) {
            return WEFT_ERR_LIMIT;
        }
        if (chunk_bytes == 0 && count > 1) {
            return WEFT_ERR_FORMAT;
        }
        sum += chunk_bytes;
    }
    return sum == parts->bytes && sum == release_bytes ? WEFT_ERR_OK : WEFT_ERR_MISMATCH;
}

/* One block: the struct, the offsets, the hashes. */
static struct weft_index *build(const struct parts *parts)
{
    uint32_t count = parts->lengths.length / LENGTH_BYTES;
    size_t offsets_bytes = ((size_t)count + 1) * sizeof(uint64_t);
    struct weft_index *index = malloc(sizeof *index + offsets_bytes + parts->hashes.length);
    if (!index) {
        return NULL;
    }
    uint64_t *offsets = (uint64_t *)(void *)(index + 1);
    uint8_t *hashes = (uint8_t *)(offsets + count + 1);
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = at;
        at += load_u32(parts->lengths.bytes + (size_t)i * LENGTH_BYTES);
    }
    offsets[count] = at;
    memcpy(hashes, parts->hashes.bytes, parts->hashes.length);
    *index = (struct weft_index){
        .bytes = at, .chunk_count = count, .offsets = offsets, .hashes = hashes};
    return index;
}

enum weft_err weft_index_decode(const uint8_t *bytes, size_t length, uint64_t release_bytes,
                                struct weft_index **index)
{
    *index = NULL;
    struct parts parts;
    enum weft_err err = read_parts(bytes, length, &parts);
    if (err == WEFT_ERR_OK) {
        err = check_parts(&parts, release_bytes);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    uint8_t digest[WEFT_SHA256_BYTES];
    struct weft_index *built = build(&parts);
    if (!built || !weft_sha256_of(bytes, length, digest)) {
        weft_index_free(built);
        return WEFT_ERR_MEMORY;
    }
    built->id = weft_index_release_id(digest);
    *index = built;
    return WEFT_ERR_OK;
}

void weft_index_free(struct weft_index *index)
{
    free(index);
}

enum weft_err weft_index_encode(const uint32_t *lengths, const uint8_t *hashes,
                                uint32_t chunk_count, uint8_t **bytes, size_t *length)
{
    *bytes = NULL;
    *length = 0;
    if (chunk_count == 0 || chunk_count > WEFT_CHUNKS_MAX) {
        return WEFT_ERR_LIMIT;
    }
    size_t capacity = (size_t)chunk_count * (LENGTH_BYTES + WEFT_SHA256_BYTES) + OVERHEAD_BYTES;
    uint8_t *buffer = malloc(capacity);
    uint8_t *packed = malloc((size_t)chunk_count * LENGTH_BYTES);
    if (!buffer || !packed) {
        free(buffer);
        free(packed);
        return WEFT_ERR_MEMORY;
    }
    uint64_t total = 0;
    bool ok = true;
    for (uint32_t i = 0; i < chunk_count; i++) {
        ok = ok && lengths[i] <= WEFT_CHUNK_BYTES_MAX && (lengths[i] > 0 || chunk_count == 1);
        store_u32(packed + (size_t)i * LENGTH_BYTES, lengths[i]);
        total += lengths[i];
    }
    struct weft_writer writer = weft_writer_into(buffer, capacity);
    weft_write_array(&writer, INDEX_ELEMENTS);
    weft_write_uint(&writer, INDEX_VERSION);
    weft_write_uint(&writer, total);
    weft_write_bin(&writer, packed, chunk_count * LENGTH_BYTES);
    weft_write_bin(&writer, hashes, chunk_count * WEFT_SHA256_BYTES);
    free(packed);
    if (!ok || weft_writer_length(&writer) == 0) {
        free(buffer);
        return WEFT_ERR_LIMIT;
    }
    *bytes = buffer;
    *length = weft_writer_length(&writer);
    return WEFT_ERR_OK;
}

/* Is it what weft_index_encode() makes of these hashes and the regular lengths? */
static bool is_plain(const struct weft_index *index, const uint8_t *bytes, size_t length)
{
    uint32_t lengths[WEFT_CHUNKS_MAX];
    uint8_t *again = NULL;
    size_t again_length = 0;
    uint32_t chunk_bytes = weft_index_chunk_bytes_for(index->bytes);
    uint64_t left = index->bytes;
    for (uint32_t i = 0; i < index->chunk_count; i++) {
        lengths[i] = left < chunk_bytes ? (uint32_t)left : chunk_bytes;
        left -= lengths[i];
    }
    bool same = left == 0 &&
                weft_index_encode(lengths, index->hashes, index->chunk_count, &again,
                                  &again_length) == WEFT_ERR_OK &&
                again_length == length && memcmp(again, bytes, length) == 0;
    free(again);
    return same;
}

enum weft_err weft_index_check_derived(const uint8_t *bytes, size_t length, uint64_t release_bytes,
                                       weft_release_id *id)
{
    struct weft_index *index = NULL;
    enum weft_err err = weft_index_decode(bytes, length, release_bytes, &index);
    if (err == WEFT_ERR_OK) {
        *id = index->id;
        err = is_plain(index, bytes, length) ? WEFT_ERR_OK : WEFT_ERR_MISMATCH;
    }
    weft_index_free(index);
    return err;
}

uint32_t weft_index_chunk_bytes_for(uint64_t release_bytes)
{
    if (release_bytes > (uint64_t)WEFT_CHUNKS_MAX * WEFT_CHUNK_BYTES_MAX) {
        return 0;
    }
    uint32_t chunk_bytes = CHUNK_BYTES_MIN;
    while (chunk_bytes < WEFT_CHUNK_BYTES_MAX &&
           (uint64_t)chunk_bytes * CHUNKS_AIM < release_bytes) {
        chunk_bytes *= 2;
    }
    return chunk_bytes;
}

weft_release_id weft_index_release_id(const uint8_t index_sha256[WEFT_SHA256_BYTES])
{
    weft_release_id id = 0;
    for (int i = 0; i < 8; i++) {
        id = id << 8 | index_sha256[i];
    }
    return id;
}
