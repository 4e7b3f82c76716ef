/* SPDX-License-Identifier: Apache-2.0 */
/* PEM is taken apart here and not by PEM_read_bio_PUBKEY(), which asks at the terminal for the
 * password of an encrypted block: a document would stop the node. Whatever libcrypto complains of
 * is wiped from its error queue, which the TLS code of the same thread reads too. */
#include "pem.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "hex.h"
#include "sha256.h"

static EVP_PKEY *read_der(const uint8_t *der, long length)
{
    const uint8_t *at = der;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, length);
    if (key && at != der + length) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

EVP_PKEY *weft_pem_read(const char *text)
{
    char *name = NULL;
    char *header = NULL;
    uint8_t *der = NULL;
    long length = 0;
    EVP_PKEY *key = NULL;
    size_t text_length = strlen(text);
    BIO *bio = text_length <= WEFT_PEM_BYTES_MAX ? BIO_new_mem_buf(text, (int)text_length) : NULL;
    bool read = bio && PEM_read_bio(bio, &name, &header, &der, &length) == 1;
    if (read && strcmp(name, PEM_STRING_PUBLIC) == 0 && header[0] == '\0') {
        key = read_der(der, length);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

bool weft_pem_identity(EVP_PKEY *key, uint8_t identity[WEFT_SHA256_BYTES])
{
    uint8_t *der = NULL;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       "uncompressed");
    }
    int length = i2d_PUBKEY(key, &der);
    bool ok = length > 0 && weft_sha256_of(der, (size_t)length, identity);
    OPENSSL_free(der);
    ERR_clear_error();
    return ok;
}

static bool is_good(EVP_MD_CTX *context, EVP_PKEY *key, bool is_pss,
                    const struct weft_signed_bytes *bytes, const uint8_t *signature, size_t length)
{
    EVP_PKEY_CTX *options = NULL; /* belongs to |context| */
    if (EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key) != 1) {
        return false;
    }
    if (is_pss && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_AUTO) != 1)) {
        return false;
    }
    return EVP_DigestVerify(context, signature, length, bytes->message, bytes->length) == 1;
}

bool weft_pem_verify(EVP_PKEY *key, bool is_pss, const struct weft_signed_bytes *bytes)
{
    uint8_t signature[WEFT_PEM_SIGNATURE_BYTES_MAX];
    size_t length = strlen(bytes->signature) / 2;
    if (length > sizeof signature || !weft_hex_decode(bytes->signature, signature, length)) {
        return false;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && is_good(context, key, is_pss, bytes, signature, length);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}
