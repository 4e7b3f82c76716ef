/* SPDX-License-Identifier: Apache-2.0 */
/* What a signed parent says about another file: version, length, hashes. SPEC.md section
 * "Metadata". Answers "are these the bytes the parent means?". */
#ifndef WEFT_TRUST_PIN_H
#define WEFT_TRUST_PIN_H

#include "fault.h"
#include "json.h"

#define WEFT_SHA512_BYTES 64

struct weft_pin {
    uint64_t version;                  /* 1..INT64_MAX; 0 for targets, which have none */
    uint64_t length;                   /* bytes; valid if has_length */
    bool has_length;                   /* the parent states a length */
    bool has_sha256;                   /* the parent states a SHA-256 */
    bool has_sha512;                   /* the parent states a SHA-512 */
    uint8_t sha256[WEFT_SHA256_BYTES]; /* valid if has_sha256 */
    uint8_t sha512[WEFT_SHA512_BYTES]; /* valid if has_sha512 */
};

/* Read a member of "meta" in a timestamp or snapshot: version, and length and hashes if present.
 * Errors: FORMAT (also if hashes are present and none is known); *pin is then undefined. */
enum weft_err weft_pin_read_meta(const json_t *entry, struct weft_pin *pin);

/* Read a member of "targets" in a targets document: length and hashes, both required.
 * Errors: FORMAT; *pin is then undefined. */
enum weft_err weft_pin_read_target(const json_t *entry, struct weft_pin *pin);

/* Are |length| bytes at |bytes| what |pin| states? Every stated hash has to match. |name| is for
 * the text of |fault|.
 * Errors: TOO_LONG, TOO_SHORT, MISMATCH, MEMORY, in |fault|. */
enum weft_err weft_pin_check(const struct weft_pin *pin, const char *name, const uint8_t *bytes,
                             size_t length, struct weft_fault *fault);

#endif
