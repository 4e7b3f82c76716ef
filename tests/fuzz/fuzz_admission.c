/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, revocations and tokens on any bytes; the first byte chooses. Checked: what is
 * accepted keeps its ranges and is written again as it was. The mesh key is that of the seed 01
 * 00..., so that the corpus holds accepted ones. */
#include "protocol/transport/revocation.h"
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
    enum weft_doubt doubt = weft_certificate_read(&certificate, mesh, bytes);
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
    enum weft_doubt doubt = weft_revocation_read(&revocation, mesh, bytes, length);
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
    }
    return 0;
}
