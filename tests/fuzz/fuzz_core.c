/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of events, completions and failures: the core neither crashes nor loses count.
 *
 * The input chooses events one after another; datagrams and frames are taken from it as they are,
 * or made valid so that the fuzzer gets past the decoders. */
#include <stdlib.h>
#include <string.h>

#include "protocol/address.h"
#include "protocol/frame.h"
#include "protocol/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NODES 6
#define RELEASES 3
#define CHUNKS 40

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static uint8_t next(struct input *input)
{
    return input->at == input->end ? 0 : *input->at++;
}

static struct weft_endpoint node(uint8_t number)
{
    uint8_t ipv4[4] = {10, number % NODES < 4 ? 0 : 9, 0, (uint8_t)(number % NODES + 1)};
    return (struct weft_endpoint){.id = number % NODES + 1U,
                                  .address = weft_address_of_ipv4(ipv4, 7767)};
}

static uint32_t take_raw(struct input *input, uint8_t *bytes, uint32_t length)
{
    uint32_t left = (uint32_t)(input->end - input->at);
    length = length < left ? length : left;
    memcpy(bytes, input->at, length);
    input->at += length;
    return length;
}

static uint32_t make_frame(struct input *input, uint8_t *bytes, uint32_t size)
{
    static uint8_t list[2 * CHUNKS];
    struct weft_frame frame = {
        .kind = (enum weft_frame_kind)(next(input) % (WEFT_FRAME_KIND_END - 1) + 1),
        .release = next(input) % (RELEASES + 1) + 1U,
        .chunk = next(input) % (CHUNKS + 2),
        .value = next(input) % 70,
        .flags = next(input) % 8};
    if (frame.kind == WEFT_FRAME_MAP) {
        frame.value = CHUNKS;
        frame.list = (struct weft_span){.bytes = list, .length = take_raw(input, list, CHUNKS / 8)};
    } else if (frame.kind == WEFT_FRAME_HAVE) {
        uint32_t count = take_raw(input, list, next(input) % 8 * 2U) & ~1U;
        for (uint32_t i = 0; i < count; i += 2) {
            list[i] = 0;
            list[i + 1] %= CHUNKS + 1;
        }
        frame.list = (struct weft_span){.bytes = list, .length = count};
    }
    return weft_frame_encode(&frame, bytes, size);
}

static enum weft_err result(struct input *input)
{
    uint8_t choice = next(input);
    return choice < 128 ? WEFT_ERR_OK : (enum weft_err)(choice % WEFT_ERR_COUNT);
}

/* What the makers below draw their fields from. */
struct draw {
    struct input *input;       /* the rest of the fuzzer's bytes */
    struct weft_endpoint peer; /* one of a few nodes */
    weft_release_id release;   /* one of a few releases */
    uint32_t chunk;            /* in range, or just beyond */
    uint32_t token;            /* small */
    uint8_t *bytes;            /* BYTES_MAX of room that lives as long as the event */
};

#define BYTES_MAX 512

static void make_link(struct weft_event *event, const struct draw *draw)
{
    event->link.up = draw->token > 1;
    event->link.address = node(0).address;
    event->link.segment = weft_prefix_of(node(0).address.ip, 120);
}

static void make_datagram(struct weft_event *event, const struct draw *draw)
{
    event->datagram.from = draw->peer;
    event->datagram.hop_limit = draw->token > 1 ? 255 : 64;
    event->datagram.bytes = draw->bytes;
    event->datagram.length = take_raw(draw->input, draw->bytes, next(draw->input));
}

static void make_stream(struct weft_event *event, const struct draw *draw)
{
    event->stream.peer = draw->peer;
    event->stream.opened_here = draw->token > 3;
}

static void make_control(struct weft_event *event, const struct draw *draw)
{
    event->frame.peer = draw->peer.id;
    event->frame.bytes = draw->bytes;
    event->frame.length = draw->token == 0 ? take_raw(draw->input, draw->bytes, next(draw->input))
                                           : make_frame(draw->input, draw->bytes, BYTES_MAX);
}

static void make_offer(struct weft_event *event, const struct draw *draw)
{
    event->offer.peer = draw->peer.id;
    event->offer.release = draw->release;
    event->offer.chunk = draw->chunk;
}

static void make_chunk(struct weft_event *event, const struct draw *draw)
{
    event->chunk.peer = draw->token == 0 ? draw->peer.id : 0;
    event->chunk.token = draw->token;
    event->chunk.release = draw->release;
    event->chunk.chunk = draw->chunk;
    event->chunk.bytes = 1000;
    event->chunk.result = result(draw->input);
}

static void make_upload(struct weft_event *event, const struct draw *draw)
{
    event->upload.peer = draw->peer.id;
    event->upload.release = draw->release;
    event->upload.chunk = draw->chunk;
    event->upload.result = result(draw->input);
}

static void make_source(struct weft_event *event, const struct draw *draw)
{
    event->source.token = draw->token;
    event->source.result = result(draw->input);
}

static void make_looked(struct weft_event *event, const struct draw *draw)
{
    event->looked.result = result(draw->input);
}

static void make_bulletin(struct weft_event *event, const struct draw *draw)
{
    event->bulletin.bulletin = weft_bulletin_of(1 + draw->token % 3, draw->token, draw->chunk & 1);
    event->bulletin.fresh_ns = draw->token % 2 == 0 ? WEFT_NS_NEVER : draw->token * WEFT_NS_PER_S;
    event->bulletin.bytes = draw->bytes;
    event->bulletin.length = take_raw(draw->input, draw->bytes, 16);
}

static void make_refused(struct weft_event *event, const struct draw *draw)
{
    event->bulletin_refused.peer = draw->peer.id;
    event->bulletin_refused.bulletin = weft_bulletin_of(1, draw->token, draw->chunk & 1);
    event->bulletin_refused.result = result(draw->input);
}

static void make_release(struct weft_event *event, const struct draw *draw)
{
    event->release.id = draw->release;
    event->release.chunk_count = CHUNKS;
    event->release.bytes = CHUNKS * 1000;
    event->release.wanted = draw->token > 0;
}

static void make_gone(struct weft_event *event, const struct draw *draw)
{
    event->release_gone.id = draw->release;
}

static void make_completed(struct weft_event *event, const struct draw *draw)
{
    event->completed.id = draw->release;
    event->completed.result = result(draw->input);
}

static void make_wanted(struct weft_event *event, const struct draw *draw)
{
    event->document_wanted.token = draw->token + 1;
    event->document_wanted.path = "metadata/2.root.json";
    event->document_wanted.hint = draw->peer.id;
}

static void make_document(struct weft_event *event, const struct draw *draw)
{
    event->document.token = draw->token;
    event->document.result = result(draw->input);
    event->document.from = draw->chunk % 2 == 0 ? draw->peer.id : 0;
}

static void (*const makers[WEFT_EVENT_KIND_COUNT])(struct weft_event *, const struct draw *) = {
    [WEFT_EVENT_LINK] = make_link,           [WEFT_EVENT_DATAGRAM] = make_datagram,
    [WEFT_EVENT_STREAM_UP] = make_stream,    [WEFT_EVENT_STREAM_DOWN] = make_stream,
    [WEFT_EVENT_FRAME] = make_control,       [WEFT_EVENT_OFFER] = make_offer,
    [WEFT_EVENT_CHUNK] = make_chunk,         [WEFT_EVENT_UPLOAD] = make_upload,
    [WEFT_EVENT_SOURCE] = make_source,       [WEFT_EVENT_LOOKED] = make_looked,
    [WEFT_EVENT_BULLETIN] = make_bulletin,   [WEFT_EVENT_BULLETIN_REFUSED] = make_refused,
    [WEFT_EVENT_RELEASE] = make_release,     [WEFT_EVENT_RELEASE_GONE] = make_gone,
    [WEFT_EVENT_COMPLETED] = make_completed, [WEFT_EVENT_DOCUMENT_WANTED] = make_wanted,
    [WEFT_EVENT_DOCUMENT] = make_document,
};

static struct weft_event choose(struct input *input, uint8_t *bytes)
{
    struct weft_event event = {.kind = (enum weft_event_kind)(next(input) % WEFT_EVENT_KIND_COUNT)};
    struct draw draw = {.input = input, .bytes = bytes};
    draw.peer = node(next(input));
    draw.release = next(input) % RELEASES + 1U;
    draw.chunk = next(input) % (CHUNKS + 1);
    draw.token = next(input) % 8;
    if (makers[event.kind] != NULL) {
        makers[event.kind](&event, &draw);
    }
    return event;
}

/* What must hold after every step. */
static void check(const struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        const struct weft_release *release = &core->releases.items[i];
        uint32_t words = weft_bitmap_words(core->config.chunks_max);
        if (release->id != 0 && weft_bitmap_count(release->have, words) != release->have_count) {
            abort();
        }
    }
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        uint32_t words = weft_bitmap_words(core->config.chunks_max);
        bool used = download->release != WEFT_RELEASE_NONE;
        if (used && (core->releases.items[download->release].download != i ||
                     weft_bitmap_count(download->busy, words) != download->in_flight)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct weft_action_queue queue;
    static uint8_t bytes[BYTES_MAX];
    struct input input = {.at = data, .end = data + size};
    struct weft_config config = weft_config_default();
    config.members_max = 8;
    config.links_max = 4;
    config.remotes_max = 4;
    config.releases_max = 2;
    config.downloads_max = 2;
    config.chunks_max = 64;
    size_t memory_bytes = weft_core_size(&config);
    void *memory = calloc(1, memory_bytes);
    struct weft_host host = {0};
    struct weft_core *core = weft_core_init(memory, memory_bytes, &config, &host);
    struct weft_event event = {.kind = WEFT_EVENT_START,
                               .start = {.self = node(0),
                                         .segment = weft_prefix_of(node(0).address.ip, 120),
                                         .incarnation = 1}};
    weft_ns now_ns = WEFT_NS_PER_S;
    while (input.at < input.end) {
        event.now_ns = now_ns;
        weft_action_reset(&queue);
        weft_core_step(core, &event, &queue);
        check(core);
        now_ns += next(&input) * 4 * WEFT_NS_PER_MS;
        event = choose(&input, bytes);
    }
    free(memory);
    return 0;
}
