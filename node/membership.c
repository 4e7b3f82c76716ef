/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of certificates against mesh, clock and revocations; the open mesh. */
#include "membership.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

/* In an open mesh nothing hangs on dates. */
#define NEVER_S (UINT64_C(1) << 40)

uint64_t weft_membership_now_s(void)
{
    return (uint64_t)time(NULL);
}

void weft_membership_begin(struct weft_membership *membership)
{
    static const char prologue[6] = {'w', 'e', 'f', 't', ' ', '1'};
    if (sodium_is_zero(membership->signer, sizeof(membership->signer))) {
        memcpy(membership->signer, membership->mesh, sizeof(membership->signer));
    }
    weft_noise_publish(&membership->own);
    weft_noise_publish(&membership->contact);
    membership->id = weft_certificate_id(membership->own.open);
    membership->tag = weft_mesh_tag(membership->mesh);
    memcpy(membership->prologue, prologue, sizeof(prologue));
    memcpy(membership->prologue + sizeof(prologue), membership->mesh, WEFT_MESH_KEY_BYTES);
}

bool weft_membership_is_signer(const struct weft_membership *membership,
                               const uint8_t key[WEFT_MESH_KEY_BYTES])
{
    bool is_next = memcmp(membership->next, key, sizeof(membership->next)) == 0;
    return memcmp(membership->signer, key, sizeof(membership->signer)) == 0 ||
           (is_next && !sodium_is_zero(key, WEFT_MESH_KEY_BYTES));
}

/* By the present key or the next one. */
static enum weft_doubt read_certificate(const struct weft_membership *membership,
                                        const uint8_t *bytes, struct weft_certificate *read)
{
    enum weft_doubt doubt =
        weft_certificate_read(read, membership->mesh, membership->signer, bytes);
    bool may_be_next = doubt == WEFT_DOUBT_SIGNATURE &&
                       !sodium_is_zero(membership->next, sizeof(membership->next));
    return may_be_next ? weft_certificate_read(read, membership->mesh, membership->next, bytes)
                       : doubt;
}

bool weft_membership_renew(struct weft_membership *membership, const struct weft_membership *made)
{
    bool is_changed = memcmp(membership->signer, made->signer, sizeof(membership->signer)) != 0;
    memcpy(membership->signer, made->signer, sizeof(membership->signer));
    memcpy(membership->next, made->next, sizeof(membership->next));
    memcpy(membership->certificate, made->certificate, sizeof(membership->certificate));
    membership->read = made->read;
    if (is_changed) {
        memset(&membership->revoked, 0, sizeof(membership->revoked));
        membership->revocation_length = 0;
    }
    return is_changed;
}

enum weft_doubt weft_membership_complete(struct weft_membership *membership)
{
    weft_membership_begin(membership);
    enum weft_doubt doubt =
        read_certificate(membership, membership->certificate, &membership->read);
    bool is_ours = memcmp(membership->read.key, membership->own.open, 32) == 0;
    return doubt == WEFT_DOUBT_NONE && !is_ours ? WEFT_DOUBT_KEY : doubt;
}

enum weft_doubt weft_membership_check(const struct weft_membership *membership,
                                      const uint8_t key[32],
                                      const uint8_t certificate[WEFT_CERTIFICATE_BYTES],
                                      uint64_t now_s, struct weft_certificate *read,
                                      weft_node_id *id)
{
    enum weft_doubt doubt = read_certificate(membership, certificate, read);
    if (doubt != WEFT_DOUBT_NONE) {
        return doubt;
    }
    if (memcmp(read->key, key, 32) != 0) {
        return WEFT_DOUBT_KEY;
    }
    doubt = weft_certificate_date(read, now_s);
    if (doubt != WEFT_DOUBT_NONE) {
        return doubt;
    }
    *id = weft_certificate_id(key);
    return weft_revocation_hits(&membership->revoked, *id, read) ? WEFT_DOUBT_REVOKED
                                                                 : WEFT_DOUBT_NONE;
}

uint64_t weft_membership_renew_s(const struct weft_membership *membership)
{
    const struct weft_certificate *own = &membership->read;
    return own->not_before_s + (own->not_after_s - own->not_before_s) / 3 * 2;
}

enum weft_doubt weft_membership_revoke(struct weft_membership *membership, const uint8_t *bytes,
                                       size_t length)
{
    struct weft_revocation read;
    if (weft_revocation_number(bytes, length) <= membership->revoked.number) {
        return WEFT_DOUBT_FORMAT;
    }
    enum weft_doubt doubt =
        weft_revocation_read(&read, membership->mesh, membership->signer, bytes, length);
    if (doubt == WEFT_DOUBT_SIGNATURE &&
        !sodium_is_zero(membership->next, sizeof(membership->next))) {
        doubt = weft_revocation_read(&read, membership->mesh, membership->next, bytes, length);
    }
    if (doubt != WEFT_DOUBT_NONE) {
        return doubt;
    }
    /* Accepted. */
    membership->revoked = read;
    memcpy(membership->revocation, bytes, length);
    membership->revocation_length = length;
    return WEFT_DOUBT_NONE;
}

void weft_membership_open(struct weft_membership *membership, const uint8_t *root, size_t length,
                          const struct weft_noise_pair *own)
{
    uint8_t seed[32];
    uint8_t secret[WEFT_MESH_SECRET_BYTES];
    memset(membership, 0, sizeof(*membership));
    membership->is_open = true;
    membership->own = *own;
    weft_hash_label(seed, sizeof(seed), "weft open mesh", root, length);
    crypto_sign_ed25519_seed_keypair(membership->mesh, secret, seed);
    weft_hash_label(membership->contact.secret, 32, "weft open contact", root, length);
    struct weft_certificate certificate = {
        .serial = 1,
        .not_before_s = 0,
        .not_after_s = NEVER_S,
        .name = "open",
    };
    memcpy(certificate.key, own->open, 32);
    weft_certificate_sign(&certificate, membership->mesh, secret, membership->certificate);
    weft_membership_complete(membership);
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(secret, sizeof(secret));
}
