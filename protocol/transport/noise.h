/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake Noise_IK_25519_ChaChaPoly_BLAKE2b (Noise Protocol Framework, revision 34): two
 * messages after which both ends have proved their static keys and share two fresh ciphers.
 *
 *     <- s                      the opener knows the key of who answers
 *     -> e, es, s, ss           message 1, with a payload
 *     <- e, ee, se              message 2, with a payload
 *
 * Answers "who is at the other end?" as a key; whether that key is a member is certificate.h. Pure:
 * ephemeral keys are given by the caller. After a failure the state is wiped and worth nothing.
 * SPEC.md section "Handshake". */
#ifndef WEFT_TRANSPORT_NOISE_H
#define WEFT_TRANSPORT_NOISE_H

#include "cipher.h"
#include "hash.h"

#define WEFT_NOISE_KEY_BYTES 32

/* Bytes of message 1 and 2 beside their payloads. */
#define WEFT_NOISE_1_BYTES (32 + 48 + 16)
#define WEFT_NOISE_2_BYTES (32 + 16)

/* An X25519 key pair. */
struct weft_noise_pair {
    uint8_t secret[WEFT_NOISE_KEY_BYTES]; /* any 32 bytes */
    uint8_t open[WEFT_NOISE_KEY_BYTES];   /* the public key */
};

struct weft_noise {
    uint8_t hash[WEFT_HASH_BYTES];        /* h: of everything sent so far */
    uint8_t chain[WEFT_HASH_BYTES];       /* ck */
    struct weft_cipher cipher;            /* k and n; used if has_key */
    bool has_key;                         /* a key was mixed in */
    struct weft_noise_pair own;           /* s */
    struct weft_noise_pair ephemeral;     /* e */
    uint8_t peer[WEFT_NOISE_KEY_BYTES];   /* rs */
    uint8_t peer_e[WEFT_NOISE_KEY_BYTES]; /* re */
};

/* Set pair->open to the public key of pair->secret. */
void weft_noise_publish(struct weft_noise_pair *pair);

/* Begin a handshake with |own| static key.
 * Shape:  |peer| is the static key of who answers, or NULL for who answers; prologue[length] is
 *         what both must agree on.
 * Owner:  copies everything; weft_noise_wipe(). */
void weft_noise_begin(struct weft_noise *noise, const struct weft_noise_pair *own,
                      const uint8_t *peer, const void *prologue, size_t length);

/* Opener: write message 1 with the ephemeral |secret| and payload[length] into
 * out[WEFT_NOISE_1_BYTES + length]. Errors: false if the peer's key is not a usable one. */
bool weft_noise_write_1(struct weft_noise *noise, const uint8_t secret[WEFT_NOISE_KEY_BYTES],
                        const void *payload, size_t length, uint8_t *out);

/* Who answers: read message 1, bytes[length]; its payload goes to
 * payload[length - WEFT_NOISE_1_BYTES], and noise->peer is the opener's proven key.
 * Errors: false if it is too short or not meant for this key and prologue. */
bool weft_noise_read_1(struct weft_noise *noise, const uint8_t *bytes, size_t length,
                       uint8_t *payload);

/* Who answers: write message 2 into out[WEFT_NOISE_2_BYTES + length]; then weft_noise_split().
 * Errors: false if the opener's keys are not usable ones. */
bool weft_noise_write_2(struct weft_noise *noise, const uint8_t secret[WEFT_NOISE_KEY_BYTES],
                        const void *payload, size_t length, uint8_t *out);

/* Opener: read message 2 into payload[length - WEFT_NOISE_2_BYTES]; then weft_noise_split().
 * Errors: false if it does not answer our message 1, or was not made by the peer; the state is then
 *         as before, so that a forged answer cannot spoil the handshake. */
bool weft_noise_read_2(struct weft_noise *noise, const uint8_t *bytes, size_t length,
                       uint8_t *payload);

/* The ciphers of the session; wipes |noise| but for its hash, which names the session. |opener|:
 * for the end that wrote message 1. */
void weft_noise_split(struct weft_noise *noise, bool opener, struct weft_cipher *sending,
                      struct weft_cipher *receiving);

/* Forget every secret. */
void weft_noise_wipe(struct weft_noise *noise);

#endif
