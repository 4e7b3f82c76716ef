/* SPDX-License-Identifier: Apache-2.0 */
/* Versions, lengths and hashes in parent documents. Unknown hash algorithms are passed over as
 * long as a known one is there. */
#include "pin.h"

#include <openssl/evp.h>
#include <string.h>

#include "hex.h"
#include "sha256.h"

static enum weft_err read_hashes(const json_t *hashes, struct weft_pin *pin)
{
    if (!json_is_object(hashes)) {
        return WEFT_ERR_FORMAT;
    }
    const json_t *sha256 = json_object_get(hashes, "sha256");
    const json_t *sha512 = json_object_get(hashes, "sha512");
    pin->has_sha256 = sha256 != NULL;
    pin->has_sha512 = sha512 != NULL;
    if (sha256 && !weft_hex_decode(json_string_value(sha256), pin->sha256, sizeof pin->sha256)) {
        return WEFT_ERR_FORMAT;
    }
    if (sha512 && !weft_hex_decode(json_string_value(sha512), pin->sha512, sizeof pin->sha512)) {
        return WEFT_ERR_FORMAT;
    }
    return sha256 || sha512 ? WEFT_ERR_OK : WEFT_ERR_FORMAT;
}

enum weft_err weft_pin_read_meta(const json_t *entry, struct weft_pin *pin)
{
    *pin = (struct weft_pin){.version = 0};
    if (!weft_json_uint(entry, "version", 1, INT64_MAX, &pin->version)) {
        return WEFT_ERR_FORMAT;
    }
    if (json_object_get(entry, "length")) {
        pin->has_length = weft_json_uint(entry, "length", 1, INT64_MAX, &pin->length);
        if (!pin->has_length) {
            return WEFT_ERR_FORMAT;
        }
    }
    const json_t *hashes = json_object_get(entry, "hashes");
    return hashes ? read_hashes(hashes, pin) : WEFT_ERR_OK;
}

enum weft_err weft_pin_read_target(const json_t *entry, struct weft_pin *pin)
{
    *pin = (struct weft_pin){.version = 0};
    pin->has_length = weft_json_uint(entry, "length", 0, INT64_MAX, &pin->length);
    if (!pin->has_length) {
        return WEFT_ERR_FORMAT;
    }
    return read_hashes(json_object_get(entry, "hashes"), pin);
}

static enum weft_err check_hashes(const struct weft_pin *pin, const char *name,
                                  const uint8_t *bytes, size_t length, struct weft_fault *fault)
{
    uint8_t digest[WEFT_SHA512_BYTES];
    if (pin->has_sha256) {
        if (!weft_sha256_of(bytes, length, digest)) {
            return weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to hash %s", name);
        }
        if (memcmp(digest, pin->sha256, sizeof pin->sha256) != 0) {
            return weft_fault_set(fault, WEFT_ERR_MISMATCH,
                                  "%s does not have the SHA-256 that "
                                  "its signed parent states",
                                  name);
        }
    }
    if (pin->has_sha512) {
        if (EVP_Digest(bytes, length, digest, NULL, EVP_sha512(), NULL) != 1) {
            return weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to hash %s", name);
        }
        if (memcmp(digest, pin->sha512, sizeof pin->sha512) != 0) {
            return weft_fault_set(fault, WEFT_ERR_MISMATCH,
                                  "%s does not have the SHA-512 that "
                                  "its signed parent states",
                                  name);
        }
    }
    return weft_fault_clear(fault);
}

enum weft_err weft_pin_check(const struct weft_pin *pin, const char *name, const uint8_t *bytes,
                             size_t length, struct weft_fault *fault)
{
    if (pin->has_length && length != pin->length) {
        return weft_fault_set(fault, length > pin->length ? WEFT_ERR_TOO_LONG : WEFT_ERR_TOO_SHORT,
                              "%s has %llu bytes, its signed parent states %llu", name,
                              (unsigned long long)length, (unsigned long long)pin->length);
    }
    return check_hashes(pin, name, bytes, length, fault);
}
