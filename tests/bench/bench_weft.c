/* SPDX-License-Identifier: Apache-2.0 */
/* What encryption costs in the code that nodes run: see bench_weft.h. Both ends of everything are
 * in this process. */
#include "tests/bench/bench_weft.h"

#include "tests/bench/measure.h"

#include "node/peer_state.h"
#include "node/stream_seal.h"
#include "protocol/transport/packet.h"
#include "protocol/trust/sha256.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a chunk received, opened and hashed, on one core. */
static const double goal_bytes_per_s = 1e9;

/* Two ends and a chunk between them. */
struct ends {
    struct weft_noise_pair opener;        /* static keys */
    struct weft_noise_pair answerer;      /* static keys */
    struct weft_cipher sending;           /* of the opener */
    struct weft_cipher receiving;         /* of the answerer, the same key */
    struct weft_bulk_cipher *sealing;     /* of a stream; owned */
    struct weft_bulk_cipher *opening;     /* of a stream; owned */
    uint8_t *plain;                       /* [bytes] the chunk */
    uint8_t *opened;                      /* [bytes] the chunk that came */
    uint8_t *sealed;                      /* [bytes] the chunk in records, without their tags */
    uint8_t (*tags)[WEFT_AEAD_TAG_BYTES]; /* of the records; owned */
    size_t bytes;                         /* of the chunk */
};

static void must(bool is_right)
{
    if (!is_right) {
        fprintf(stderr, "bench-crypto: the two ends do not understand each other\n");
        exit(EXIT_FAILURE);
    }
}

/* ---- Handshake ---- */

/* A whole handshake, both sides, with the payloads of packets. */
static void shake(const void *context)
{
    static const uint8_t secrets[2][WEFT_NOISE_KEY_BYTES] = {{7}, {8}};
    static const uint8_t payload[WEFT_GREETING_BYTES];
    struct ends *ends = *(struct ends *const *)context;
    struct weft_noise noise[2];
    struct weft_cipher unused[2];
    uint8_t message[WEFT_PACKET_INIT_BYTES];
    uint8_t got[WEFT_GREETING_BYTES];
    weft_noise_begin(&noise[0], &ends->opener, ends->answerer.open, "weft", 4);
    weft_noise_begin(&noise[1], &ends->answerer, NULL, "weft", 4);
    must(weft_noise_write_1(&noise[0], secrets[0], payload, WEFT_GREETING_BYTES, message) &&
         weft_noise_read_1(&noise[1], message, WEFT_PACKET_1_BYTES, got) &&
         weft_noise_write_2(&noise[1], secrets[1], payload, WEFT_CERTIFICATE_BYTES, message) &&
         weft_noise_read_2(&noise[0], message, WEFT_PACKET_2_BYTES, got));
    weft_noise_split(&noise[0], true, &ends->sending, &unused[0]);
    weft_noise_split(&noise[1], false, &unused[1], &ends->receiving);
}

/* ---- Datagrams and chunks ---- */

static void seal_datagram(const void *context)
{
    struct ends *ends = *(struct ends *const *)context;
    weft_aead_seal(ends->sending.key, 1, NULL, 0, ends->plain, WEFT_DATAGRAM_BYTES_MAX,
                   ends->sealed);
}

/* Bytes of the record at |at|. */
static size_t record_at(const struct ends *ends, size_t at)
{
    size_t left = ends->bytes - at;
    return left < WEFT_RECORD_BYTES_MAX ? left : WEFT_RECORD_BYTES_MAX;
}

static void seal_chunk(const void *context)
{
    const struct ends *ends = *(struct ends *const *)context;
    for (size_t at = 0; at < ends->bytes; at += WEFT_RECORD_BYTES_MAX) {
        must(weft_bulk_cipher_begin(ends->sealing, NULL, 0) &&
             weft_bulk_cipher_add(ends->sealing, ends->plain + at, record_at(ends, at),
                                  ends->sealed + at) &&
             weft_bulk_cipher_end(ends->sealing, ends->tags[at / WEFT_RECORD_BYTES_MAX]));
    }
}

/* Seal and open, as nonces go on at both ends alike; what sealing takes is taken off. */
static void pass_chunk(const void *context)
{
    const struct ends *ends = *(struct ends *const *)context;
    uint8_t digest[WEFT_SHA256_BYTES];
    seal_chunk(context);
    for (size_t at = 0; at < ends->bytes; at += WEFT_RECORD_BYTES_MAX) {
        must(weft_bulk_cipher_begin(ends->opening, NULL, 0) &&
             weft_bulk_cipher_add(ends->opening, ends->sealed + at, record_at(ends, at),
                                  ends->opened + at) &&
             weft_bulk_cipher_verify(ends->opening, ends->tags[at / WEFT_RECORD_BYTES_MAX]));
    }
    must(weft_sha256_of(ends->opened, ends->bytes, digest));
}

/* ---- Life ---- */

static void open_ciphers(struct ends *ends)
{
    ends->sealing = weft_bulk_cipher_new(&ends->sending, true);
    ends->opening = weft_bulk_cipher_new(&ends->receiving, false);
    must(ends->sealing != NULL && ends->opening != NULL);
}

static void close_ciphers(struct ends *ends)
{
    weft_bulk_cipher_free(ends->sealing);
    weft_bulk_cipher_free(ends->opening);
}

/* Heap of the two ciphers of a stream: the mean of many, as malloc keeps some of what is freed. */
static size_t ciphers_bytes(const struct ends *ends)
{
    enum { STREAMS = 256 };
    static struct ends streams[STREAMS];
    size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < STREAMS; i++) {
        streams[i] = *ends;
        open_ciphers(&streams[i]);
    }
    size_t bytes = (mallinfo2().uordblks - before) / STREAMS;
    for (size_t i = 0; i < STREAMS; i++) {
        close_ciphers(&streams[i]);
    }
    return bytes;
}

static void print_times(struct ends *ends, const struct bench_bounds *bounds)
{
    const void *context = &ends;
    double datagram_bound_s =
        bounds->copy_s * WEFT_DATAGRAM_BYTES_MAX / (double)bounds->chunk_bytes;
    double shake_s = bench_measure(shake, context, bounds->seconds) / 2;
    double datagram_s = bench_measure(seal_datagram, context, bounds->seconds);
    printf("speed of weft itself                                    of the bound\n");
    printf("  handshake, one side        %9.0f a second  %7.1f us each  %5.2f\n", 1 / shake_s,
           shake_s * 1e6, shake_s / bounds->secrets_s);
    printf("  datagram of %d, sealed   %9.0f a second  %7.2f us each  %5.1f\n",
           WEFT_DATAGRAM_BYTES_MAX, 1 / datagram_s, datagram_s * 1e6,
           datagram_s / datagram_bound_s);
    double seal_s = bench_measure(seal_chunk, context, bounds->seconds);
    close_ciphers(ends); /* nonces of the two ends must begin alike */
    open_ciphers(ends);
    double receive_s = bench_measure(pass_chunk, context, bounds->seconds) - seal_s;
    double rate = (double)ends->bytes / receive_s;
    printf("  chunk sealed in %d KiB     %9.2f GB/s                     %5.1f\n",
           WEFT_RECORD_BYTES_MAX / 1024, (double)ends->bytes / seal_s / 1e9,
           seal_s / bounds->copy_s);
    printf("  encrypted chunk path received: %.2f GB/s a core, opened and hashed  %5.1f; goal "
           "%.1f: %s\n",
           rate / 1e9, receive_s / bounds->copy_s, goal_bytes_per_s / 1e9,
           rate >= goal_bytes_per_s ? "reached" : "MISSED");
}

static void print_sizes(const struct ends *ends, size_t heap_bytes)
{
    size_t records = (ends->bytes + WEFT_RECORD_BYTES_MAX - 1) / WEFT_RECORD_BYTES_MAX;
    size_t more = records * WEFT_STREAM_SEAL_OVERHEAD;
    printf("sizes of weft itself\n");
    printf("  datagram               %6d bytes more, %.1f %% of %d\n", WEFT_PACKET_DATA_OVERHEAD,
           100.0 * WEFT_PACKET_DATA_OVERHEAD / WEFT_DATAGRAM_BYTES_MAX, WEFT_DATAGRAM_BYTES_MAX);
    printf("  chunk of %zu KiB      %6zu bytes more, %.3f %%\n", ends->bytes / 1024, more,
           100.0 * (double)more / (double)ends->bytes);
    printf("  handshake              %6d bytes and %d back\n", WEFT_PACKET_INIT_BYTES,
           WEFT_PACKET_ANSWER_BYTES);
    printf("  memory of a peer       %6zu bytes, %zu more during a handshake\n",
           sizeof(struct weft_peer), sizeof(struct weft_attempt));
    printf("  memory of a stream     %6zu bytes and %zu of its ciphers; %d while it sends\n",
           sizeof(struct weft_stream_seal), heap_bytes, WEFT_STREAM_SEAL_OUT_BYTES);
}

static bool allocate(struct ends *ends)
{
    ends->plain = calloc(1, ends->bytes);
    ends->opened = calloc(1, ends->bytes);
    ends->sealed = calloc(1, ends->bytes + WEFT_AEAD_TAG_BYTES);
    ends->tags = calloc(ends->bytes / WEFT_RECORD_BYTES_MAX + 1, sizeof(*ends->tags));
    return ends->plain != NULL && ends->opened != NULL && ends->sealed != NULL &&
           ends->tags != NULL;
}

static void release(struct ends *ends)
{
    close_ciphers(ends);
    free(ends->plain);
    free(ends->opened);
    free(ends->sealed);
    free(ends->tags);
}

bool bench_weft(const struct bench_bounds *bounds)
{
    struct ends ends = {
        .bytes = bounds->chunk_bytes, .opener.secret = {1, 2, 3}, .answerer.secret = {4, 5, 6}};
    struct ends *context = &ends;
    bool is_made = allocate(&ends);
    if (is_made) {
        weft_noise_publish(&ends.opener);
        weft_noise_publish(&ends.answerer);
        shake(&context);
        print_sizes(&ends, ciphers_bytes(&ends));
        open_ciphers(&ends);
        print_times(&ends, bounds);
    } else {
        fprintf(stderr, "bench-crypto: out of memory\n");
    }
    release(&ends);
    return is_made;
}
