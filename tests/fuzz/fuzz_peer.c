/* SPDX-License-Identifier: Apache-2.0 */
/* A table of peers that gets any packets, and requests and answers of admission on any bytes. The
 * input is packets, each behind its length (2 bytes); a length with the top bit is an answer to who
 * joins. Checked: nothing is delivered that nobody sealed, no packet is answered by more bytes than
 * it has. */
#include "node/join_client.h"
#include "node/log.h"
#include "node/peer.h"
#include "tests/fuzz/replay.h"

#include <sodium.h>
#include <string.h>

static size_t answered;

static void on_send(void *context, const struct weft_address *to, const uint8_t *bytes,
                    size_t length, bool local)
{
    (void)context;
    (void)to;
    (void)bytes;
    (void)local;
    answered += length;
}

static void on_deliver(void *context, const struct weft_endpoint *from, uint8_t hop_limit,
                       const uint8_t *bytes, size_t length)
{
    (void)context;
    (void)from;
    (void)hop_limit;
    (void)bytes;
    (void)length;
    WEFT_FUZZ_CHECK(false);
}

static void on_id(void *context, weft_node_id id)
{
    (void)context;
    (void)id;
}

static void on_revoked(void *context)
{
    (void)context;
}

static void feed(struct weft_peers *peers, struct weft_membership *membership, const uint8_t *bytes,
                 size_t length, weft_ns now_ns)
{
    const struct weft_address from = {.ip = {[10] = 0xff, 0xff, 10, 0, 0, 1}, .port = 7};
    size_t size = ((size_t)bytes[0] << 8 | bytes[1]) & 0x7fff;
    size = size < length - 2 ? size : length - 2;
    if ((bytes[0] & 0x80) != 0) {
        struct weft_membership copy = *membership;
        struct weft_message message;
        WEFT_FUZZ_CHECK(weft_join_client_take(&copy, bytes + 2, size, &message) != WEFT_ERR_OK);
        return;
    }
    answered = 0;
    weft_peers_receive(peers, &from, 255, bytes + 2, size, now_ns);
    WEFT_FUZZ_CHECK(answered <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct weft_peers_host host = {NULL,  on_send,    on_deliver, on_id,
                                         on_id, on_revoked, on_revoked};
    static struct weft_membership membership;
    struct weft_noise_pair own = {.secret = {0, 1}};
    weft_ns now_ns = WEFT_NS_PER_S;
    weft_log_level(WEFT_LOG_ERROR);
    weft_noise_publish(&own);
    weft_membership_open(&membership, (const uint8_t *)"root", 4, &own);
    struct weft_peers *peers = weft_peers_new(&membership, &host, 1, now_ns);
    /* Somebody is asked for, so that answers and cookies mean something. */
    const struct weft_endpoint peer = {.id = 5, .address = {.ip = {1}, .port = 2}};
    weft_peers_send(peers, &peer, (const uint8_t *)"x", 1, true, now_ns);
    while (length > 2) {
        size_t size = ((size_t)bytes[0] << 8 | bytes[1]) & 0x7fff;
        feed(peers, &membership, bytes, length, now_ns);
        now_ns += 100 * WEFT_NS_PER_MS;
        weft_peers_expire(peers, now_ns);
        size = size + 2 < length ? size + 2 : length;
        bytes += size;
        length -= size;
    }
    weft_peers_free(peers);
    return 0;
}
