/* SPDX-License-Identifier: Apache-2.0 */
/* The 168 bytes: "WFC1" 4 | flags 1 | zero 1 | group 2 | mesh tag 8 | serial 8 | not before 8 | not
 * after 8 | key 32 | name 32, zero padded | Ed25519 signature 64. Numbers are big endian. Signed is
 * the label below, the mesh key, and everything before the signature. */
#include "certificate.h"

#include "bytes.h"
#include "hash.h"

#include <sodium.h>
#include <string.h>

enum {
    FLAGS = 4,
    GROUP = 6,
    MESH = 8,
    SERIAL = 16,
    FROM = 24,
    TO = 32,
    KEY = WEFT_CERTIFICATE_KEY_AT,
    NAME = 72
};
enum { BODY_BYTES = 104 };

static const char magic[4] = {'W', 'F', 'C', '1'};
static const char label[16] = "weft certificate";

struct to_sign {
    uint8_t bytes[sizeof(label) + WEFT_MESH_KEY_BYTES + BODY_BYTES]; /* label, mesh key, body */
};

static struct to_sign lay_out(const uint8_t *mesh, const uint8_t *body)
{
    struct to_sign out;
    memcpy(out.bytes, label, sizeof(label));
    memcpy(out.bytes + sizeof(label), mesh, WEFT_MESH_KEY_BYTES);
    memcpy(out.bytes + sizeof(label) + WEFT_MESH_KEY_BYTES, body, BODY_BYTES);
    return out;
}

static uint64_t not_zero(const uint8_t digest[32])
{
    uint64_t value = weft_bytes_get(digest, 8);
    return value == 0 ? 1 : value;
}

const char *weft_doubt_text(enum weft_doubt doubt)
{
    static const char *const texts[] = {
#define X(name, text) text,
        WEFT_DOUBT_MAP(X)
#undef X
    };
    return doubt < WEFT_DOUBT_COUNT ? texts[doubt] : "unknown reason";
}

uint64_t weft_mesh_tag(const uint8_t mesh[WEFT_MESH_KEY_BYTES])
{
    uint8_t digest[32];
    weft_hash_label(digest, sizeof(digest), "weft mesh", mesh, WEFT_MESH_KEY_BYTES);
    return not_zero(digest);
}

weft_node_id weft_certificate_id(const uint8_t key[32])
{
    uint8_t digest[32];
    weft_hash_label(digest, sizeof(digest), "weft node", key, 32);
    return not_zero(digest);
}

static bool is_name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
}

bool weft_certificate_name_ok(const char *name)
{
    size_t length = 0;
    while (length <= WEFT_CERTIFICATE_NAME_BYTES && is_name_letter(name[length])) {
        length++;
    }
    return length > 0 && length <= WEFT_CERTIFICATE_NAME_BYTES && name[length] == '\0';
}

void weft_certificate_sign(const struct weft_certificate *certificate,
                           const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                           const uint8_t secret[WEFT_MESH_SECRET_BYTES],
                           uint8_t bytes[WEFT_CERTIFICATE_BYTES])
{
    memset(bytes, 0, WEFT_CERTIFICATE_BYTES);
    memcpy(bytes, magic, sizeof(magic));
    bytes[FLAGS] = certificate->flags;
    weft_bytes_put(bytes + GROUP, 2, certificate->group);
    weft_bytes_put(bytes + MESH, 8, weft_mesh_tag(mesh));
    weft_bytes_put(bytes + SERIAL, 8, certificate->serial);
    weft_bytes_put(bytes + FROM, 8, certificate->not_before_s);
    weft_bytes_put(bytes + TO, 8, certificate->not_after_s);
    memcpy(bytes + KEY, certificate->key, 32);
    memcpy(bytes + NAME, certificate->name, strlen(certificate->name));
    struct to_sign body = lay_out(mesh, bytes);
    crypto_sign_ed25519_detached(bytes + BODY_BYTES, NULL, body.bytes, sizeof(body.bytes), secret);
}

/* One encoding: zeros where zeros belong, flags that this version knows, a proper name. */
static bool is_canonical(const struct weft_certificate *certificate, const uint8_t *bytes)
{
    bool is_padded = true;
    for (size_t i = strlen(certificate->name); i < WEFT_CERTIFICATE_NAME_BYTES; i++) {
        is_padded = is_padded && bytes[NAME + i] == 0;
    }
    const int known = WEFT_CERTIFICATE_SERVER | WEFT_CERTIFICATE_NO_AGENT;
    return (certificate->flags & ~known) == 0 && bytes[FLAGS + 1] == 0 &&
           certificate->not_before_s < certificate->not_after_s && is_padded &&
           weft_certificate_name_ok(certificate->name);
}

enum weft_doubt weft_certificate_read(struct weft_certificate *certificate,
                                      const uint8_t mesh[WEFT_MESH_KEY_BYTES],
                                      const uint8_t signer[WEFT_MESH_KEY_BYTES],
                                      const uint8_t bytes[WEFT_CERTIFICATE_BYTES])
{
    *certificate = (struct weft_certificate){
        .flags = bytes[FLAGS],
        .group = (uint16_t)weft_bytes_get(bytes + GROUP, 2),
        .serial = weft_bytes_get(bytes + SERIAL, 8),
        .not_before_s = weft_bytes_get(bytes + FROM, 8),
        .not_after_s = weft_bytes_get(bytes + TO, 8),
    };
    memcpy(certificate->key, bytes + KEY, 32);
    memcpy(certificate->name, bytes + NAME, WEFT_CERTIFICATE_NAME_BYTES);
    if (memcmp(bytes, magic, sizeof(magic)) != 0 || !is_canonical(certificate, bytes)) {
        return WEFT_DOUBT_FORMAT;
    }
    if (weft_bytes_get(bytes + MESH, 8) != weft_mesh_tag(mesh)) {
        return WEFT_DOUBT_MESH;
    }
    struct to_sign body = lay_out(mesh, bytes);
    int result = crypto_sign_ed25519_verify_detached(bytes + BODY_BYTES, body.bytes,
                                                     sizeof(body.bytes), signer);
    return result == 0 ? WEFT_DOUBT_NONE : WEFT_DOUBT_SIGNATURE;
}

enum weft_doubt weft_certificate_date(const struct weft_certificate *certificate, uint64_t now_s)
{
    if (certificate->not_before_s > now_s &&
        certificate->not_before_s - now_s > WEFT_CERTIFICATE_SKEW_S) {
        return WEFT_DOUBT_EARLY;
    }
    return certificate->not_after_s <= now_s ? WEFT_DOUBT_EXPIRED : WEFT_DOUBT_NONE;
}
