/* SPDX-License-Identifier: Apache-2.0 */
/* "WFR1" 4 | zero 2 | count 2 | mesh tag 8 | number 8 | floor 8 | ids, 8 each | Ed25519 signature
 * 64. Numbers are big endian. Signed is the label below, the mesh key, and everything before the
 * signature. */
#include "revocation.h"

#include "bytes.h"

#include <sodium.h>
#include <string.h>

enum { COUNT = 6, MESH = 8, NUMBER = 16, FLOOR = 24, IDS = 32, SIGNATURE_BYTES = 64 };

static const char magic[4] = {'W', 'F', 'R', '1'};
static const char label[15] = "weft revocation";

struct to_sign {
    uint8_t bytes[sizeof(label) + WEFT_MESH_KEY_BYTES + WEFT_REVOCATION_BYTES_MAX]; /* see above */
    size_t length;                                                                  /* of them */
};

static struct to_sign lay_out(const uint8_t *mesh, const uint8_t *body, size_t length)
{
    struct to_sign out = {.length = sizeof(label) + WEFT_MESH_KEY_BYTES + length};
    memcpy(out.bytes, label, sizeof(label));
    memcpy(out.bytes + sizeof(label), mesh, WEFT_MESH_KEY_BYTES);
    memcpy(out.bytes + sizeof(label) + WEFT_MESH_KEY_BYTES, body, length);
    return out;
}

size_t weft_revocation_sign(const struct weft_revocation *revocation,
                            const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                            const uint8_t secret[WEFT_MESH_SECRET_BYTES], uint8_t *bytes)
{
    size_t length = IDS + 8 * (size_t)revocation->count;
    memset(bytes, 0, IDS);
    memcpy(bytes, magic, sizeof(magic));
    weft_bytes_put(bytes + COUNT, 2, revocation->count);
    weft_bytes_put(bytes + MESH, 8, weft_mesh_tag(mesh));
    weft_bytes_put(bytes + NUMBER, 8, revocation->number);
    weft_bytes_put(bytes + FLOOR, 8, revocation->floor);
    for (uint32_t i = 0; i < revocation->count; i++) {
        weft_bytes_put(bytes + IDS + 8 * (size_t)i, 8, revocation->ids[i]);
    }
    struct to_sign body = lay_out(mesh, bytes, length);
    crypto_sign_ed25519_detached(bytes + length, NULL, body.bytes, body.length, secret);
    return length + SIGNATURE_BYTES;
}

/* The numbers of a record whose length is right; false if it is not canonical. */
static bool read_body(struct weft_revocation *revocation, const uint8_t *bytes)
{
    bool is_canonical =
        memcmp(bytes, magic, sizeof(magic)) == 0 && weft_bytes_get(bytes + 4, 2) == 0;
    revocation->number = weft_bytes_get(bytes + NUMBER, 8);
    revocation->floor = weft_bytes_get(bytes + FLOOR, 8);
    for (uint32_t i = 0; i < revocation->count; i++) {
        revocation->ids[i] = weft_bytes_get(bytes + IDS + 8 * (size_t)i, 8);
        is_canonical = is_canonical && revocation->ids[i] > (i == 0 ? 0 : revocation->ids[i - 1]);
    }
    return is_canonical && revocation->number > 0;
}

enum weft_doubt weft_revocation_read(struct weft_revocation *revocation,
                                     const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                                     const uint8_t signer[WEFT_MESH_KEY_BYTES],
                                     const uint8_t *bytes, size_t length)
{
    if (length < IDS + SIGNATURE_BYTES || length > WEFT_REVOCATION_BYTES_MAX) {
        return WEFT_DOUBT_FORMAT;
    }
    size_t body_length = length - SIGNATURE_BYTES;
    revocation->count = (uint32_t)weft_bytes_get(bytes + COUNT, 2);
    if (revocation->count > WEFT_REVOKED_MAX ||
        body_length != IDS + 8 * (size_t)revocation->count || !read_body(revocation, bytes)) {
        return WEFT_DOUBT_FORMAT;
    }
    if (weft_bytes_get(bytes + MESH, 8) != weft_mesh_tag(mesh)) {
        return WEFT_DOUBT_MESH;
    }
    struct to_sign body = lay_out(mesh, bytes, body_length);
    int result =
        crypto_sign_ed25519_verify_detached(bytes + body_length, body.bytes, body.length, signer);
    return result == 0 ? WEFT_DOUBT_NONE : WEFT_DOUBT_SIGNATURE;
}

uint64_t weft_revocation_number(const uint8_t *bytes, size_t length)
{
    return length < IDS + SIGNATURE_BYTES ? 0 : weft_bytes_get(bytes + NUMBER, 8);
}

bool weft_revocation_names(const struct weft_revocation *revocation, weft_node_id id)
{
    for (uint32_t i = 0; i < revocation->count; i++) {
        if (revocation->ids[i] == id) {
            return true;
        }
    }
    return false;
}

bool weft_revocation_hits(const struct weft_revocation *revocation, weft_node_id id,
                          const struct weft_certificate *certificate)
{
    return certificate->serial < revocation->floor || weft_revocation_names(revocation, id);
}

bool weft_revocation_add(struct weft_revocation *revocation, weft_node_id id)
{
    uint32_t at = 0;
    while (at < revocation->count && revocation->ids[at] < id) {
        at++;
    }
    if (at < revocation->count && revocation->ids[at] == id) {
        return true;
    }
    if (revocation->count == WEFT_REVOKED_MAX) {
        return false;
    }
    memmove(&revocation->ids[at + 1], &revocation->ids[at],
            (revocation->count - at) * sizeof(revocation->ids[0]));
    revocation->ids[at] = id;
    revocation->count++;
    return true;
}
