/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes out: what goes first? Control frames, then documents, then chunks, each in the order given;
 * what has begun is finished first, but only up to the end of the part. Bulk travels in parts of at
 * most WEFT_SESSION_PART_BYTES_MAX, few records are sealed ahead, and the kernel takes little more
 * than it can send (TCP_NOTSENT_LOWAT): so a control frame passes a chunk on a slow line. */
#include "session_socket.h"
#include "session_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* Bytes of one wake-up, so that other streams are served in between. */
#define BUDGET_BYTES (1024 * 1024)

/* Room for control frames to begin with, and what is kept while none wait. */
#define CONTROL_BYTES 4096

bool weft_stream_has_output(const struct weft_stream *stream)
{
    const struct weft_stream_output *out = &stream->out;
    return out->control_end > out->control_start || out->bulk_count > 0 ||
           weft_stream_seal_waits(stream);
}

static void mark_dirty(struct weft_stream *stream)
{
    if (!weft_stream_has_output(stream)) {
        stream->out.progress_ns = uv_hrtime();
    }
    stream->dirty = true;
    stream->session->dirty = true;
}

/* Make room for |length| bytes at the end of the control frames. */
static enum weft_err make_room(struct weft_stream_output *out, size_t length)
{
    size_t used = out->control_end - out->control_start;
    if (used + length > WEFT_QUEUE_BYTES_MAX) {
        return WEFT_ERR_LIMIT;
    }
    if (out->control_end + length <= out->control_size) {
        return WEFT_ERR_OK;
    }
    if (out->control_start > 0) {
        memmove(out->control, out->control + out->control_start, used);
        out->control_start = 0;
        out->control_end = used;
    }
    size_t size = out->control_size == 0 ? CONTROL_BYTES : out->control_size;
    while (size < used + length) {
        size *= 2;
    }
    if (size > out->control_size) {
        uint8_t *control = realloc(out->control, size);
        if (control == NULL) {
            return WEFT_ERR_MEMORY;
        }
        out->control = control;
        out->control_size = size;
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_stream_put(struct weft_stream *stream, const uint8_t *body, size_t length)
{
    struct weft_stream_output *out = &stream->out;
    enum weft_err err = make_room(out, length + WEFT_STREAM_WIRE_PREFIX_BYTES);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    mark_dirty(stream);
    weft_stream_wire_put_length(out->control + out->control_end, (uint32_t)length);
    memcpy(out->control + out->control_end + WEFT_STREAM_WIRE_PREFIX_BYTES, body, length);
    out->control_end += WEFT_STREAM_WIRE_PREFIX_BYTES + length;
    return WEFT_ERR_OK;
}

static struct weft_notice_queue *queue_of(struct weft_stream_output *out, enum weft_bulk_kind kind)
{
    return kind == WEFT_BULK_CHUNK ? &out->chunks : &out->documents;
}

void weft_stream_put_bulk(struct weft_stream *stream, struct weft_notice *notice)
{
    mark_dirty(stream);
    weft_notice_push(queue_of(&stream->out, notice->bulk.kind), notice);
    stream->out.bulk_count++;
}

size_t weft_stream_document_bytes(const struct weft_stream *stream)
{
    size_t bytes = 0;
    for (const struct weft_notice *notice = stream->out.documents.first; notice != NULL;
         notice = notice->next) {
        bytes += notice->bulk.length;
    }
    return bytes;
}

struct weft_notice *weft_stream_take_chunk(struct weft_stream *stream, weft_release_id release,
                                           uint32_t chunk)
{
    struct weft_stream_output *out = &stream->out;
    struct weft_notice *notice = out->chunks.first;
    while (notice != NULL && (notice->bulk.name != release || notice->bulk.number != chunk)) {
        notice = notice->next;
    }
    if (notice == NULL || notice->done_bytes > 0 || (notice == out->part && out->part_sent > 0)) {
        return NULL;
    }
    if (notice == out->part) {
        out->part = NULL;
    }
    weft_notice_unlink(&out->chunks, notice);
    out->bulk_count--;
    return notice;
}

void weft_stream_write_close(struct weft_stream *stream)
{
    struct weft_stream_output *out = &stream->out;
    struct weft_notice_queue *queues[2] = {&out->documents, &out->chunks};
    for (size_t i = 0; i < 2; i++) {
        for (struct weft_notice *notice = weft_notice_pop(queues[i]); notice != NULL;
             notice = weft_notice_pop(queues[i])) {
            notice->result = WEFT_ERR_CLOSED;
            weft_notice_push(&stream->session->notices, notice);
        }
    }
    free(out->control);
    *out = (struct weft_stream_output){.control = NULL};
}

/* Choose the next part if none is under way. */
static void choose_part(struct weft_stream_output *out)
{
    struct weft_notice *notice =
        out->documents.first != NULL ? out->documents.first : out->chunks.first;
    if (notice == NULL || (out->part != NULL && out->part_sent > 0) || out->part == notice) {
        return;
    }
    uint32_t left = notice->bulk.length - notice->done_bytes;
    struct weft_stream_part part = {
        .bulk = notice->bulk,
        .offset = notice->done_bytes,
        .bytes = left < WEFT_SESSION_PART_BYTES_MAX ? left : WEFT_SESSION_PART_BYTES_MAX,
    };
    uint32_t length = weft_stream_wire_put_part(out->head + WEFT_STREAM_WIRE_PREFIX_BYTES, &part);
    weft_stream_wire_put_length(out->head, length + part.bytes);
    out->part = notice;
    out->head_length = WEFT_STREAM_WIRE_PREFIX_BYTES + length;
    out->part_bytes = part.bytes;
    out->part_sent = 0;
}

static int gather_part(const struct weft_stream_output *out, struct iovec *pieces)
{
    int count = 0;
    if (out->part == NULL) {
        return 0;
    }
    uint32_t of_head = out->part_sent < out->head_length ? out->part_sent : out->head_length;
    uint32_t of_bytes = out->part_sent - of_head;
    if (of_head < out->head_length) {
        /* The kernel's interface knows no read-only pieces. */
        pieces[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)(out->head + of_head),
                                         .iov_len = out->head_length - of_head};
    }
    if (of_bytes < out->part_bytes) {
        pieces[count++] =
            (struct iovec){.iov_base = out->part->bulk.bytes + out->part->done_bytes + of_bytes,
                           .iov_len = out->part_bytes - of_bytes};
    }
    return count;
}

static int gather_control(const struct weft_stream_output *out, struct iovec *pieces)
{
    if (out->control_end == out->control_start) {
        return 0;
    }
    pieces[0] = (struct iovec){.iov_base = out->control + out->control_start,
                               .iov_len = out->control_end - out->control_start};
    return 1;
}

static size_t consume_control(struct weft_stream_output *out, size_t bytes)
{
    size_t waiting = out->control_end - out->control_start;
    size_t used = bytes < waiting ? bytes : waiting;
    out->control_start += used;
    if (out->control_start == out->control_end) {
        out->control_start = 0;
        out->control_end = 0;
        if (out->control_size > CONTROL_BYTES) {
            free(out->control);
            out->control = NULL;
            out->control_size = 0;
        }
    }
    return bytes - used;
}

static size_t consume_part(struct weft_stream *stream, size_t bytes)
{
    struct weft_stream_output *out = &stream->out;
    struct weft_notice *notice = out->part;
    if (notice == NULL || bytes == 0) {
        return bytes;
    }
    size_t left = out->head_length + out->part_bytes - out->part_sent;
    size_t used = bytes < left ? bytes : left;
    out->part_sent += (uint32_t)used;
    if (used < left) {
        return 0;
    }
    out->part = NULL;
    notice->done_bytes += out->part_bytes;
    if (notice->done_bytes == notice->bulk.length) {
        weft_notice_unlink(queue_of(out, notice->bulk.kind), notice);
        out->bulk_count--;
        notice->result = WEFT_ERR_OK;
        weft_notice_push(&stream->session->notices, notice);
    }
    return bytes - used;
}

/* Seal one record of what is first. False: nothing is left, or the stream failed. */
static bool seal_some(struct weft_stream *stream)
{
    struct weft_stream_output *out = &stream->out;
    struct iovec pieces[3];
    choose_part(out);
    bool part_first = out->part != NULL && out->part_sent > 0;
    int count = part_first ? gather_part(out, pieces) : gather_control(out, pieces);
    count += part_first ? gather_control(out, pieces + count) : gather_part(out, pieces + count);
    size_t asked = 0;
    for (int i = 0; i < count; i++) {
        asked += pieces[i].iov_len;
    }
    if (asked == 0) {
        return false;
    }
    size_t rest = asked < WEFT_RECORD_BYTES_MAX ? asked : WEFT_RECORD_BYTES_MAX;
    if (!weft_stream_seal_put(stream, pieces, count, rest)) {
        weft_stream_fail(stream, WEFT_ERR_MEMORY);
        return false;
    }
    rest = part_first ? consume_part(stream, rest) : consume_control(out, rest);
    (void)(part_first ? consume_control(out, rest) : consume_part(stream, rest));
    return true;
}

/* Seal until there is no room, and send once. True if the socket may take more. */
static bool send_some(struct weft_stream *stream, size_t *sent)
{
    bool is_sealed = stream->seal.sealing != NULL;
    while (is_sealed && weft_stream_seal_has_room(stream) && seal_some(stream)) {
        /* Each turn seals a record. */
    }
    if (stream->state == WEFT_STREAM_CLOSING || !weft_stream_seal_waits(stream)) {
        return false;
    }
    ssize_t result = weft_stream_seal_send(stream);
    if (result < 0) {
        return false;
    }
    *sent += (size_t)result;
    stream->out.progress_ns = uv_hrtime();
    return !weft_stream_seal_waits(stream);
}

void weft_stream_flush(struct weft_stream *stream)
{
    size_t sent = 0;
    bool more = true;
    stream->dirty = false;
    if (stream->state == WEFT_STREAM_CONNECTING || stream->state == WEFT_STREAM_CLOSING) {
        return;
    }
    while (more && sent < BUDGET_BYTES && weft_stream_has_output(stream)) {
        more = send_some(stream, &sent);
    }
    if (stream->state != WEFT_STREAM_CLOSING && stream->seal.is_last &&
        !weft_stream_has_output(stream)) {
        weft_stream_close(stream);
    } else if (stream->state != WEFT_STREAM_CLOSING) {
        weft_stream_wait(stream,
                         weft_stream_has_output(stream) ? UV_READABLE | UV_WRITABLE : UV_READABLE);
    }
}
