/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions on the loopback; see session_pair.h. */
#include "tests/support/session_pair.h"

#include "node/stream_seal.h"
#include "node/stream_wire.h"
#include "protocol/transport/packet.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uv_loop_t loop;
struct owner a;
struct owner b;

static void note(struct owner *owner, char letter)
{
    size_t length = strlen(owner->order);
    if (length + 1 < sizeof(owner->order)) {
        owner->order[length] = letter;
    }
}

static void on_datagram(void *context, const struct weft_endpoint *from, uint8_t hop_limit,
                        const uint8_t *bytes, size_t length)
{
    struct owner *owner = context;
    owner->datagrams++;
    owner->last_from = *from;
    owner->last_hops = hop_limit;
    owner->last_length = length;
    memcpy(owner->last_bytes, bytes, length);
}

static void on_up(void *context, const struct weft_endpoint *peer, bool opened_here)
{
    struct owner *owner = context;
    owner->ups++;
    owner->last_up = peer->id;
    owner->last_from = *peer;
    owner->last_opened_here = opened_here;
    note(owner, 'U');
}

static void on_down(void *context, weft_node_id peer, enum weft_err why)
{
    struct owner *owner = context;
    (void)peer;
    owner->downs++;
    owner->last_down = why;
    note(owner, 'D');
}

static void on_frame(void *context, weft_node_id peer, const uint8_t *bytes, size_t length)
{
    struct owner *owner = context;
    (void)peer;
    owner->frames++;
    owner->last_length = length;
    memcpy(owner->last_bytes, bytes, length);
    note(owner, 'F');
}

static uint8_t *on_offer(void *context, const struct weft_bulk *bulk)
{
    struct owner *owner = context;
    owner->offers++;
    note(owner, 'O');
    ck_assert_ptr_null(bulk->bytes);
    return owner->refuse ? NULL : malloc(bulk->length + 1);
}

static void on_received(void *context, const struct weft_bulk *bulk, enum weft_err result)
{
    struct owner *owner = context;
    owner->receives++;
    owner->last_received = result;
    owner->last_bulk = *bulk;
    free(owner->got);
    owner->got = bulk->bytes;
    note(owner, 'R');
}

static void on_sent(void *context, const struct weft_bulk *bulk, enum weft_err result)
{
    struct owner *owner = context;
    owner->sents++;
    owner->last_sent = result;
    free(bulk->bytes);
    note(owner, 'S');
}

static void on_request(void *context, weft_node_id peer, uint64_t token, const char *path)
{
    struct owner *owner = context;
    (void)peer;
    owner->requests++;
    snprintf(owner->path, sizeof(owner->path), "%llu %s", (unsigned long long)token, path);
}

/* Keys that were made already. */
static struct {
    bool is_made;                      /* the rest counts */
    struct weft_membership membership; /* of the number */
} made[2][256];

static void sign(struct weft_membership *membership, uint64_t mesh, uint64_t not_after_s)
{
    uint8_t seed[32] = {(uint8_t)mesh};
    uint8_t secret[WEFT_MESH_SECRET_BYTES];
    uint64_t now_s = weft_membership_now_s();
    struct weft_certificate certificate = {
        .serial = 7, .not_before_s = now_s - 4000, .not_after_s = not_after_s, .name = "test"};
    crypto_sign_ed25519_seed_keypair(membership->mesh, secret, seed);
    memcpy(membership->signer, membership->mesh, sizeof(membership->signer));
    memcpy(certificate.key, membership->own.open, 32);
    weft_certificate_sign(&certificate, membership->mesh, secret, membership->certificate);
    ck_assert_int_eq(weft_membership_complete(membership), WEFT_DOUBT_NONE);
}

struct weft_membership *membership_of(uint8_t number, uint64_t mesh)
{
    struct weft_membership *membership = &made[mesh & 1][number].membership;
    while (!made[mesh & 1][number].is_made) {
        membership->own.secret[0] = number;
        membership->own.secret[1]++;
        if (membership->own.secret[1] == 0) {
            membership->own.secret[2]++;
        }
        membership->contact.secret[0] = (uint8_t)mesh;
        weft_noise_publish(&membership->own);
        made[mesh & 1][number].is_made = weft_certificate_id(membership->own.open) >> 56 == number;
    }
    sign(membership, mesh, weft_membership_now_s() + 86400);
    return membership;
}

weft_node_id id_of(uint8_t number)
{
    return membership_of(number, MESH)->id;
}

void expire_membership(struct weft_membership *membership)
{
    sign(membership, MESH, weft_membership_now_s() - 1);
}

static void on_revoked(void *context)
{
    struct owner *owner = context;
    owner->revocations++;
}

void open_owner(struct owner *owner, uint8_t number, const char *ip, uint64_t mesh)
{
    char message[256];
    memset(owner, 0, sizeof(*owner));
    owner->membership = *membership_of(number, mesh);
    owner->id = owner->membership.id;
    owner->number = number;
    struct weft_session_config config = {
        .loop = &loop,
        .membership = &owner->membership,
        .time_ms = (uint64_t)time(NULL) * 1000,
        .handler = {.context = owner,
                    .datagram = on_datagram,
                    .up = on_up,
                    .down = on_down,
                    .frame = on_frame,
                    .offer = on_offer,
                    .received = on_received,
                    .sent = on_sent,
                    .request = on_request,
                    .revoked = on_revoked},
    };
    ck_assert_int_eq(inet_pton(AF_INET6, ip, config.listen.ip), 1);
    ck_assert_int_eq(weft_session_open(&owner->session, &config, message, sizeof(message)), 0);
}

struct weft_endpoint endpoint_of(const struct owner *owner)
{
    return (struct weft_endpoint){.id = owner->id, .address = weft_session_address(owner->session)};
}

void start(void)
{
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    open_owner(&a, 1, "::ffff:127.0.0.1", MESH);
    open_owner(&b, 2, "::ffff:127.0.0.1", MESH);
}

void stop(void)
{
    weft_session_close(a.session);
    weft_session_close(b.session);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    free(a.got);
    free(b.got);
}

/* What comes at once on an idle machine has come by then on any other. */
#define PATIENCE_MS 30000

static void on_alarm(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Run the loop until |counter| reaches |value|, at most |limit_ms|. */
static bool run_until(const uint32_t *counter, uint32_t value, uint64_t limit_ms)
{
    bool over = false;
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    timer.data = &over;
    uv_timer_start(&timer, on_alarm, limit_ms, 0);
    while (*counter < value && !over) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    return *counter >= value;
}

bool wait_for(const uint32_t *counter, uint32_t value)
{
    return run_until(counter, value, PATIENCE_MS);
}

void pass(uint64_t ms)
{
    const uint32_t never = 0;
    run_until(&never, 1, ms);
}

void link_up(void)
{
    struct weft_endpoint to = endpoint_of(&b);
    weft_session_connect(a.session, &to);
    ck_assert(wait_for(&a.ups, 1));
    ck_assert(wait_for(&b.ups, 1));
}

struct weft_bulk chunk_of(weft_node_id peer, uint32_t number, uint32_t length)
{
    struct weft_bulk bulk = {.kind = WEFT_BULK_CHUNK,
                             .peer = peer,
                             .name = RELEASE,
                             .number = number,
                             .length = length,
                             .bytes = malloc(length + 1)};
    for (uint32_t i = 0; i < length; i++) {
        bulk.bytes[i] = (uint8_t)(i * 31 + number);
    }
    return bulk;
}

bool is_chunk(const uint8_t *bytes, uint32_t number, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (bytes[i] != (uint8_t)(i * 31 + number)) {
            return false;
        }
    }
    return true;
}

/* A plain socket connected to |owner|. */
int dial_from(const struct owner *owner, uint8_t place)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK + place - 1)};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(weft_session_address(owner->session).port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

int dial(const struct owner *owner)
{
    return dial_from(owner, 1);
}

/* Did the other side close |fd| after whatever it sent? */
bool is_closed(int fd)
{
    uint8_t bytes[4096];
    ssize_t got = 1;
    for (int i = 0; i < 100 && got > 0; i++) {
        got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    }
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

/* What a socket that proved itself seals with, by descriptor. */
static struct weft_cipher ciphers[1024];

/* Write and read the two messages; false if the other side did not answer. */
static bool shake_hands(int fd, const struct owner *owner, const struct weft_membership *self)
{
    uint8_t greeting_bytes[WEFT_GREETING_BYTES];
    uint8_t message[WEFT_STREAM_SEAL_PREFIX_BYTES + WEFT_PACKET_1_BYTES];
    uint8_t certificate[WEFT_CERTIFICATE_BYTES];
    uint8_t ephemeral[32];
    struct weft_noise noise;
    struct weft_cipher receiving;
    const struct weft_greeting greeting = {.time_ms = 1, .certificate = self->certificate};
    size_t got = 0;
    weft_greeting_put(&greeting, greeting_bytes);
    randombytes_buf(ephemeral, sizeof(ephemeral));
    weft_noise_begin(&noise, &self->own, owner->membership.own.open, self->prologue,
                     sizeof(self->prologue));
    ck_assert(
        weft_noise_write_1(&noise, ephemeral, greeting_bytes, sizeof(greeting_bytes), message + 2));
    weft_bytes_put(message, 2, WEFT_PACKET_1_BYTES);
    ck_assert_int_eq(send(fd, message, sizeof(message), MSG_NOSIGNAL), (ssize_t)sizeof(message));
    for (int i = 0; i < 200 && got < WEFT_PACKET_2_BYTES + 2; i++) {
        ssize_t some = recv(fd, message + got, WEFT_PACKET_2_BYTES + 2 - got, MSG_DONTWAIT);
        if (some == 0 || (some < 0 && errno != EAGAIN)) {
            return false;
        }
        got += some > 0 ? (size_t)some : 0;
        if (some < 0) {
            pass(1);
        }
    }
    if (got < WEFT_PACKET_2_BYTES + 2) {
        return false;
    }
    ck_assert(weft_noise_read_2(&noise, message + 2, WEFT_PACKET_2_BYTES, certificate));
    weft_noise_split(&noise, true, &ciphers[fd], &receiving);
    return true;
}

size_t say(int fd, const void *bytes, size_t length)
{
    static uint8_t record[WEFT_STREAM_SEAL_REST_BYTES];
    size_t said = 0;
    while (said < length) {
        size_t now = length - said < WEFT_RECORD_BYTES_MAX ? length - said : WEFT_RECORD_BYTES_MAX;
        weft_bytes_put(record, 2, now + WEFT_AEAD_TAG_BYTES);
        weft_cipher_seal(&ciphers[fd], record, 2, (const uint8_t *)bytes + said, now, record + 2);
        size_t size = now + WEFT_STREAM_SEAL_OVERHEAD;
        size_t at = 0;
        for (int i = 0; i < 2000 && at < size; i++) {
            ssize_t sent = send(fd, record + at, size - at, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN) {
                return said;
            }
            at += sent > 0 ? (size_t)sent : 0;
            if (sent < 0) {
                pass(1);
            }
        }
        said += now;
    }
    return said;
}

int dial_as(const struct owner *owner, const struct weft_membership *self)
{
    int fd = dial(owner);
    ck_assert_int_lt(fd, 1024);
    if (shake_hands(fd, owner, self)) {
        uint8_t hello[WEFT_STREAM_WIRE_PREFIX_BYTES + WEFT_STREAM_WIRE_HELLO_BYTES_MAX];
        struct weft_stream_hello body = {
            .version = WEFT_PROTOCOL_VERSION, .mesh = self->tag, .id = self->id, .port = 9};
        uint32_t length = weft_stream_wire_put_hello(hello + WEFT_STREAM_WIRE_PREFIX_BYTES, &body);
        weft_stream_wire_put_length(hello, length);
        ck_assert_uint_gt(say(fd, hello, WEFT_STREAM_WIRE_PREFIX_BYTES + length), 0);
    }
    return fd;
}

int dial_and_greet(const struct owner *owner, uint8_t number)
{
    return dial_as(owner, membership_of(number, MESH));
}
