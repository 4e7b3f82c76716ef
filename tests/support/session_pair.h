/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions on the loopback, and what they told their owners, for test_session and
 * test_stream. */
#ifndef WEFT_TESTS_SESSION_PAIR_H
#define WEFT_TESTS_SESSION_PAIR_H

#include "node/session.h"

#define MESH UINT64_C(0x1122334455667788)
#define RELEASE UINT64_C(0xabcdef0123456789)

/* What one session told its owner. */
struct owner {
    struct weft_session *session;             /* NULL = closed */
    struct weft_membership membership;        /* own keys and certificate */
    weft_node_id id;                          /* own */
    uint8_t number;                           /* as given to open_owner() */
    uint32_t revocations;                     /* newer ones taken */
    uint32_t datagrams;                       /* calls so far, likewise below */
    uint32_t ups;                             /* streams up */
    uint32_t downs;                           /* streams down */
    uint32_t frames;                          /* control frames */
    uint32_t offers;                          /* bulk begun */
    uint32_t receives;                        /* bulk received or lost */
    uint32_t sents;                           /* bulk sent or lost */
    uint32_t requests;                        /* documents asked for */
    struct weft_endpoint last_from;           /* of the last datagram or stream */
    uint8_t last_hops;                        /* hop limit of the last datagram */
    size_t last_length;                       /* of the last datagram or frame */
    uint8_t last_bytes[WEFT_FRAME_BYTES_MAX]; /* likewise */
    weft_node_id last_up;                     /* peer of the last stream up */
    bool last_opened_here;                    /* of it */
    enum weft_err last_down;                  /* why the last one went down */
    enum weft_err last_sent;                  /* how the last bulk ended */
    enum weft_err last_received;              /* likewise */
    struct weft_bulk last_bulk;               /* received */
    uint8_t *got;                             /* bytes of it, owned */
    bool refuse;                              /* bulk on offer */
    char path[WEFT_PATH_BYTES_MAX + 32];      /* "TOKEN PATH" of the last request */
    char order[256];                          /* U D F O R S, one letter a call */
};

/* The loop of both. */
extern uv_loop_t loop;

/* Keys and certificate of test node |number| in |mesh|; the id begins with the byte |number|, so
 * that ids are in the order of numbers. */
struct weft_membership *membership_of(uint8_t number, uint64_t mesh);

/* The id of test node |number| in MESH. */
weft_node_id id_of(uint8_t number);

/* Let a certificate of MESH expire. */
void expire_membership(struct weft_membership *membership);

/* The first of two sessions, node 1. */
extern struct owner a;

/* The second one, node 2. */
extern struct owner b;

/* Open a session of test node |number| on the address |ip| (IPv4 as ::ffff:a.b.c.d), port 0. */
void open_owner(struct owner *owner, uint8_t number, const char *ip, uint64_t mesh);

/* Make the loop and open both on 127.0.0.1. */
void start(void);

/* Close both and the loop. */
void stop(void);

/* Where |owner| is reached. */
struct weft_endpoint endpoint_of(const struct owner *owner);

/* Run the loop until |counter| reaches |value|; false if that does not come for very long. */
bool wait_for(const uint32_t *counter, uint32_t value);

/* Run the loop for |ms|. */
void pass(uint64_t ms);

/* Connect the first to the second. */
void link_up(void);

/* A chunk of a known pattern for |peer|; bytes are malloc()ed. */
struct weft_bulk chunk_of(weft_node_id peer, uint32_t number, uint32_t length);

/* Does |bytes| have that pattern? */
bool is_chunk(const uint8_t *bytes, uint32_t number, uint32_t length);

/* A plain socket connected to |owner| from 127.0.0.|place|. */
int dial_from(const struct owner *owner, uint8_t place);

/* A plain socket connected to |owner|. */
int dial(const struct owner *owner);

/* The same after the handshake and a HELLO as test node |number|, if it is answered. */
int dial_and_greet(const struct owner *owner, uint8_t number);

/* The same with keys and certificate of |self|. */
int dial_as(const struct owner *owner, const struct weft_membership *self);

/* Seal and send bytes[length] on a socket of the two functions above; what was sent. */
size_t say(int fd, const void *bytes, size_t length);

/* Did the other side close |fd|, after whatever it sent? */
bool is_closed(int fd);

#endif
