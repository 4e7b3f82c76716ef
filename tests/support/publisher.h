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

/* Delegated roles of one publisher. */
#define PUBLISHER_ROLES 48

/* A delegated role. */
struct publisher_role {
    const char *name;    /* static, or of the test */
    json_t *body;        /* to be changed at will before signing; owned */
    unsigned signers;    /* set of keys that sign it */
    bool is_missing;     /* nobody has its document */
    bool is_unlisted;    /* the snapshot does not name it */
    unsigned want_count; /* how often it was asked for */
};

struct publisher {
    struct publisher_key keys[PUBLISHER_KEYS];    /* the same in every test */
    json_t *bodies[WEFT_ROLE_COUNT];              /* to be changed at will before signing; owned */
    unsigned signers[WEFT_ROLE_COUNT];            /* set of keys that sign the role */
    struct publisher_role roles[PUBLISHER_ROLES]; /* delegated ones, [role_count] */
    size_t role_count;                            /* of roles */
    char visited[512];                            /* names asked for by searches, "A B C" */
};

/* Begin a publisher: all documents version 1, valid, one key a role, no target. */
void publisher_begin(struct publisher *publisher);

/* Release everything. */
void publisher_end(struct publisher *publisher);

/* Give |role| in the root body this set of keys and threshold; keys are added to the root. */
void publisher_role(struct publisher *publisher, enum weft_role role, unsigned keys, int threshold);

/* Set the version of |role|. */
void publisher_version(struct publisher *publisher, enum weft_role role, int version);

/* Delegate |paths| (a JSON list of patterns) to the role |name|, which is made unless it exists, to
 * be signed by |keys|, all of them. |from| NULL = by the top-level targets.
 * Result: the role. */
struct publisher_role *publisher_delegate(struct publisher *publisher, const char *from,
                                          const char *name, unsigned keys, const char *paths,
                                          bool is_terminating);

/* The body of the delegated role |name|; NULL = of the top-level targets. Borrowed. */
json_t *publisher_body(struct publisher *publisher, const char *name);

/* List |path| with |text| as its content in the targets of |name| (NULL = the top-level ones). */
void publisher_target(struct publisher *publisher, const char *name, const char *path,
                      const char *text);

/* List a release of a component, of |order|, in the targets of |name|; hashes are of |order|. */
void publisher_release(struct publisher *publisher, const char *name, const char *component,
                       const char *version, int order);

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

/* The document of the delegated role |role|, signed. */
struct publisher_document publisher_make_role(struct publisher *publisher,
                                              const struct publisher_role *role);

/* Search for |path|, and give |trust| the delegated documents that it wants, until there is an
 * answer. Names asked for are noted in publisher->visited. Result: of the search. */
enum weft_err publisher_seek(struct publisher *publisher, struct weft_trust *trust,
                             const char *path, struct weft_release_info *info);

/* The same for the current release of a component. */
enum weft_err publisher_seek_component(struct publisher *publisher, struct weft_trust *trust,
                                       const char *component, struct weft_release_info *info);

/* publisher_update() from the begin of an update at PUBLISHER_NOW_S that looks for all roots. */
enum weft_err publisher_refresh(struct publisher *publisher, struct weft_trust *trust);

#endif
