/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of peers on a network without sockets, in virtual time, for test_peer and
 * attack_handshake: every packet waits in a queue until a test delivers it. */
#ifndef WEFT_TESTS_PEER_NET_H
#define WEFT_TESTS_PEER_NET_H

#include "node/peer.h"
#include "protocol/transport/packet.h"

enum { NODES = 24, QUEUE = 4096 };

struct packet {
    struct weft_address from;                  /* sender */
    struct weft_address to;                    /* receiver */
    size_t length;                             /* of bytes */
    uint8_t bytes[WEFT_PACKET_DATA_BYTES_MAX]; /* as sent */
};

struct node {
    struct weft_peers *peers;          /* NULL = it does not run */
    struct weft_membership membership; /* keys and certificate */
    struct weft_endpoint self;         /* id and address */
    uint32_t heard;                    /* datagrams delivered */
    weft_node_id last_from;            /* sender of the last one */
    uint8_t last[32];                  /* its first bytes */
    uint32_t known;                    /* keys told */
    uint32_t lost;                     /* peers given up */
    uint32_t revoked;                  /* revocations taken */
    uint32_t cloned;                   /* identities found in two places */
    size_t bytes_out;                  /* sent */
};

/* All of them; members of mesh 0 until a test admits them elsewhere. */
extern struct node nodes[NODES];

/* Packets under way, and how many. */
extern struct packet queue[QUEUE];

/* Packets under way. */
extern uint32_t queued;

/* The time. */
extern weft_ns now_ns;

/* The last packet of the kind |tap| that was sent. */
extern struct packet tapped;

/* Kind to keep; NONE = none. */
extern enum weft_packet_kind tap;

/* Three of ten packets are lost. */
extern bool is_lossy;

/* Random numbers of the tests. */
extern uint64_t rng;

/* Keys of two meshes. */
extern uint8_t mesh_secret[2][WEFT_MESH_SECRET_BYTES];

/* Likewise. */
extern uint8_t mesh[2][WEFT_MESH_KEY_BYTES];

/* The address of node |number|, and of others that nobody has. */
struct weft_address net_address_of(uint32_t number);

/* Give |node| a certificate of mesh |which|, valid in [from_s, to_s). */
void net_admit(struct node *node, int which, uint64_t from_s, uint64_t to_s);

/* Make the table of |node|. */
void net_run(struct node *node);

/* Make keys and all nodes. */
void net_start(void);

/* Free all tables. */
void net_stop(void);

/* Deliver everything that is under way, and what comes of it. */
void net_settle(void);

/* Let |ms| pass, delivering all the time. */
void net_pass(uint64_t ms);

/* Send |text| from |from| to |to|. */
void net_say(struct node *from, const struct weft_endpoint *to, const char *text);

#endif
