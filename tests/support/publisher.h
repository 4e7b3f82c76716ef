/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher in memory, for tests of the trust code: makes signed TUF documents, right ones and
 * wrong ones. Failures abort the test. */
#ifndef WEFT_TEST_PUBLISHER_H
#define WEFT_TEST_PUBLISHER_H

#include "protocol/trust/client.h"

/* The time of tests, and a date of documents that are valid then. */
#define PUBLISHER_NOW_S INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define PUBLISHER_VALID "2027-01-01T00:00:00Z"
#define PUBLISHER_EXPIRED "2025-12-31T23:59:59Z"

/* Keys 0..3 are those of the roles, the rest is spare. */
#define PUBLISHER_KEYS 8

/* Bit of key |number| in a set of keys. */
#define PUBLISHER_KEY(number) (1U << (number))

struct publisher_key {
    uint8_t secret[64]; /* Ed25519 */
    json_t *key;        /* public key object; owned */
    char id[65];        /* key id */
};

struct publisher_document {
    uint8_t *bytes; /* [length]; owned */
    size_t length;  /* bytes */
};

struct publisher {
    struct publisher_key keys[PUBLISHER_KEYS]; /* the same in every test */
    json_t *bodies[WEFT_ROLE_COUNT];           /* to be changed at will before signing; owned */
    unsigned signers[WEFT_ROLE_COUNT];         /* set of keys that sign the role */
};

/* Begin a publisher: all documents version 1, valid, one key a role, no target. */
void publisher_begin(struct publisher *publisher);

/* Release everything. */
void publisher_end(struct publisher *publisher);

/* Give |role| in the root body this set of keys and threshold; keys are added to the root. */
void publisher_role(struct publisher *publisher, enum weft_role role, unsigned keys, int threshold);

/* Set the version of |role|. */
void publisher_version(struct publisher *publisher, enum weft_role role, int version);

/* Sign |body| with a set of keys. Owner: *document; publisher_free(). */
struct publisher_document publisher_sign(const struct publisher *publisher, json_t *body,
                                         unsigned keys);

/* The document of |role| as it stands. Snapshot and timestamp pin what is below them first, with
 * version, length and hash. */
struct publisher_document publisher_make(struct publisher *publisher, enum weft_role role);

/* Release a document. */
void publisher_free(struct publisher_document *document);

/* A client that trusts the root as it stands. */
struct weft_trust *publisher_client(struct publisher *publisher);

/* Give |trust| what it wants until the update is over or a document is refused; a root is given if
 * the body has the wanted version. Result: the error. */
enum weft_err publisher_update(struct publisher *publisher, struct weft_trust *trust);

/* publisher_update() from the begin of an update at PUBLISHER_NOW_S that looks for all roots. */
enum weft_err publisher_refresh(struct publisher *publisher, struct weft_trust *trust);

#endif
