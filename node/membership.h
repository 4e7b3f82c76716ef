/* SPDX-License-Identifier: Apache-2.0 */
/* What makes this node a member, and who else is one? Keys and certificate of this node, and the
 * question whether a proven key with a certificate may take part. Plain data without a file: where
 * it comes from is membership_file.h. SPEC.md sections "Admission" and "Revocation". */
#ifndef WEFT_MEMBERSHIP_H
#define WEFT_MEMBERSHIP_H

#include "../protocol/transport/noise.h"
#include "../protocol/transport/revocation.h"

/* Bytes of what both ends of a handshake must agree on: "weft 1" and the mesh key. */
#define WEFT_MEMBERSHIP_PROLOGUE_BYTES (6 + WEFT_MESH_KEY_BYTES)

struct weft_membership {
    uint8_t mesh[WEFT_MESH_KEY_BYTES];                /* names the mesh: its first key */
    uint8_t signer[WEFT_MESH_KEY_BYTES];              /* its present key; zero before begin() = the
                                                         first one */
    uint8_t next[WEFT_MESH_KEY_BYTES];                /* the one that will take its place, and
                                                         counts already; zero = none */
    uint64_t tag;                                     /* of the mesh, as the core knows it */
    struct weft_noise_pair own;                       /* static key of this node */
    struct weft_noise_pair contact;                   /* key that all members share: for asking
                                                         a node whose key is not known for it */
    weft_node_id id;                                  /* of this node */
    uint8_t certificate[WEFT_CERTIFICATE_BYTES];      /* of this node */
    struct weft_certificate read;                     /* the same, read */
    bool is_open;                                     /* anybody with the root file may take part */
    struct weft_revocation revoked;                   /* newest; number 0 = none */
    uint8_t revocation[WEFT_REVOCATION_BYTES_MAX];    /* the same, signed */
    size_t revocation_length;                         /* of it; 0 = none */
    uint8_t prologue[WEFT_MEMBERSHIP_PROLOGUE_BYTES]; /* of handshakes */
};

/* Set what follows from mesh, own.secret and contact.secret: public keys, id, tag, prologue. */
void weft_membership_begin(struct weft_membership *membership);

/* The same, and the certificate: complete a membership whose mesh, own.secret, contact.secret and
 * certificate are set.
 * Result: what is wrong with the certificate; NONE = nothing, or only its dates (see
 *         weft_certificate_date()). */
enum weft_doubt weft_membership_complete(struct weft_membership *membership);

/* Is |key| the present key of the mesh, or the next one? */
bool weft_membership_is_signer(const struct weft_membership *membership,
                               const uint8_t key[WEFT_MESH_KEY_BYTES]);

/* Take the keys and the certificate of |made|, of the same node and mesh. Of a key that does not
 * count any more, no revocation does.
 * Result: did the present key change? */
bool weft_membership_renew(struct weft_membership *membership, const struct weft_membership *made);

/* May the node with |key|, which it proved, and |certificate| take part at |now_s|?
 * Result: NONE, with *read and *id set; else why not. */
enum weft_doubt weft_membership_check(const struct weft_membership *membership,
                                      const uint8_t key[32],
                                      const uint8_t certificate[WEFT_CERTIFICATE_BYTES],
                                      uint64_t now_s, struct weft_certificate *read,
                                      weft_node_id *id);

/* Take bytes[length] for the newest revocation if they are one of this mesh, and newer.
 * Result: NONE if it was taken; FORMAT also for an older one. */
enum weft_doubt weft_membership_revoke(struct weft_membership *membership, const uint8_t *bytes,
                                       size_t length);

/* Make |membership| that of the open mesh of the publisher whose first trusted root metadata is
 * root[length], with the key |own|: everybody who has that file makes the same mesh key from it,
 * and a certificate for himself that no clock makes invalid. */
void weft_membership_open(struct weft_membership *membership, const uint8_t *root, size_t length,
                          const struct weft_noise_pair *own);

/* When the certificate is to be renewed, Unix time: two thirds of its life are over. */
uint64_t weft_membership_renew_s(const struct weft_membership *membership);

/* Unix time in seconds. */
uint64_t weft_membership_now_s(void);

#endif
