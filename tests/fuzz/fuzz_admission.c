/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, revocations, tokens, and requests and admissions that are carried in files, on any
 * bytes; the first byte chooses. Checked: what is
 * accepted keeps its ranges and is written again as it was. The mesh key is that of the seed 01
 * 00..., so that the corpus holds accepted ones. */
#include "protocol/transport/admission.h"
#include "protocol/transport/token.h"
#include "tests/fuzz/replay.h"

#include <sodium.h>
#include <string.h>

static uint8_t mesh[WEFT_MESH_KEY_BYTES];
static uint8_t secret[WEFT_MESH_SECRET_BYTES];

static void check_certificate(const uint8_t *bytes)
{
    struct weft_certificate certificate;
    uint8_t again[WEFT_CERTIFICATE_BYTES];
    enum weft_doubt doubt = weft_certificate_read(&certificate, mesh, mesh, bytes);
    if (doubt == WEFT_DOUBT_FORMAT) {
        return;
    }
    WEFT_FUZZ_CHECK(weft_certificate_name_ok(certificate.name));
    weft_certificate_sign(&certificate, mesh, secret, again);
    if (doubt != WEFT_DOUBT_MESH) {
        WEFT_FUZZ_CHECK(memcmp(again, bytes, WEFT_CERTIFICATE_BYTES - 64) == 0);
    }
}

static void check_revocation(const uint8_t *bytes, size_t length)
{
    static struct weft_revocation revocation;
    static uint8_t again[WEFT_REVOCATION_BYTES_MAX];
    enum weft_doubt doubt = weft_revocation_read(&revocation, mesh, mesh, bytes, length);
    if (doubt == WEFT_DOUBT_FORMAT) {
        return;
    }
    WEFT_FUZZ_CHECK(revocation.count <= WEFT_REVOKED_MAX && revocation.number > 0);
    WEFT_FUZZ_CHECK(weft_revocation_sign(&revocation, mesh, secret, again) == length);
    if (doubt != WEFT_DOUBT_MESH) {
        WEFT_FUZZ_CHECK(memcmp(again, bytes, length - 64) == 0);
    }
}

static void check_token(const uint8_t *bytes, size_t length)
{
    char text[WEFT_TOKEN_TEXT_BYTES + 8] = "";
    char again[WEFT_TOKEN_TEXT_BYTES];
    struct weft_token token;
    memcpy(text, bytes, length < sizeof(text) - 1 ? length : sizeof(text) - 1);
    if (weft_token_parse(text, &token)) {
        weft_token_format(&token, again);
        WEFT_FUZZ_CHECK(strcmp(again, text) == 0);
    }
}

/* The proof cannot be made again, as its nonce is random: the letters that are not of it can. */
static void check_request(const uint8_t *bytes, size_t length)
{
    struct weft_request request;
    char again[WEFT_REQUEST_TEXT_BYTES];
    const uint8_t nothing[32] = {0};
    const size_t same =
        WEFT_ARMOR_PREFIX_BYTES + (size_t)(WEFT_REQUEST_BYTES - WEFT_PROOF_BYTES) / 3 * 4;
    if (weft_request_parse(&request, (const char *)bytes, length)) {
        WEFT_FUZZ_CHECK(length == WEFT_REQUEST_TEXT_BYTES - 1);
        WEFT_FUZZ_CHECK(weft_certificate_name_ok(request.name));
        weft_request_format(&request, nothing, nothing, again);
        WEFT_FUZZ_CHECK(memcmp(again, bytes, same) == 0);
    }
}

static void check_admission(const uint8_t *bytes, size_t length)
{
    static struct weft_admission admission;
    static uint8_t sealed[WEFT_ADMISSION_SEALED_BYTES_MAX];
    size_t sealed_length = 0;
    struct weft_noise_pair own = {.secret = {1}};
    weft_noise_publish(&own);
    if (weft_admission_parse((const char *)bytes, length, sealed, &sealed_length) &&
        weft_admission_open(&admission, &own, sealed, sealed_length) == WEFT_DOUBT_NONE) {
        WEFT_FUZZ_CHECK(admission.revocation_length <= WEFT_REVOCATION_BYTES_MAX);
        WEFT_FUZZ_CHECK(memcmp(admission.signer, mesh, sizeof(mesh)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const uint8_t seed[32] = {1};
    crypto_sign_ed25519_seed_keypair(mesh, secret, seed);
    if (length == 0) {
        return 0;
    }
    if (bytes[0] == 'c' && length > WEFT_CERTIFICATE_BYTES) {
        check_certificate(bytes + 1);
    } else if (bytes[0] == 'r') {
        check_revocation(bytes + 1, length - 1);
    } else if (bytes[0] == 't') {
        check_token(bytes + 1, length - 1);
    } else if (bytes[0] == 'q') {
        check_request(bytes + 1, length - 1);
    } else if (bytes[0] == 'a') {
        check_admission(bytes + 1, length - 1);
    }
    return 0;
}
