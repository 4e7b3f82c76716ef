/* SPDX-License-Identifier: Apache-2.0 */
/* Does who wrote these bytes have the secret of a static key? For those who cannot shake hands,
 * because what they say is carried in a file. A static key is an X25519 key, which cannot sign; the
 * same secret on the Edwards form of the curve can, and the proof shows that point. It is checked
 * by libsodium's Ed25519 alone. SPEC.md section "Admission by files". */
#ifndef WEFT_TRANSPORT_PROOF_H
#define WEFT_TRANSPORT_PROOF_H

#include "noise.h"

/* Bytes of a proof: the Edwards form of the key 32, an Ed25519 signature by it 64. */
#define WEFT_PROOF_BYTES (32 + 64)

/* Prove that |secret|, a static key, wrote bytes[length].
 * Shape:  |random| is unpredictable and used once. */
void weft_proof_make(const uint8_t secret[WEFT_NOISE_KEY_BYTES], const uint8_t random[32],
                     const uint8_t *bytes, size_t length, uint8_t proof[WEFT_PROOF_BYTES]);

/* Is |proof| one that the owner of the static key |key| wrote bytes[length]? */
bool weft_proof_ok(const uint8_t key[WEFT_NOISE_KEY_BYTES], const uint8_t *bytes, size_t length,
                   const uint8_t proof[WEFT_PROOF_BYTES]);

#endif
