/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed datagrams: who is at the other end, and with which keys do we talk? A table of peers, each
 * with a handshake under way, sessions, and datagrams that wait for them. Knows no sockets and no
 * clock: packets come and go through struct weft_peers_host, times are given. SPEC.md sections
 * "Handshake", "Packets" and "Sessions".
 *
 * A node that is asked for by address or id only is first asked for its certificate, by a handshake
 * with the key that all members share; the handshake that proves it follows. A stranger hears
 * nothing, and nobody who has not proved his address hears more bytes than he sent.
 *
 * Timers (weft_peers_expire(), every 250 ms): an INIT is repeated after WEFT_TRY_MS, at most
 * WEFT_TRIES_MAX times, then the address rests for WEFT_REST_MS; sessions are renewed after
 * WEFT_REKEY_MS and end after WEFT_REJECT_MS. */
#ifndef WEFT_PEER_H
#define WEFT_PEER_H

#include "membership.h"

struct weft_peers; /* opaque; one per session */

/* What the table asks of its owner. Called from within the functions below; may call none of
 * them, but for weft_peers_key() and weft_peers_is_copy(). */
struct weft_peers_host {
    /* Passed back to each call. */
    void *context;
    /* Send a packet of 1..WEFT_PACKET_DATA_BYTES_MAX bytes, which are borrowed. |local|: with hop
     * limit 255. */
    void (*send)(void *context, const struct weft_address *to, const uint8_t *bytes, size_t length,
                 bool local);
    /* A datagram of a proven member came; |bytes| are borrowed. */
    void (*deliver)(void *context, const struct weft_endpoint *from, uint8_t hop_limit,
                    const uint8_t *bytes, size_t length);
    /* The key of |id| is known now. */
    void (*known)(void *context, weft_node_id id);
    /* It was asked for and did not answer. */
    void (*lost)(void *context, weft_node_id id);
    /* A newer revocation was taken into the membership. */
    void (*revoked)(void *context);
    /* An identity runs in two places: weft_peers_is_copy() answers differently now. */
    void (*cloned)(void *context);
};

/* An identity that runs in two places; SPEC.md section "Copied identities". */
struct weft_peers_copy {
    weft_node_id id;                            /* of both */
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1]; /* of both */
    struct weft_address kept;                   /* the one that counts */
    struct weft_address other;                  /* the one that gets nothing */
};

/* A member that says that the identity of this node counts elsewhere. */
struct weft_peers_refusal {
    weft_node_id id;                            /* of the member; 0 = nobody says so */
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1]; /* of it */
    struct weft_address address;                /* of it */
    weft_ns at_ns;                              /* when it said so last */
};

/* Make an empty table.
 * Shape:  |time_ms| is later than that of every earlier table with this key: Unix time in ms, or
 *         what is left of it after a clock went back.
 * Errors: NULL if out of memory.
 * Owner:  the caller; weft_peers_free(). |membership| is borrowed, and revoked in. */
struct weft_peers *weft_peers_new(struct weft_membership *membership,
                                  const struct weft_peers_host *host, uint64_t time_ms,
                                  weft_ns now_ns);

/* Wipe all keys and free; NULL is allowed. */
void weft_peers_free(struct weft_peers *peers);

/* Seal and send bytes[length], 1..WEFT_DATAGRAM_BYTES_MAX, to |to|, now or after a handshake; lost
 * if that fails, or too much waits. */
void weft_peers_send(struct weft_peers *peers, const struct weft_endpoint *to, const uint8_t *bytes,
                     size_t length, bool local, weft_ns now_ns);

/* A packet came in from |from|. Everything that is not a genuine packet of a member is dropped. */
void weft_peers_receive(struct weft_peers *peers, const struct weft_address *from,
                        uint8_t hop_limit, const uint8_t *bytes, size_t length, weft_ns now_ns);

/* Do what is due: repeat first messages, give up, end sessions, gossip revocations. */
void weft_peers_expire(struct weft_peers *peers, weft_ns now_ns);

/* The static key of |id|. Errors: false if it is not known (yet). */
bool weft_peers_key(const struct weft_peers *peers, weft_node_id id, uint8_t key[32]);

/* Find out the key of |to|, which has an id: known() or lost() follows. */
void weft_peers_ask(struct weft_peers *peers, const struct weft_endpoint *to, weft_ns now_ns);

/* Take a revocation that came from elsewhere, and pass it on. Result: as weft_membership_revoke().
 */
enum weft_doubt weft_peers_revoke(struct weft_peers *peers, const uint8_t *bytes, size_t length,
                                  weft_ns now_ns);

/* The mesh key changed: every session is to be proved again, at its first datagram after
 * WEFT_PROVE_AFTER_MS, when all had time to renew; one that fails in that, or is not used for
 * WEFT_PROVE_MS, ends. */
void weft_peers_prove(struct weft_peers *peers, weft_ns now_ns);

/* May a first message of a stream from the proved address |from| cost a key exchange now? */
bool weft_peers_admit(struct weft_peers *peers, const struct weft_address *from, weft_ns now_ns);

/* Say in the log, once for each key and reason, that |key| at |from| was refused. */
void weft_peers_note_doubt(struct weft_peers *peers, const uint8_t key[32],
                           const struct weft_address *from, enum weft_doubt doubt);

/* Is the member |id|, which proved itself in a stream from |from|, at another IP than the one that
 * counts, while its identity runs in two places? */
bool weft_peers_is_copy(const struct weft_peers *peers, weft_node_id id,
                        const struct weft_address *from);

/* Where |to| is to be reached: its address, or the one that counts if it runs in two places. */
struct weft_endpoint weft_peers_where(const struct weft_peers *peers,
                                      const struct weft_endpoint *to);

/* The identities that run in two places now, at most |limit|, into |copies|; how many. */
uint32_t weft_peers_copies(const struct weft_peers *peers, struct weft_peers_copy *copies,
                           uint32_t limit);

/* Who refused this node last, because its identity runs in another place that counts there.
 * Errors: false if nobody did within ten minutes, or that one takes it now; *refusal is untouched.
 */
bool weft_peers_refused(const struct weft_peers *peers, weft_ns now_ns,
                        struct weft_peers_refusal *refusal);

/* The flags in the certificate that |id| proved; 0 = not known. */
uint8_t weft_peers_flags(const struct weft_peers *peers, weft_node_id id);

/* The name in the certificate that |id| proved; "" = not known. Owner: the table; until the next
 * call. */
const char *weft_peers_name(const struct weft_peers *peers, weft_node_id id);

/* A time for a greeting, never twice or backwards. */
uint64_t weft_peers_time_ms(struct weft_peers *peers, weft_ns now_ns);

#endif
