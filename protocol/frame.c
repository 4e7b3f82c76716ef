/* SPDX-License-Identifier: Apache-2.0 */
/* How is a control frame written and read? */
#include "frame.h"

#include "tree.h"

_Static_assert(WEFT_CHUNKS_MAX <= 65536, "HAVE carries 16-bit indexes");

#define RETRY_MS_MAX 60000

/* Every extent but the first, with its epoch. */
#define LEASES_BYTES (4 * (WEFT_EXTENTS_MAX - 1))

/* What follows kind and release or bulletin in each kind of frame. */
struct shape {
    uint8_t fields;      /* elements of the array, kind and release or bulletin included */
    uint32_t chunk_max;  /* largest chunk or extent; 0 = the frame has no such field */
    uint32_t value_max;  /* largest value; 0 = no such field */
    bool has_flags;      /* a flags field follows */
    uint32_t list_bytes; /* longest list; 0 = no list */
    uint8_t unit;        /* bytes of an entry of the list: it has whole ones only */
    bool is_new;         /* older versions have no list; it is not counted in |fields| */
};

static const struct shape shapes[WEFT_FRAME_KIND_END] = {
    [WEFT_FRAME_MAP] = {5, 0, WEFT_CHUNKS_MAX, true, WEFT_CHUNKS_MAX / 8, 1, false},
    [WEFT_FRAME_HAVE] = {3, 0, 0, false, 2 * WEFT_HAVE_CHUNKS_MAX, 2, false},
    [WEFT_FRAME_REQUEST] = {3, WEFT_CHUNKS_MAX - 1, 0, false, 0, 1, false},
    [WEFT_FRAME_CANCEL] = {3, WEFT_CHUNKS_MAX - 1, 0, false, 0, 1, false},
    [WEFT_FRAME_REFUSE] = {4, WEFT_CHUNKS_MAX - 1, RETRY_MS_MAX, false, 0, 1, false},
    [WEFT_FRAME_FOLLOW] = {4, 0, WEFT_STRIPES_ALL, true, 0, 1, false},
    [WEFT_FRAME_LEASE] = {5, WEFT_EXTENTS_MAX - 1, UINT16_MAX, true, LEASES_BYTES, 4, true},
    [WEFT_FRAME_BULLETIN] = {2, 0, 0, false, 0, 1, false},
    [WEFT_FRAME_DECLINE] = {3, 0, WEFT_STRIPES_ALL, false, 0, 1, false},
    [WEFT_FRAME_COMING] = {3, 0, 0, false, 2 * WEFT_HAVE_CHUNKS_MAX, 2, false},
};

enum weft_reject weft_frame_decode(const uint8_t *bytes, size_t length, struct weft_frame *frame)
{
    struct weft_reader reader = weft_reader_of(bytes, length);
    *frame = (struct weft_frame){0};
    uint32_t fields = weft_read_array(&reader, 16);
    uint64_t kind = weft_read_uint(&reader, UINT8_MAX);
    if (weft_reader_ok(&reader) && (kind == 0 || kind >= WEFT_FRAME_KIND_END)) {
        return WEFT_REJECT_UNKNOWN_KIND;
    }
    const struct shape *shape = &shapes[weft_reader_ok(&reader) ? kind : WEFT_FRAME_HAVE];
    if (fields < shape->fields) {
        weft_reader_fail(&reader, WEFT_REJECT_TRUNCATED);
    }
    frame->kind = (enum weft_frame_kind)kind;
    frame->release = weft_read_uint(&reader, UINT64_MAX);
    if (shape->chunk_max != 0) {
        frame->chunk = (uint32_t)weft_read_uint(&reader, shape->chunk_max);
    }
    if (shape->value_max != 0) {
        frame->value = (uint32_t)weft_read_uint(&reader, shape->value_max);
    }
    if (shape->has_flags) {
        frame->flags = (uint32_t)weft_read_uint(&reader, UINT8_MAX);
    }
    bool has_list = shape->list_bytes != 0 && (!shape->is_new || fields > shape->fields);
    uint32_t known = shape->fields + (shape->is_new && has_list ? 1U : 0U);
    if (has_list) {
        frame->list = weft_read_bin(&reader, shape->list_bytes);
    }
    weft_read_skip(&reader, weft_reader_ok(&reader) ? fields - known : 0);
    weft_read_end(&reader);
    if (weft_reader_ok(&reader) && frame->list.length % shape->unit != 0) {
        weft_reader_fail(&reader, WEFT_REJECT_RANGE);
    }
    return reader.reject;
}

uint32_t weft_frame_encode(const struct weft_frame *frame, uint8_t *buffer, size_t size)
{
    const struct shape *shape = &shapes[frame->kind];
    struct weft_writer writer = weft_writer_into(buffer, size);
    weft_write_array(&writer, shape->fields + (shape->is_new ? 1U : 0U));
    weft_write_uint(&writer, frame->kind);
    weft_write_uint(&writer, frame->release);
    if (shape->chunk_max != 0) {
        weft_write_uint(&writer, frame->chunk);
    }
    if (shape->value_max != 0) {
        weft_write_uint(&writer, frame->value < shape->value_max ? frame->value : shape->value_max);
    }
    if (shape->has_flags) {
        weft_write_uint(&writer, frame->flags);
    }
    if (shape->list_bytes != 0) {
        weft_write_bin(&writer, frame->list.bytes, frame->list.length);
    }
    return weft_writer_length(&writer);
}
