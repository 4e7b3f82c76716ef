/* SPDX-License-Identifier: Apache-2.0 */
/* When a signed document may replace the one that is trusted: expiry, rollback, mixture. SPEC.md
 * section "Client workflow". Signatures are checked before (root.h), lengths and hashes by pin.h;
 * in which order is the question of client.c. */
#ifndef WEFT_TRUST_RULES_H
#define WEFT_TRUST_RULES_H

#include "metadata.h"

/* Is |document| still valid at |now_s|?
 * Errors: EXPIRED, in |fault|. */
enum weft_err weft_rules_expiry(const struct weft_metadata *document, int64_t now_s,
                                struct weft_fault *fault);

/* May root |next| follow |root|: version exactly one higher, signed by the threshold of both?
 * Errors: ROLLBACK (not the next version), SIGNATURE, MEMORY, in |fault|. */
enum weft_err weft_rules_root(const struct weft_metadata *root, const struct weft_metadata *next,
                              struct weft_fault *fault);

/* May timestamp |next| follow |trusted|? Neither its own version nor that of the snapshot it names
 * may fall. |trusted| NULL = none yet.
 * Errors: ROLLBACK, in |fault|. */
enum weft_err weft_rules_timestamp(const struct weft_metadata *trusted,
                                   const struct weft_metadata *next, struct weft_fault *fault);

/* May snapshot |next| follow |trusted|? No version in it may fall and no document vanish. |trusted|
 * NULL = none yet.
 * Errors: ROLLBACK, in |fault|. */
enum weft_err weft_rules_snapshot(const struct weft_metadata *trusted,
                                  const struct weft_metadata *next, struct weft_fault *fault);

/* Does the version of |document| equal the one its parent states in |pin|?
 * Errors: MISMATCH, in |fault|. */
enum weft_err weft_rules_version(const struct weft_metadata *document, const struct weft_pin *pin,
                                 struct weft_fault *fault);

#endif
