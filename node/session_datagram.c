/* SPDX-License-Identifier: Apache-2.0 */
/* Packets, in batches: one system call carries up to WEFT_SESSION_BATCH of them. What is in them is
 * the business of peer.h. */
#include "session_socket.h"
#include "session_state.h"

#include "../protocol/transport/packet.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Hop limit of a datagram for the own segment, and of any other: the usual one. */
#define HOPS_LOCAL 255
#define HOPS_FAR 64

/* Room for the hop limit of both IP versions. */
#define ANCILLARY_BYTES (2 * CMSG_SPACE(sizeof(int)))

struct slot {
    struct sockaddr_storage address;                             /* other side */
    struct iovec piece;                                          /* of bytes */
    _Alignas(struct cmsghdr) uint8_t ancillary[ANCILLARY_BYTES]; /* hop limit */
    uint8_t bytes[WEFT_PACKET_DATA_BYTES_MAX + 1]; /* one more, so that a longer one is noticed */
};

struct weft_session_outbox {
    struct mmsghdr out[WEFT_SESSION_BATCH];    /* [out_count], to send */
    struct mmsghdr in[WEFT_SESSION_BATCH];     /* to receive into */
    struct slot out_slots[WEFT_SESSION_BATCH]; /* of out */
    struct slot in_slots[WEFT_SESSION_BATCH];  /* of in */
    unsigned int out_count;                    /* entries of out in use */
};

static void handle(struct weft_session *session, struct mmsghdr *header, const struct slot *slot)
{
    struct weft_address from = weft_session_socket_from(&slot->address);
    weft_peers_receive(session->peers, &from, weft_session_socket_hops(&header->msg_hdr),
                       slot->bytes, header->msg_len, uv_hrtime());
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct weft_session *session = poll->data;
    struct weft_session_outbox *outbox = session->outbox;
    (void)events;
    if (status < 0) {
        return;
    }
    weft_notice_deliver(session);
    for (size_t i = 0; i < WEFT_SESSION_BATCH; i++) {
        struct msghdr *message = &outbox->in[i].msg_hdr;
        message->msg_namelen = sizeof(outbox->in_slots[i].address);
        message->msg_controllen = ANCILLARY_BYTES;
    }
    int count = recvmmsg(session->datagram_fd, outbox->in, WEFT_SESSION_BATCH, MSG_DONTWAIT, NULL);
    /* The rest waits for the next turn of the loop, so that streams are served in between. */
    for (int i = 0; i < count && !session->closing; i++) {
        handle(session, &outbox->in[i], &outbox->in_slots[i]);
    }
    weft_notice_deliver(session);
}

static void set_up(struct mmsghdr *header, struct slot *slot)
{
    slot->piece = (struct iovec){.iov_base = slot->bytes, .iov_len = sizeof(slot->bytes)};
    header->msg_hdr = (struct msghdr){.msg_name = &slot->address,
                                      .msg_iov = &slot->piece,
                                      .msg_iovlen = 1,
                                      .msg_control = slot->ancillary};
}

enum weft_err weft_session_datagram_open(struct weft_session *session)
{
    struct weft_session_outbox *outbox = calloc(1, sizeof(*outbox));
    if (outbox == NULL) {
        return WEFT_ERR_MEMORY;
    }
    for (size_t i = 0; i < WEFT_SESSION_BATCH; i++) {
        set_up(&outbox->in[i], &outbox->in_slots[i]);
        set_up(&outbox->out[i], &outbox->out_slots[i]);
    }
    session->outbox = outbox;
    if (uv_poll_init(session->config.loop, &session->datagram_poll, session->datagram_fd) != 0) {
        return WEFT_ERR_IO;
    }
    session->datagram_poll.data = session;
    session->handle_count++;
    uv_poll_start(&session->datagram_poll, UV_READABLE, on_readable);
    return WEFT_ERR_OK;
}

void weft_session_datagram_close(struct weft_session *session)
{
    free(session->outbox);
    session->outbox = NULL;
}

void weft_session_datagram_flush(struct weft_session *session)
{
    struct weft_session_outbox *outbox = session->outbox;
    unsigned int done = 0;
    while (done < outbox->out_count) {
        int sent = sendmmsg(session->datagram_fd, outbox->out + done, outbox->out_count - done,
                            MSG_DONTWAIT);
        /* The one it failed at is lost (no route, for example); the others are tried. */
        done += sent > 0 ? (unsigned int)sent : 1;
    }
    outbox->out_count = 0;
}

/* Ask for a hop limit, by the IP version that carries the datagram. */
static void set_hop_limit(struct msghdr *message, int family, int hops)
{
    message->msg_controllen = CMSG_SPACE(sizeof(hops));
    struct cmsghdr *item = CMSG_FIRSTHDR(message);
    item->cmsg_level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
    item->cmsg_type = family == AF_INET ? IP_TTL : IPV6_HOPLIMIT;
    item->cmsg_len = CMSG_LEN(sizeof(hops));
    memcpy(CMSG_DATA(item), &hops, sizeof(hops));
}

void weft_session_datagram_put(void *context, const struct weft_address *to, const uint8_t *bytes,
                               size_t length, bool local)
{
    struct weft_session *session = context;
    struct weft_session_outbox *outbox = session->outbox;
    if (outbox == NULL || session->closing) {
        return;
    }
    if (outbox->out_count == WEFT_SESSION_BATCH) {
        weft_session_datagram_flush(session);
    }
    struct slot *slot = &outbox->out_slots[outbox->out_count];
    struct msghdr *message = &outbox->out[outbox->out_count].msg_hdr;
    message->msg_namelen = weft_session_socket_to(to, &slot->address);
    set_hop_limit(message, slot->address.ss_family, local ? HOPS_LOCAL : HOPS_FAR);
    memcpy(slot->bytes, bytes, length);
    slot->piece.iov_len = length;
    outbox->out_count++;
}

void weft_session_datagram(struct weft_session *session, const struct weft_endpoint *to,
                           const uint8_t *bytes, size_t length, bool local)
{
    if (length > 0 && length <= WEFT_DATAGRAM_BYTES_MAX && to->address.port != 0) {
        weft_peers_send(session->peers, to, bytes, length, local, uv_hrtime());
    }
}
