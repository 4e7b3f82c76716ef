/* SPDX-License-Identifier: Apache-2.0 */
/* Does a document prove that its publisher said two things at a time? SPEC.md section
 * "Equivocation". Whoever holds the timestamp key could show one world to some nodes and another
 * one to others; two signed timestamps of one version are the proof, and need no further judge. */
#ifndef WEFT_TRUST_WITNESS_H
#define WEFT_TRUST_WITNESS_H

#include "metadata.h"

/* Compare bytes[length], which a peer calls a timestamp of the version of |trusted|.
 * Result: OK = the same bytes. EXISTS = other bytes, signed by the keys of |root|: |fault| names
 *         both SHA-256. FORMAT, SIGNATURE, ROLLBACK (another version), TOO_LONG, MEMORY: no proof,
 *         in |fault|.
 * Shape:  |trusted| NULL = nothing is trusted yet: ROLLBACK. */
enum weft_err weft_witness_check(const struct weft_metadata *root,
                                 const struct weft_metadata *trusted, const uint8_t *bytes,
                                 size_t length, struct weft_fault *fault);

#endif
