/* SPDX-License-Identifier: Apache-2.0 */
/* "WFA1" 4 | nonce 16 | mesh key 32 | signer 32 | next signer 32 | server key 32 | IP 16 |
 * port 2 | contact secret 32 | certificate 168 | revocation or nothing | Ed25519 signature 64 by
 * the signer over the label below and the bytes before; all of it in a sealed box of libsodium for
 * the node's static key. */
#include "admission.h"

#include "bytes.h"

#include <sodium.h>
#include <string.h>

enum {
    NONCE = 4,
    MESH = 20,
    SIGNER = 52,
    NEXT = 84,
    SERVER = 116,
    IP = 148,
    PORT = 164,
    CONTACT = 166,
    CERTIFICATE = 198,
    REVOCATION = WEFT_ADMISSION_BODY_BYTES,
    SIGNATURE_BYTES = 64
};

_Static_assert((int)CERTIFICATE + WEFT_CERTIFICATE_BYTES == (int)REVOCATION, "no gap");
_Static_assert(WEFT_ADMISSION_SEALED_BYTES_MAX == WEFT_ADMISSION_BYTES_MAX + crypto_box_SEALBYTES,
               "a sealed box of libsodium");

static const char magic[4] = {'W', 'F', 'A', '1'};
static const char prefix[WEFT_ARMOR_PREFIX_BYTES] = {'w', 'j', 'a', '1'};
static const char label[14] = "weft admission";

struct to_sign {
    uint8_t bytes[sizeof(label) + WEFT_ADMISSION_BYTES_MAX]; /* label, body */
    size_t length;                                           /* of them */
};

static struct to_sign lay_out(const uint8_t *body, size_t length)
{
    struct to_sign out = {.length = sizeof(label) + length};
    memcpy(out.bytes, label, sizeof(label));
    memcpy(out.bytes + sizeof(label), body, length);
    return out;
}

/* Write the fields; how many bytes they are. */
static size_t put(const struct weft_admission *admission, uint8_t *bytes)
{
    memcpy(bytes, magic, sizeof(magic));
    memcpy(bytes + NONCE, admission->nonce, sizeof(admission->nonce));
    memcpy(bytes + MESH, admission->mesh, sizeof(admission->mesh));
    memcpy(bytes + SIGNER, admission->signer, sizeof(admission->signer));
    memcpy(bytes + NEXT, admission->next, sizeof(admission->next));
    memcpy(bytes + SERVER, admission->server, sizeof(admission->server));
    memcpy(bytes + IP, admission->address.ip, WEFT_IP_BYTES);
    weft_bytes_put(bytes + PORT, 2, admission->address.port);
    memcpy(bytes + CONTACT, admission->contact, sizeof(admission->contact));
    memcpy(bytes + CERTIFICATE, admission->certificate, sizeof(admission->certificate));
    memcpy(bytes + REVOCATION, admission->revocation, admission->revocation_length);
    return REVOCATION + admission->revocation_length;
}

bool weft_admission_format(const struct weft_admission *admission,
                           const uint8_t secret[WEFT_MESH_SECRET_BYTES], const uint8_t key[32],
                           char text[WEFT_ADMISSION_TEXT_BYTES])
{
    uint8_t bytes[WEFT_ADMISSION_BYTES_MAX];
    uint8_t sealed[WEFT_ADMISSION_SEALED_BYTES_MAX];
    size_t length = put(admission, bytes);
    struct to_sign body = lay_out(bytes, length);
    crypto_sign_ed25519_detached(bytes + length, NULL, body.bytes, body.length, secret);
    length += SIGNATURE_BYTES;
    bool is_sealed = crypto_box_seal(sealed, bytes, length, key) == 0;
    if (is_sealed) {
        weft_armor_put(prefix, sealed, length + crypto_box_SEALBYTES, text);
    }
    sodium_memzero(bytes, sizeof(bytes));
    sodium_memzero(&body, sizeof(body));
    return is_sealed;
}

bool weft_admission_parse(const char *text, size_t length,
                          uint8_t sealed[WEFT_ADMISSION_SEALED_BYTES_MAX], size_t *sealed_length)
{
    return weft_armor_get(prefix, text, length, sealed, WEFT_ADMISSION_SEALED_BYTES_MAX,
                          sealed_length);
}

/* The fields of bytes[length] whose signature is right. */
static void get(struct weft_admission *admission, const uint8_t *bytes, size_t length)
{
    memcpy(admission->nonce, bytes + NONCE, sizeof(admission->nonce));
    memcpy(admission->mesh, bytes + MESH, sizeof(admission->mesh));
    memcpy(admission->signer, bytes + SIGNER, sizeof(admission->signer));
    memcpy(admission->next, bytes + NEXT, sizeof(admission->next));
    memcpy(admission->server, bytes + SERVER, sizeof(admission->server));
    memcpy(admission->address.ip, bytes + IP, WEFT_IP_BYTES);
    admission->address.port = (uint16_t)weft_bytes_get(bytes + PORT, 2);
    memcpy(admission->contact, bytes + CONTACT, sizeof(admission->contact));
    memcpy(admission->certificate, bytes + CERTIFICATE, sizeof(admission->certificate));
    admission->revocation_length = length - REVOCATION;
    memcpy(admission->revocation, bytes + REVOCATION, admission->revocation_length);
}

static enum weft_doubt read_signed(struct weft_admission *admission, const uint8_t *bytes,
                                   size_t length)
{
    if (length < REVOCATION + SIGNATURE_BYTES || memcmp(bytes, magic, sizeof(magic)) != 0) {
        return WEFT_DOUBT_FORMAT;
    }
    length -= SIGNATURE_BYTES;
    struct to_sign body = lay_out(bytes, length);
    bool is_signed = crypto_sign_ed25519_verify_detached(bytes + length, body.bytes, body.length,
                                                         bytes + SIGNER) == 0;
    sodium_memzero(&body, sizeof(body));
    if (!is_signed) {
        return WEFT_DOUBT_SIGNATURE;
    }
    get(admission, bytes, length);
    return WEFT_DOUBT_NONE;
}

enum weft_doubt weft_admission_open(struct weft_admission *admission,
                                    const struct weft_noise_pair *own, const uint8_t *sealed,
                                    size_t length)
{
    uint8_t bytes[WEFT_ADMISSION_BYTES_MAX];
    if (length < crypto_box_SEALBYTES || length > WEFT_ADMISSION_SEALED_BYTES_MAX ||
        crypto_box_seal_open(bytes, sealed, length, own->open, own->secret) != 0) {
        return WEFT_DOUBT_KEY;
    }
    enum weft_doubt doubt = read_signed(admission, bytes, length - crypto_box_SEALBYTES);
    sodium_memzero(bytes, sizeof(bytes));
    return doubt;
}
