/* SPDX-License-Identifier: Apache-2.0 */
/* Who is a member? A certificate of fixed size, without a parser: the mesh key says that a static
 * key may take part, under which name, from when to when. SPEC.md section "Admission". */
#ifndef WEFT_TRANSPORT_CERTIFICATE_H
#define WEFT_TRANSPORT_CERTIFICATE_H

#include "../types.h"
#include "bounds.h"

#define WEFT_CERTIFICATE_BYTES 168
#define WEFT_CERTIFICATE_NAME_BYTES 32

/* Where the static key stands in it. */
#define WEFT_CERTIFICATE_KEY_AT 40

/* A mesh is named by its first public key (Ed25519). Who has the secret of its present one, the
 * signer, admits nodes; they are the same until the key is changed. */
#define WEFT_MESH_KEY_BYTES 32
#define WEFT_MESH_SECRET_BYTES 64

/* Clocks of members may differ by this much: a certificate is taken so much before its time. */
#define WEFT_CERTIFICATE_SKEW_S 600

/* Flag: the node admits others, and renews certificates. */
#define WEFT_CERTIFICATE_SERVER 1

/* Flag: the node is no Update Agent, whatever it says, where any other can be one. */
#define WEFT_CERTIFICATE_NO_AGENT 2

struct weft_certificate {
    uint8_t flags;                              /* WEFT_CERTIFICATE_SERVER, _NO_AGENT */
    uint16_t group;                             /* as its token said; 0 = none */
    uint64_t serial;                            /* of this certificate, grows with each one */
    uint64_t not_before_s;                      /* Unix time */
    uint64_t not_after_s;                       /* Unix time, later than not_before_s */
    uint8_t key[32];                            /* static key of the node (X25519) */
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1]; /* letters, digits, '.', '_', '-'; not empty */
};

/* Why a certificate is not taken; X(name, text): a fragment fit for "refused: ...". */
#define WEFT_DOUBT_MAP(X)                                                                          \
    X(NONE, "it is in order")                                                                      \
    X(FORMAT, "this is not a certificate")                                                         \
    X(MESH, "the certificate is of another mesh")                                                  \
    X(SIGNATURE, "the certificate is not signed by the mesh key")                                  \
    X(EARLY, "the certificate is not valid yet; are the clocks right?")                            \
    X(EXPIRED, "the certificate has expired; run weft join again")                                 \
    X(KEY, "the certificate belongs to another key")                                               \
    X(REVOKED, "the node was revoked")

enum weft_doubt {
#define X(name, text) WEFT_DOUBT_##name,
    WEFT_DOUBT_MAP(X) WEFT_DOUBT_COUNT
#undef X
};

/* The sentence fragment of a doubt; static storage. */
const char *weft_doubt_text(enum weft_doubt doubt);

/* The tag of a mesh in datagrams and HELLOs, from its public key; never 0. */
uint64_t weft_mesh_tag(const uint8_t mesh[WEFT_MESH_KEY_BYTES]);

/* The id of the node with the static key |key|; never 0. */
weft_node_id weft_certificate_id(const uint8_t key[32]);

/* Is this a name for a node: 1..32 letters, digits, '.', '_', '-'? */
bool weft_certificate_name_ok(const char *name);

/* Write and sign a certificate.
 * Shape:  |mesh| names the mesh, |secret| is that of its signer, the 64 bytes of libsodium. The
 *         caller keeps the ranges of struct weft_certificate. */
void weft_certificate_sign(const struct weft_certificate *certificate,
                           const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                           const uint8_t secret[WEFT_MESH_SECRET_BYTES],
                           uint8_t bytes[WEFT_CERTIFICATE_BYTES]);

/* Read a certificate and check format, mesh and signature by |signer|, in this order; dates are
 * weft_certificate_date(). Every bit counts: there is one encoding.
 * Result: NONE, FORMAT, MESH or SIGNATURE; |certificate| is undefined unless it is NONE. */
enum weft_doubt weft_certificate_read(struct weft_certificate *certificate,
                                      const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                                      const uint8_t signer[WEFT_MESH_KEY_BYTES],
                                      const uint8_t bytes[WEFT_CERTIFICATE_BYTES]);

/* Is it valid at |now_s| (Unix time)? Result: NONE, EARLY or EXPIRED. */
enum weft_doubt weft_certificate_date(const struct weft_certificate *certificate, uint64_t now_s);

#endif
