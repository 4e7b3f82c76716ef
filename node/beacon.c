/* SPDX-License-Identifier: Apache-2.0 */
/* Who else is on this link? When to send, and what is worth telling. */
#include "beacon.h"

#include "beacon_socket.h"
#include "log.h"

#include "../protocol/address.h"
#include "../protocol/transport/beacon.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Packets read in one turn of the loop; what a flood has more, the kernel drops. */
#define BATCH 16

struct weft_beacon {
    struct weft_beacon_config config;   /* as given */
    uint8_t key[WEFT_COOKIE_KEY_BYTES]; /* of the mac */
    struct weft_beacon_socket socket;   /* of the group */
    uv_poll_t poll;                     /* of socket */
    uv_timer_t timer;                   /* the next beacon */
    uint32_t heard_count;               /* of others in company, since the timer was set */
    bool is_answering;                  /* the next one answers a lone node */
    bool closing;                       /* weft_beacon_close() was called */
    uint32_t handle_count;              /* handles that are open */
};

static void on_timer(uv_timer_t *timer);

/* The next beacon in |mean_ms|, -50 to +50 %. */
static void plan(struct weft_beacon *beacon, uint32_t mean_ms)
{
    beacon->heard_count = 0;
    uv_timer_start(&beacon->timer, on_timer, mean_ms / 2 + randombytes_uniform(mean_ms), 0);
}

static void plan_next(struct weft_beacon *beacon)
{
    bool is_alone = beacon->config.is_alone(beacon->config.context);
    beacon->is_answering = false;
    plan(beacon, is_alone ? WEFT_BEACON_ALONE_MS : WEFT_BEACON_MS);
}

static void on_timer(uv_timer_t *timer)
{
    struct weft_beacon *beacon = timer->data;
    bool is_alone = beacon->config.is_alone(beacon->config.context);
    uint32_t enough = beacon->is_answering ? 1 : WEFT_BEACON_ENOUGH;
    if (is_alone || beacon->heard_count < enough) {
        uint8_t bytes[WEFT_BEACON_BYTES];
        const struct weft_beacon_sign sign = {.is_alone = is_alone,
                                              .port = beacon->config.listen.port};
        weft_beacon_put(&sign, beacon->key, bytes);
        weft_beacon_socket_send(&beacon->socket, bytes, sizeof(bytes));
    }
    plan_next(beacon);
}

static void on_beacon(struct weft_beacon *beacon, const struct weft_beacon_sign *sign,
                      const struct weft_address *from)
{
    const struct weft_beacon_config *config = &beacon->config;
    if (weft_address_equal(from, &config->listen)) {
        return; /* our own */
    }
    bool is_alone = config->is_alone(config->context);
    if (is_alone || !sign->is_alone) {
        config->heard(config->context, from); /* else the answer brings the lone one here */
    }
    if (!sign->is_alone) {
        beacon->heard_count++;
    } else if (!is_alone && !beacon->is_answering) {
        beacon->is_answering = true;
        plan(beacon, WEFT_BEACON_SOON_MS);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct weft_beacon *beacon = poll->data;
    uint8_t bytes[WEFT_BEACON_BYTES + 1];
    (void)events;
    for (int i = 0; i < BATCH && status == 0 && !beacon->closing; i++) {
        struct weft_address from;
        struct weft_beacon_sign sign;
        long length = weft_beacon_socket_receive(&beacon->socket, bytes, sizeof(bytes), &from);
        if (length < 0) {
            return;
        }
        if (weft_beacon_read(&sign, beacon->key, bytes, (size_t)length)) {
            from.port = sign.port;
            on_beacon(beacon, &sign, &from);
        }
    }
}

static bool start(struct weft_beacon *beacon)
{
    uv_loop_t *loop = beacon->config.loop;
    uv_timer_init(loop, &beacon->timer);
    beacon->timer.data = beacon;
    beacon->handle_count++;
    if (uv_poll_init(loop, &beacon->poll, beacon->socket.fd) != 0) {
        return false;
    }
    beacon->poll.data = beacon;
    beacon->handle_count++;
    uv_poll_start(&beacon->poll, UV_READABLE, on_readable);
    plan(beacon, WEFT_BEACON_SOON_MS); /* somebody may have moved in */
    return true;
}

struct weft_beacon *weft_beacon_open(const struct weft_beacon_config *config)
{
    struct weft_beacon *beacon = calloc(1, sizeof(*beacon));
    if (beacon == NULL) {
        return NULL;
    }
    beacon->config = *config;
    weft_beacon_key(beacon->key, config->membership->contact.open);
    if (!weft_beacon_socket_open(&beacon->socket, &config->listen)) {
        weft_log(WEFT_LOG_DEBUG, "no beacons: the interface of the own address has no multicast");
        free(beacon);
        return NULL;
    }
    if (!start(beacon)) {
        weft_beacon_close(beacon);
        return NULL;
    }
    return beacon;
}

static void on_closed(uv_handle_t *handle)
{
    struct weft_beacon *beacon = handle->data;
    if (--beacon->handle_count == 0) {
        sodium_memzero(beacon->key, sizeof(beacon->key));
        free(beacon);
    }
}

void weft_beacon_close(struct weft_beacon *beacon)
{
    if (beacon == NULL || beacon->closing) {
        return;
    }
    beacon->closing = true;
    uv_close((uv_handle_t *)&beacon->timer, on_closed);
    if (beacon->poll.data != NULL) {
        uv_close((uv_handle_t *)&beacon->poll, on_closed);
    }
    close(beacon->socket.fd);
}
