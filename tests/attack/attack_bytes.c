/* SPDX-License-Identifier: Apache-2.0 */
/* A mirror sends more, less or other bytes than the signed parent states. */
#include "tests/support/offer.h"

#include <stdlib.h>
#include <string.h>

#define BODY(role) (publisher->bodies[WEFT_ROLE_##role])
#define SIGNERS(role) (publisher->signers[WEFT_ROLE_##role])

/* ---- Endless data, lengths and hashes ---- */

static void pad(json_t *body, size_t bytes)
{
    json_t *texts = json_array();
    static char text[1001];
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < bytes / 1000 + 1; i++) {
        json_array_append_new(texts, json_string(text));
    }
    json_object_set_new(body, "padding", texts);
}

static void endless_timestamp(struct publisher *publisher)
{
    pad(BODY(TIMESTAMP), 16384);
}

static void endless_root(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    pad(BODY(ROOT), 512000);
}

static void append(struct publisher_document *document, size_t bytes)
{
    uint8_t *longer = realloc(document->bytes, document->length + bytes);
    ck_assert_ptr_nonnull(longer);
    memset(longer + document->length, ' ', bytes);
    document->bytes = longer;
    document->length += bytes;
}

static void longer_snapshot(struct publisher *publisher, enum weft_role role,
                            struct publisher_document *document)
{
    (void)publisher;
    if (role == WEFT_ROLE_SNAPSHOT) {
        append(document, 1);
    }
}

static void longer_targets(struct publisher *publisher, enum weft_role role,
                           struct publisher_document *document)
{
    (void)publisher;
    if (role == WEFT_ROLE_TARGETS) {
        append(document, 100000000);
    }
}

static void shorter_targets(struct publisher *publisher, enum weft_role role,
                            struct publisher_document *document)
{
    (void)publisher;
    document->length -= role == WEFT_ROLE_TARGETS;
}

static void garbage(struct publisher *publisher, enum weft_role role,
                    struct publisher_document *document)
{
    (void)publisher;
    if (role == WEFT_ROLE_TIMESTAMP) {
        memset(document->bytes, 0xa5, document->length);
    }
}

static void page_of_a_portal(struct publisher *publisher, enum weft_role role,
                             struct publisher_document *document)
{
    static const char page[] = "<!DOCTYPE html><html><body>Please log in</body></html>";
    (void)publisher;
    (void)role;
    publisher_free(document);
    document->bytes = malloc(sizeof page - 1);
    ck_assert_ptr_nonnull(document->bytes);
    memcpy(document->bytes, page, sizeof page - 1);
    document->length = sizeof page - 1;
}

static void nothing(struct publisher *publisher, enum weft_role role,
                    struct publisher_document *document)
{
    (void)publisher;
    document->length = role == WEFT_ROLE_TIMESTAMP ? 0 : document->length;
}

/* The entry of the snapshot in the timestamp, signed again with one member changed. */
static void repin(struct publisher *publisher, enum weft_role role,
                  struct publisher_document *document, const char *member, json_t *value)
{
    json_t *meta = json_object_get(BODY(TIMESTAMP), "meta");
    if (role == WEFT_ROLE_TIMESTAMP) {
        json_object_set(json_object_get(meta, "snapshot.json"), member, value);
        offer_put(document, publisher_sign(publisher, BODY(TIMESTAMP), SIGNERS(TIMESTAMP)));
    }
    json_decref(value);
}

#define ZEROS_8 "0000000000000000"
#define ZEROS_64 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8

static void other_hash(struct publisher *publisher, enum weft_role role,
                       struct publisher_document *document)
{
    repin(publisher, role, document, "hashes", json_pack("{s:s}", "sha256", ZEROS_64));
}

static void one_of_two_hashes(struct publisher *publisher, enum weft_role role,
                              struct publisher_document *document)
{
    json_t *meta = json_object_get(BODY(TIMESTAMP), "meta");
    json_t *hashes =
        json_deep_copy(json_object_get(json_object_get(meta, "snapshot.json"), "hashes"));
    json_object_set_new(hashes, "sha512", json_string(ZEROS_64 ZEROS_64));
    repin(publisher, role, document, "hashes", hashes);
}

static void unknown_hash(struct publisher *publisher, enum weft_role role,
                         struct publisher_document *document)
{
    repin(publisher, role, document, "hashes", json_pack("{s:s}", "md5", ZEROS_8 ZEROS_8));
}

static void no_hash(struct publisher *publisher, enum weft_role role,
                    struct publisher_document *document)
{
    repin(publisher, role, document, "hashes", json_object());
}

static void negative_length(struct publisher *publisher, enum weft_role role,
                            struct publisher_document *document)
{
    repin(publisher, role, document, "length", json_integer(-1));
}

static void huge_length(struct publisher *publisher, enum weft_role role,
                        struct publisher_document *document)
{
    repin(publisher, role, document, "length", json_integer(INT64_MAX));
    if (role == WEFT_ROLE_SNAPSHOT) {
        append(document, WEFT_DOCUMENT_BYTES_MAX);
    }
}

static const struct offer offers[] = {
    {"endless: timestamp over its limit", WEFT_ERR_TOO_LONG, endless_timestamp, NULL, 0, false},
    {"endless: root over its limit", WEFT_ERR_TOO_LONG, endless_root, NULL, 0, true},
    {"endless: a byte more than the snapshot's length", WEFT_ERR_TOO_LONG, NULL, longer_snapshot, 0,
     false},
    {"endless: 100 MB more than the targets' length", WEFT_ERR_TOO_LONG, NULL, longer_targets, 0,
     false},
    {"endless: a length of 2^63 - 1 is stated", WEFT_ERR_TOO_SHORT, NULL, huge_length, 0, false},
    {"length: a byte less than the targets' length", WEFT_ERR_TOO_SHORT, NULL, shorter_targets, 0,
     false},
    {"length: a negative length is stated", WEFT_ERR_FORMAT, NULL, negative_length, 0, false},
    {"hash: another SHA-256 is stated", WEFT_ERR_MISMATCH, NULL, other_hash, 0, false},
    {"hash: SHA-256 fits, SHA-512 does not", WEFT_ERR_MISMATCH, NULL, one_of_two_hashes, 0, false},
    {"hash: only a broken hash is stated", WEFT_ERR_FORMAT, NULL, unknown_hash, 0, false},
    {"hash: no hash in the list of hashes", WEFT_ERR_FORMAT, NULL, no_hash, 0, false},
    {"mirror: garbage", WEFT_ERR_FORMAT, NULL, garbage, 0, false},
    {"mirror: the log-in page of a captive portal", WEFT_ERR_FORMAT, NULL, page_of_a_portal, 0,
     false},
    {"mirror: an empty file", WEFT_ERR_FORMAT, NULL, nothing, 0, false},
};

int main(void)
{
    struct attack_list list = {.count = 0};
    offer_add(&list, offers, sizeof offers / sizeof offers[0]);
    return attack_run_list(&list);
}
