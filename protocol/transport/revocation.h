/* SPDX-License-Identifier: Apache-2.0 */
/* Who is a member no longer? One record per mesh, signed by the mesh key, with a number that only
 * grows: the ids of the nodes that were thrown out, and a floor below which every certificate is
 * void. It fits into one datagram. SPEC.md section "Revocation". */
#ifndef WEFT_TRANSPORT_REVOCATION_H
#define WEFT_TRANSPORT_REVOCATION_H

#include "certificate.h"

#define WEFT_REVOCATION_BYTES_MAX (32 + 8 * WEFT_REVOKED_MAX + 64)

struct weft_revocation {
    uint64_t number;                    /* 0 = no record yet; the higher one counts */
    uint64_t floor;                     /* certificates with a lower serial are void */
    uint32_t count;                     /* entries of ids */
    weft_node_id ids[WEFT_REVOKED_MAX]; /* ascending, no id twice */
};

/* Write and sign a record into bytes[WEFT_REVOCATION_BYTES_MAX]; its length. */
size_t weft_revocation_sign(const struct weft_revocation *revocation,
                            const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                            const uint8_t secret[WEFT_MESH_SECRET_BYTES], uint8_t *bytes);

/* Read a record, bytes[length], and check format, mesh and signature by |signer|.
 * Result: NONE, FORMAT, MESH or SIGNATURE; |revocation| is undefined unless it is NONE. */
enum weft_doubt weft_revocation_read(struct weft_revocation *revocation,
                                     const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                                     const uint8_t signer[WEFT_MESH_KEY_BYTES],
                                     const uint8_t *bytes, size_t length);

/* The number that bytes[length] claim to have; 0 = they are no record. Not checked: it spares the
 * check of a signature. */
uint64_t weft_revocation_number(const uint8_t *bytes, size_t length);

/* Is |id| in the list: thrown out, whatever certificate it shows? */
bool weft_revocation_names(const struct weft_revocation *revocation, weft_node_id id);

/* Does the record take |certificate| away from node |id|: is it named, or is the serial below the
 * floor? */
bool weft_revocation_hits(const struct weft_revocation *revocation, weft_node_id id,
                          const struct weft_certificate *certificate);

/* Add |id| in its place. Errors: false if the record is full; an id that is there is fine. */
bool weft_revocation_add(struct weft_revocation *revocation, weft_node_id id);

#endif
