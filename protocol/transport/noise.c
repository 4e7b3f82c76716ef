/* SPDX-License-Identifier: Apache-2.0 */
/* SymmetricState and the four turns of IK; see noise.h. The names in comments are those of the
 * framework. */
#include "noise.h"

#include <sodium.h>
#include <string.h>

static const char protocol_name[] = "Noise_IK_25519_ChaChaPoly_BLAKE2b";

static void mix_hash(struct weft_noise *noise, const void *bytes, size_t length)
{
    weft_hash(noise->hash, noise->hash, sizeof(noise->hash), bytes, length);
}

static void mix_key(struct weft_noise *noise, const uint8_t *input)
{
    uint8_t second[WEFT_HASH_BYTES];
    weft_hash_derive(noise->chain, input, WEFT_NOISE_KEY_BYTES, noise->chain, second);
    memcpy(noise->cipher.key, second, sizeof(noise->cipher.key));
    noise->cipher.nonce = 0;
    noise->has_key = true;
    sodium_memzero(second, sizeof(second));
}

/* MixKey(DH(secret, open)). False: the other key is one of the few that lead to a known secret. */
static bool mix_dh(struct weft_noise *noise, const uint8_t *secret, const uint8_t *open)
{
    uint8_t shared[WEFT_NOISE_KEY_BYTES];
    bool is_usable = crypto_scalarmult_curve25519(shared, secret, open) == 0;
    if (is_usable) {
        mix_key(noise, shared);
    }
    sodium_memzero(shared, sizeof(shared));
    return is_usable;
}

/* EncryptAndHash() */
static void seal(struct weft_noise *noise, const void *bytes, size_t length, uint8_t *out)
{
    /* A handshake seals four times at most: nonces do not run out. */
    (void)weft_cipher_seal(&noise->cipher, noise->hash, sizeof(noise->hash), bytes, length, out);
    mix_hash(noise, out, length + WEFT_AEAD_TAG_BYTES);
}

/* DecryptAndHash(); |out| does not overlap |sealed|. */
static bool unseal(struct weft_noise *noise, const uint8_t *sealed, size_t length, uint8_t *out)
{
    bool opened =
        weft_cipher_open(&noise->cipher, noise->hash, sizeof(noise->hash), sealed, length, out);
    if (opened) {
        mix_hash(noise, sealed, length);
    }
    return opened;
}

static bool fail(struct weft_noise *noise)
{
    weft_noise_wipe(noise);
    return false;
}

static void set_ephemeral(struct weft_noise *noise, const uint8_t *secret)
{
    memcpy(noise->ephemeral.secret, secret, sizeof(noise->ephemeral.secret));
    weft_noise_publish(&noise->ephemeral);
    mix_hash(noise, noise->ephemeral.open, sizeof(noise->ephemeral.open));
}

void weft_noise_publish(struct weft_noise_pair *pair)
{
    crypto_scalarmult_curve25519_base(pair->open, pair->secret);
}

void weft_noise_begin(struct weft_noise *noise, const struct weft_noise_pair *own,
                      const uint8_t *peer, const void *prologue, size_t length)
{
    memset(noise, 0, sizeof(*noise));
    memcpy(noise->hash, protocol_name, sizeof(protocol_name) - 1);
    memcpy(noise->chain, noise->hash, sizeof(noise->chain));
    noise->own = *own;
    mix_hash(noise, prologue, length);
    if (peer != NULL) {
        memcpy(noise->peer, peer, sizeof(noise->peer));
    }
    mix_hash(noise, peer != NULL ? peer : own->open, WEFT_NOISE_KEY_BYTES);
}

bool weft_noise_write_1(struct weft_noise *noise, const uint8_t secret[WEFT_NOISE_KEY_BYTES],
                        const void *payload, size_t length, uint8_t *out)
{
    set_ephemeral(noise, secret);
    memcpy(out, noise->ephemeral.open, WEFT_NOISE_KEY_BYTES);
    if (!mix_dh(noise, noise->ephemeral.secret, noise->peer)) { /* es */
        return fail(noise);
    }
    seal(noise, noise->own.open, WEFT_NOISE_KEY_BYTES, out + 32);
    if (!mix_dh(noise, noise->own.secret, noise->peer)) { /* ss */
        return fail(noise);
    }
    seal(noise, payload, length, out + 80);
    return true;
}

bool weft_noise_read_1(struct weft_noise *noise, const uint8_t *bytes, size_t length,
                       uint8_t *payload)
{
    if (length < WEFT_NOISE_1_BYTES) {
        return fail(noise);
    }
    memcpy(noise->peer_e, bytes, sizeof(noise->peer_e));
    mix_hash(noise, bytes, WEFT_NOISE_KEY_BYTES);
    bool is_good = mix_dh(noise, noise->own.secret, noise->peer_e) && /* es */
                   unseal(noise, bytes + 32, 48, noise->peer) &&
                   mix_dh(noise, noise->own.secret, noise->peer) && /* ss */
                   unseal(noise, bytes + 80, length - 80, payload);
    return is_good || fail(noise);
}

bool weft_noise_write_2(struct weft_noise *noise, const uint8_t secret[WEFT_NOISE_KEY_BYTES],
                        const void *payload, size_t length, uint8_t *out)
{
    set_ephemeral(noise, secret);
    memcpy(out, noise->ephemeral.open, WEFT_NOISE_KEY_BYTES);
    if (!mix_dh(noise, noise->ephemeral.secret, noise->peer_e) || /* ee */
        !mix_dh(noise, noise->ephemeral.secret, noise->peer)) {   /* se */
        return fail(noise);
    }
    seal(noise, payload, length, out + 32);
    return true;
}

bool weft_noise_read_2(struct weft_noise *noise, const uint8_t *bytes, size_t length,
                       uint8_t *payload)
{
    struct weft_noise before = *noise;
    bool is_good = length >= WEFT_NOISE_2_BYTES;
    if (is_good) {
        memcpy(noise->peer_e, bytes, sizeof(noise->peer_e));
        mix_hash(noise, bytes, WEFT_NOISE_KEY_BYTES);
        is_good = mix_dh(noise, noise->ephemeral.secret, noise->peer_e) && /* ee */
                  mix_dh(noise, noise->own.secret, noise->peer_e) &&       /* se */
                  unseal(noise, bytes + 32, length - 32, payload);
    }
    if (!is_good) {
        *noise = before;
    }
    sodium_memzero(&before, sizeof(before));
    return is_good;
}

void weft_noise_split(struct weft_noise *noise, bool opener, struct weft_cipher *sending,
                      struct weft_cipher *receiving)
{
    uint8_t hash[WEFT_HASH_BYTES];
    uint8_t first[WEFT_HASH_BYTES];
    uint8_t second[WEFT_HASH_BYTES];
    weft_hash_derive(noise->chain, NULL, 0, first, second);
    memcpy(sending->key, opener ? first : second, sizeof(sending->key));
    memcpy(receiving->key, opener ? second : first, sizeof(receiving->key));
    sending->nonce = 0;
    receiving->nonce = 0;
    memcpy(hash, noise->hash, sizeof(hash));
    weft_noise_wipe(noise);
    memcpy(noise->hash, hash, sizeof(hash));
    sodium_memzero(first, sizeof(first));
    sodium_memzero(second, sizeof(second));
}

void weft_noise_wipe(struct weft_noise *noise)
{
    sodium_memzero(noise, sizeof(*noise));
}
