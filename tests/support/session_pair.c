/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions on the loopback; see session_pair.h. */
#include "tests/support/session_pair.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

void open_owner(struct owner *owner, weft_node_id id, const char *ip, uint64_t mesh)
{
    char message[256];
    struct weft_session_config config = {
        .loop = &loop,
        .self = id,
        .mesh = mesh,
        .handler = {owner, on_datagram, on_up, on_down, on_frame, on_offer, on_received, on_sent,
                    on_request},
    };
    memset(owner, 0, sizeof(*owner));
    owner->id = id;
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

static void on_alarm(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Run the loop until |counter| reaches |value|, at most |limit_ms|. */
bool wait_for(const uint32_t *counter, uint32_t value, uint64_t limit_ms)
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

/* Let time pass. */
void pass(uint64_t ms)
{
    const uint32_t never = 0;
    wait_for(&never, 1, ms);
}

void link_up(void)
{
    struct weft_endpoint to = endpoint_of(&b);
    weft_session_connect(a.session, &to);
    ck_assert(wait_for(&a.ups, 1, 2000));
    ck_assert(wait_for(&b.ups, 1, 2000));
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
int dial(const struct owner *owner)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(weft_session_address(owner->session).port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
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

/* Say a right HELLO by hand as node |id|. */
int dial_and_greet(const struct owner *owner, uint8_t id)
{
    uint8_t hello[] = {0,    0,    0,    15,   0x95, 67,   1, 0xcf, 0x11, 0x22,
                       0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 9,    0};
    int fd = dial(owner);
    hello[16] = id;
    hello[18] = 0;
    hello[3] = 14;
    ck_assert_int_eq(send(fd, hello, 18, 0), 18);
    return fd;
}
