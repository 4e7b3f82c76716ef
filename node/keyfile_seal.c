/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed keys. The cost stands in the file, so that it can rise later; its bounds are here, so that
 * a file cannot make a publisher's machine swap or hang. */
#include "node/keyfile_seal.h"

#include "protocol/trust/hex.h"

#include <sodium.h>
#include <string.h>

#define BOX_BYTES (WEFT_KEYFILE_SEED_BYTES + crypto_secretbox_MACBYTES)
#define OPERATIONS_MAX 16
#define MEMORY_BYTES_MAX (UINT64_C(1) << 30)

struct seal {
    uint64_t operations;                        /* Argon2id passes */
    uint64_t memory_bytes;                      /* Argon2id memory */
    uint8_t salt[crypto_pwhash_SALTBYTES];      /* of Argon2id */
    uint8_t nonce[crypto_secretbox_NONCEBYTES]; /* of the box */
    uint8_t box[BOX_BYTES];                     /* the seed, sealed */
};

static bool read_seal(const json_t *sealed, struct seal *seal)
{
    const char *kdf = weft_json_text(sealed, "kdf");
    return kdf != NULL && strcmp(kdf, "argon2id") == 0 &&
           weft_json_uint(sealed, "operations", crypto_pwhash_OPSLIMIT_MIN, OPERATIONS_MAX,
                          &seal->operations) &&
           weft_json_uint(sealed, "memory", crypto_pwhash_MEMLIMIT_MIN, MEMORY_BYTES_MAX,
                          &seal->memory_bytes) &&
           weft_hex_decode(weft_json_text(sealed, "salt"), seal->salt, sizeof seal->salt) &&
           weft_hex_decode(weft_json_text(sealed, "nonce"), seal->nonce, sizeof seal->nonce) &&
           weft_hex_decode(weft_json_text(sealed, "box"), seal->box, sizeof seal->box);
}

bool weft_keyfile_seal_has_form(const json_t *sealed)
{
    struct seal seal;
    return read_seal(sealed, &seal);
}

/* The key that |password| makes; false without memory. */
static bool derive(const struct seal *seal, const char *password,
                   uint8_t key[crypto_secretbox_KEYBYTES])
{
    return crypto_pwhash(key, crypto_secretbox_KEYBYTES, password, strlen(password), seal->salt,
                         seal->operations, (size_t)seal->memory_bytes,
                         crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static json_t *write_seal(const struct seal *seal)
{
    char salt[2 * sizeof seal->salt + 1];
    char nonce[2 * sizeof seal->nonce + 1];
    char box[2 * sizeof seal->box + 1];
    weft_hex_encode(seal->salt, sizeof seal->salt, salt);
    weft_hex_encode(seal->nonce, sizeof seal->nonce, nonce);
    weft_hex_encode(seal->box, sizeof seal->box, box);
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s}", "kdf", "argon2id", "operations",
                     (json_int_t)seal->operations, "memory", (json_int_t)seal->memory_bytes, "salt",
                     salt, "nonce", nonce, "box", box);
}

json_t *weft_keyfile_seal(const uint8_t seed[WEFT_KEYFILE_SEED_BYTES], const char *password)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    struct seal seal = {.operations = crypto_pwhash_OPSLIMIT_MODERATE,
                        .memory_bytes = crypto_pwhash_MEMLIMIT_MODERATE};
    randombytes_buf(seal.salt, sizeof seal.salt);
    randombytes_buf(seal.nonce, sizeof seal.nonce);
    if (!derive(&seal, password, key)) {
        return NULL;
    }
    crypto_secretbox_easy(seal.box, seed, WEFT_KEYFILE_SEED_BYTES, seal.nonce, key);
    sodium_memzero(key, sizeof key);
    return write_seal(&seal);
}

enum weft_err weft_keyfile_open_seal(const json_t *sealed, const char *password,
                                     uint8_t seed[WEFT_KEYFILE_SEED_BYTES])
{
    struct seal seal;
    uint8_t key[crypto_secretbox_KEYBYTES];
    enum weft_err err = WEFT_ERR_SIGNATURE;
    sodium_memzero(seed, WEFT_KEYFILE_SEED_BYTES);
    if (!read_seal(sealed, &seal)) {
        return err;
    }
    if (!derive(&seal, password, key)) {
        return WEFT_ERR_MEMORY;
    }
    if (crypto_secretbox_open_easy(seed, seal.box, sizeof seal.box, seal.nonce, key) == 0) {
        err = WEFT_ERR_OK;
    }
    sodium_memzero(key, sizeof key);
    return err;
}
