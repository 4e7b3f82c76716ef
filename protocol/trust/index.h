/* SPDX-License-Identifier: Apache-2.0 */
/* The chunk index of a release: how long each chunk is and what its SHA-256 must be. SPEC.md
 * section "Chunk index".
 *
 * Answers "which bytes make up chunk i, and are these them?". Whether the index itself is the one
 * that the signed target names is checked by the caller (catalog.h) before it is decoded. */
#ifndef WEFT_TRUST_INDEX_H
#define WEFT_TRUST_INDEX_H

#include "../err.h"
#include "../limits.h"
#include "../types.h"

/* One allocation; immutable after decoding, so any thread may read it. */
struct weft_index {
    weft_release_id id;      /* of the release: first 8 bytes of the SHA-256 of the document */
    uint64_t bytes;          /* of the whole release */
    uint32_t chunk_count;    /* 1..WEFT_CHUNKS_MAX */
    const uint64_t *offsets; /* [chunk_count + 1]; chunk i is offsets[i]..offsets[i + 1] */
    const uint8_t *hashes;   /* [chunk_count * WEFT_SHA256_BYTES] */
};

/* Decode a chunk index of a release of |release_bytes| bytes (the length of the signed target).
 * Errors: FORMAT (malformed), LIMIT (a chunk too long or too many), MISMATCH (the lengths do not
 *         add up to |release_bytes|), MEMORY; *index is then NULL.
 * Owner:  *index belongs to the caller; weft_index_free(). Borrows |bytes| for the call. */
enum weft_err weft_index_decode(const uint8_t *bytes, size_t length, uint64_t release_bytes,
                                struct weft_index **index);

/* Release |index|; NULL is allowed. */
void weft_index_free(struct weft_index *index);

/* Encode an index from |lengths| [chunk_count] and |hashes| [chunk_count * WEFT_SHA256_BYTES].
 * Errors: LIMIT if a count or length is out of range, MEMORY; *bytes is then NULL.
 * Owner:  *bytes belongs to the caller; free(). */
enum weft_err weft_index_encode(const uint32_t *lengths, const uint8_t *hashes,
                                uint32_t chunk_count, uint8_t **bytes, size_t *length);

/* Length of chunk |chunk|, in bytes; the caller keeps |chunk| < chunk_count. */
static inline uint32_t weft_index_chunk_bytes(const struct weft_index *index, uint32_t chunk)
{
    return (uint32_t)(index->offsets[chunk + 1] - index->offsets[chunk]);
}

/* SHA-256 that chunk |chunk| must have; borrowed from |index|; |chunk| < chunk_count. */
static inline const uint8_t *weft_index_chunk_sha256(const struct weft_index *index, uint32_t chunk)
{
    return index->hashes + (size_t)chunk * WEFT_SHA256_BYTES;
}

/* Is bytes[length] the one index that is made from the content of a target of |release_bytes| bytes
 * alone: canonical, chunks of weft_index_chunk_bytes_for(), nothing else in it? Then two who have
 * the same content have the same index, and it can be wrong in nothing but hashes.
 * Errors: those of weft_index_decode(); MISMATCH if it is an index, but not of this form. */
enum weft_err weft_index_check_derived(const uint8_t *bytes, size_t length, uint64_t release_bytes,
                                       weft_release_id *id);

/* Chunk length for publishing a release of |release_bytes|: 1/512 of it as a power of two, at least
 * 32 KiB, at most WEFT_CHUNK_BYTES_MAX; 0 if that would need more than WEFT_CHUNKS_MAX chunks. */
uint32_t weft_index_chunk_bytes_for(uint64_t release_bytes);

/* Name of the release whose chunk index has this SHA-256: its first 8 bytes, big endian. */
weft_release_id weft_index_release_id(const uint8_t index_sha256[WEFT_SHA256_BYTES]);

#endif
