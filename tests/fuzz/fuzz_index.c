/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk indexes on any bytes. The first 8 bytes are the length of the release. Checked: limits hold
 * in whatever is accepted, and encoding it again gives a document that decodes to the same. */
#include "protocol/trust/index.h"
#include "tests/fuzz/replay.h"

#include <stdlib.h>
#include <string.h>

static void check_again(const struct weft_index *index)
{
    uint32_t *lengths = calloc(index->chunk_count, sizeof *lengths);
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_index *again = NULL;
    WEFT_FUZZ_CHECK(lengths != NULL);
    for (uint32_t i = 0; i < index->chunk_count; i++) {
        WEFT_FUZZ_CHECK(index->offsets[i] <= index->offsets[i + 1]);
        lengths[i] = weft_index_chunk_bytes(index, i);
        WEFT_FUZZ_CHECK(lengths[i] <= WEFT_CHUNK_BYTES_MAX);
    }
    WEFT_FUZZ_CHECK(weft_index_encode(lengths, index->hashes, index->chunk_count, &bytes,
                                      &length) == WEFT_ERR_OK);
    WEFT_FUZZ_CHECK(weft_index_decode(bytes, length, index->bytes, &again) == WEFT_ERR_OK);
    WEFT_FUZZ_CHECK(again->chunk_count == index->chunk_count);
    WEFT_FUZZ_CHECK(
        memcmp(again->hashes, index->hashes, (size_t)index->chunk_count * WEFT_SHA256_BYTES) == 0);
    weft_index_free(again);
    free(bytes);
    free(lengths);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint64_t release_bytes = 0;
    struct weft_index *index = NULL;
    if (length < sizeof release_bytes) {
        return 0;
    }
    for (size_t i = 0; i < sizeof release_bytes; i++) {
        release_bytes = release_bytes << 8 | bytes[i];
    }
    enum weft_err err = weft_index_decode(bytes + sizeof release_bytes,
                                          length - sizeof release_bytes, release_bytes, &index);
    WEFT_FUZZ_CHECK((err == WEFT_ERR_OK) == (index != NULL));
    if (index != NULL) {
        WEFT_FUZZ_CHECK(index->chunk_count >= 1 && index->chunk_count <= WEFT_CHUNKS_MAX);
        WEFT_FUZZ_CHECK(index->bytes == release_bytes);
        check_again(index);
    }
    weft_index_free(index);
    return 0;
}
