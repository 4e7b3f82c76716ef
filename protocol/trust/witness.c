/* SPDX-License-Identifier: Apache-2.0 */
/* Equivocation. The bytes are compared, and not the signed part alone: a publisher signs a version
 * once, so other signatures of the same text are worth a look too. */
#include "witness.h"

#include <string.h>

#include "root.h"
#include "sha256.h"

static enum weft_err accuse(const struct weft_metadata *trusted, const struct weft_metadata *other,
                            struct weft_fault *fault)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    char ours[WEFT_SHA256_HEX_BYTES];
    char theirs[WEFT_SHA256_HEX_BYTES];
    if (!weft_sha256_of(trusted->bytes, trusted->length, digest)) {
        return weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to compare timestamps");
    }
    weft_sha256_hex(digest, ours);
    if (!weft_sha256_of(other->bytes, other->length, digest)) {
        return weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to compare timestamps");
    }
    weft_sha256_hex(digest, theirs);
    return weft_fault_set(fault, WEFT_ERR_EXISTS,
                          "timestamp version %llu was signed twice with different content: %s "
                          "here, %s at a peer",
                          (unsigned long long)trusted->version, ours, theirs);
}

static enum weft_err compare(const struct weft_metadata *trusted, const struct weft_metadata *other,
                             struct weft_fault *fault)
{
    if (trusted == NULL || other->version != trusted->version) {
        return weft_fault_set(fault, WEFT_ERR_ROLLBACK,
                              "the timestamp has another version than the peer said");
    }
    if (other->length != trusted->length ||
        memcmp(other->bytes, trusted->bytes, trusted->length) != 0) {
        return accuse(trusted, other, fault);
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_witness_check(const struct weft_metadata *root,
                                 const struct weft_metadata *trusted, const uint8_t *bytes,
                                 size_t length, struct weft_fault *fault)
{
    struct weft_metadata *other = NULL;
    if (length > weft_role_bytes_max(WEFT_ROLE_TIMESTAMP)) {
        return weft_fault_set(fault, WEFT_ERR_TOO_LONG, "the timestamp is longer than allowed");
    }
    enum weft_err err =
        weft_metadata_parse(WEFT_ROLE_TIMESTAMP, NULL, bytes, length, &other, fault);
    if (err == WEFT_ERR_OK) {
        err = weft_root_verify(root, other, fault);
    }
    if (err == WEFT_ERR_OK) {
        err = compare(trusted, other, fault);
    }
    weft_metadata_drop(other);
    return err;
}
