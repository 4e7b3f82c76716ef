/* SPDX-License-Identifier: Apache-2.0 */
/* Are bytes that pass by, too many to hold, the ones that a signed parent states? The streaming
 * twin of weft_pin_check(). SPEC.md section "Metadata". */
#ifndef WEFT_TRUST_DIGEST_H
#define WEFT_TRUST_DIGEST_H

#include "pin.h"

struct weft_digest; /* opaque */

/* Begin to compare with |pin|, which is copied; it states a length.
 * Errors: NULL without memory.
 * Owner:  the caller; weft_digest_free(). */
struct weft_digest *weft_digest_new(const struct weft_pin *pin);

/* Release |digest|; NULL is allowed. */
void weft_digest_free(struct weft_digest *digest);

/* The next bytes. |bytes| may be NULL if |length| is 0.
 * Errors: TOO_LONG as soon as there are more than the pin states. */
enum weft_err weft_digest_add(struct weft_digest *digest, const void *bytes, size_t length);

/* All bytes have passed: are they the ones?
 * Errors: TOO_LONG, TOO_SHORT, MISMATCH, MEMORY. */
enum weft_err weft_digest_end(struct weft_digest *digest);

#endif
