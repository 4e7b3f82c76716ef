/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the table of peers, shared by peer*.c and included by nobody else. What each file
 * answers:
 *   peer.c         what travels in sessions
 *   peer_table.c   which peer is meant
 *   peer_shake.c   handshakes, as opener and as answerer
 *   peer_clone.c   what follows when an identity runs in two places
 *   peer_gate.c    which first messages are worth a key exchange
 *   peer_gossip.c  how revocations travel */
#ifndef WEFT_PEER_STATE_H
#define WEFT_PEER_STATE_H

#include "clone.h"
#include "peer.h"

#include "../protocol/transport/packet.h"
#include "../protocol/transport/rate.h"
#include "../protocol/transport/window.h"

/* A session. The own index tells the place of the peer in the table in its low bits. */
struct weft_keypair {
    uint32_t own_index;        /* in what comes in; 0 = no session */
    uint32_t peer_index;       /* in what goes out */
    uint8_t send_key[32];      /* secret */
    uint8_t receive_key[32];   /* secret */
    uint64_t counter;          /* of the next packet out */
    struct weft_window window; /* of packets in */
    weft_ns since_ns;          /* when it began */
};

/* A session comes in as NEXT if the other end began it, and is CURRENT as soon as it is used by the
 * opener: before, nobody knows whether the answer arrived. */
enum { NEXT, CURRENT, PREVIOUS, KEYPAIRS };

/* A handshake that this node opened. */
struct weft_attempt {
    struct weft_noise noise;             /* after message 1 */
    uint32_t own_index;                  /* of the session to be */
    bool is_question;                    /* for the certificate, with the shared key */
    uint32_t tries;                      /* first messages sent */
    weft_ns sent_ns;                     /* when the last one was */
    uint8_t mac1[WEFT_COOKIE_MAC_BYTES]; /* of it */
    uint8_t cookie[WEFT_COOKIE_BYTES];   /* for the next one */
    bool has_cookie;                     /* cookie counts */
};

/* A datagram that waits for a session. */
struct weft_waiting {
    struct weft_waiting *next; /* NULL = last */
    size_t length;             /* of bytes */
    bool local;                /* hop limit 255 */
    uint8_t bytes[];           /* the datagram */
};

struct weft_peer {
    weft_node_id id;                     /* 0 = not known: a seed */
    struct weft_address address;         /* where it is reached */
    bool has_key;                        /* key counts */
    uint8_t key[32];                     /* static key that goes with the id */
    struct weft_certificate certificate; /* proved; valid once a session was made */
    uint64_t time_ms;                    /* of its newest greeting */
    struct weft_keypair pairs[KEYPAIRS]; /* sessions */
    struct weft_attempt *attempt;        /* NULL = none */
    struct weft_waiting *waiting;        /* oldest first */
    uint32_t waiting_count;              /* entries of waiting */
    weft_ns heard_ns;                    /* when it proved itself last */
    uint32_t unheard_count;              /* packets sent since then */
    weft_ns quota_ns;                    /* when its bucket of datagrams is full again */
    weft_ns quota_bytes_ns;              /* when its bucket of bytes is */
    weft_ns rest_until_ns;               /* no handshake before */
    struct weft_clone clone;             /* where it was heard */
};

/* Keys whose refusal was told. */
#define WEFT_PEER_DOUBTS 64

struct weft_peers {
    struct weft_membership *membership;      /* borrowed */
    struct weft_peers_host host;             /* copied */
    struct weft_cookie_keys own_keys;        /* of the own static key */
    struct weft_cookie_keys contact_keys;    /* of the shared key */
    uint64_t time_ms;                        /* of the last greeting */
    uint64_t base_ms;                        /* time_ms at the start */
    weft_ns base_ns;                         /* the start */
    struct weft_peer *items[WEFT_PEERS_MAX]; /* NULL = free */
    weft_node_id ids[WEFT_PEERS_MAX];        /* of items, dense for the search; 0 = free or seed */
    uint32_t waiting_total;                  /* datagrams that wait */
    weft_ns load_since_ns;                   /* begin of the second in which inits are counted */
    uint32_t load_count;                     /* of them */
    bool loaded;                             /* the second before had too many */
    uint64_t inits[WEFT_INITS_MAX];          /* mac1 of first messages that were here, by hash */
    uint8_t secrets[2][WEFT_COOKIE_KEY_BYTES]; /* of cookies, this period's and the last one's */
    weft_ns secret_since_ns;                   /* begin of the period */
    struct weft_rate rate;                     /* of first messages of proved addresses */
    struct weft_rate gone;                     /* of GONE packets */
    uint64_t doubts[WEFT_PEER_DOUBTS];         /* told; a ring */
    uint32_t doubt_count;                      /* ever told */
    weft_ns prove_ns;                          /* sessions of before are to be proved; 0 = none */
    struct weft_peers_refusal refusal;         /* of this node, the last one */
    weft_ns gossip_ns;                         /* when the number of the revocation was told last */
};

/* ---- peer.c ---- */

/* Seal and send one packet of |kind| in the session |pair|. */
void weft_peer_seal(struct weft_peers *peers, struct weft_peer *peer, struct weft_keypair *pair,
                    enum weft_packet_kind kind, const uint8_t *bytes, size_t length, bool local);

/* Send what waits for |peer|, in the session |pair|; NULL = drop it. */
void weft_peer_flush(struct weft_peers *peers, struct weft_peer *peer, struct weft_keypair *pair);

/* The session to send in; NULL if there is none. */
struct weft_keypair *weft_peer_pair(struct weft_peer *peer, weft_ns now_ns);

/* ---- peer_table.c ---- */

/* The peer |id|; NULL if there is none. */
struct weft_peer *weft_peer_find(const struct weft_peers *peers, weft_node_id id);

/* The peer that is asked for at |to|, by id, else by address; made if there is none.
 * Errors: NULL if out of memory. */
struct weft_peer *weft_peer_make(struct weft_peers *peers, const struct weft_endpoint *to);

/* A new index for a session of |peer|, never 0. */
uint32_t weft_peer_index(const struct weft_peers *peers, const struct weft_peer *peer);

/* The peer whose sessions or attempt may have |own_index|; NULL if there is none. */
struct weft_peer *weft_peer_at(const struct weft_peers *peers, uint32_t own_index);

/* Is |address| where |peer| is reached? */
bool weft_peer_is_at(const struct weft_peer *peer, const struct weft_address *address);

/* |peer| is |id|, whose key is |key|. Errors: false if |peer| was merged into another entry, which
 * is then *other. */
bool weft_peer_name(struct weft_peers *peers, struct weft_peer *peer, weft_node_id id,
                    const uint8_t key[32], struct weft_peer **other);

/* Forget |peer|. */
void weft_peer_drop(struct weft_peers *peers, struct weft_peer *peer);

/* ---- peer_shake.c ---- */

/* Begin a handshake with |peer| unless one is under way or it rests. */
void weft_peer_shake(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns);

/* An INIT that passed the gate; |with| is the key it was made for: own, or the shared one. */
void weft_peer_on_init(struct weft_peers *peers, const struct weft_address *from,
                       const uint8_t *bytes, bool is_question, weft_ns now_ns);

/* An ANSWER came. */
void weft_peer_on_answer(struct weft_peers *peers, const struct weft_address *from,
                         const uint8_t *bytes, weft_ns now_ns);

/* A COOKIE came. */
void weft_peer_on_cookie(struct weft_peers *peers, const uint8_t *bytes);

/* Repeat the first message of |peer|, or give up. */
void weft_peer_retry(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns);

/* End the attempt of |peer|, if there is one. */
void weft_peer_end_attempt(struct weft_peer *peer);

/* ---- peer_gate.c ---- */

/* An INIT came: drop it, answer with a cookie, or pass it on to weft_peer_on_init(). */
void weft_peer_gate(struct weft_peers *peers, const struct weft_address *from, const uint8_t *bytes,
                    weft_ns now_ns);

/* Begin a new period of cookies if it is time. */
void weft_peer_gate_expire(struct weft_peers *peers, weft_ns now_ns);

/* Is |mark|, of something that people are told once, new? It is remembered. */
bool weft_peer_is_first(struct weft_peers *peers, uint64_t mark);

/* ---- peer_clone.c ---- */

/* |peer| proved itself in a packet from |from|: is it a copy that gets nothing? Tells people. */
bool weft_peer_is_copy(struct weft_peers *peers, struct weft_peer *peer,
                       const struct weft_address *from, weft_ns now_ns);

/* Does |member|, who proved himself by a greeting of |time_ms|, have the identity of this node, and
 * is not itself? What it sent itself, and what was overheard, has no later time than its own last
 * greeting. Tells people. */
bool weft_peer_is_twin(struct weft_peers *peers, const struct weft_endpoint *member,
                       uint64_t time_ms);

/* Make a refusal of the own |certificate|, which is what message 2 of a handshake carries for a
 * copy: the first letter is small. */
void weft_peer_make_refusal(uint8_t certificate[WEFT_CERTIFICATE_BYTES]);

/* Is |certificate|, from a message 2, a refusal? It becomes the certificate again. */
bool weft_peer_take_refusal(uint8_t certificate[WEFT_CERTIFICATE_BYTES]);

/* |peer| proved itself with |certificate|, and refused this node. Tells people, once. */
void weft_peer_on_refusal(struct weft_peers *peers, const struct weft_peer *peer,
                          const struct weft_certificate *certificate, weft_ns now_ns);

/* ---- peer_gossip.c ---- */

/* A CONTROL packet of |peer| was opened. */
void weft_peer_on_control(struct weft_peers *peers, struct weft_peer *peer, const uint8_t *bytes,
                          size_t length, weft_ns now_ns);

/* Tell somebody the number of the revocation, if it is time. */
void weft_peer_gossip_expire(struct weft_peers *peers, weft_ns now_ns);

#endif
