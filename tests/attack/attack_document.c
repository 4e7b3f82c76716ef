/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are to break the reader, or to say something else after a small change: JSON
 * bombs, and every single bit and every truncation of each kind of signed document. */
#include "tests/support/attack.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/trust/catalog.h"
#include "protocol/trust/index.h"
#include "protocol/trust/json.h"
#include "protocol/trust/sha256.h"
#include "tests/support/publisher.h"

/* ---- JSON that is refused before anything in it is used ---- */

#define TEN(x) x x x x x x x x x x
#define BOMB(name, bytes)                                                                          \
    {                                                                                              \
        .attack = (name), .text = (bytes), .length = sizeof(bytes) - 1                             \
    }

static const struct {
    const char *attack; /* what it is */
    const char *text;   /* [length] */
    size_t length;      /* bytes; there may be NULs */
} bombs[] = {
    BOMB("JSON: 100 arrays inside each other", "{\"a\":" TEN(TEN("[")) TEN(TEN("]")) "}"),
    BOMB("JSON: 25 objects inside each other",
         TEN("{\"a\":") TEN("{\"a\":") "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}" TEN("}")
             TEN("}")),
    BOMB("JSON: a member twice", "{\"version\":1,\"version\":2}"),
    BOMB("JSON: a member twice, spelt in two ways", "{\"version\":1,\"\\u0076ersion\":2}"),
    BOMB("JSON: an integer of 2^63", "{\"version\":9223372036854775808}"),
    BOMB("JSON: an integer of 1,000 digits", "{\"version\":1" TEN(TEN(TEN("0"))) "}"),
    BOMB("JSON: a real number", "{\"version\":1.0}"),
    BOMB("JSON: a real number of 1e999999999", "{\"version\":1e999999999}"),
    BOMB("JSON: NaN", "{\"version\":NaN}"),
    BOMB("JSON: an integer with a zero in front", "{\"version\":01}"),
    BOMB("JSON: UTF-8 that is cut", "{\"a\":\"\xe2\x82\"}"),
    BOMB("JSON: UTF-8 in an overlong form", "{\"a\":\"\xc0\xaf\"}"),
    BOMB("JSON: half of a surrogate pair", "{\"a\":\"\\ud800\"}"),
    BOMB("JSON: a surrogate as UTF-8", "{\"a\":\"\xed\xa0\x80\"}"),
    BOMB("JSON: NUL in a string", "{\"a\":\"x\0y\"}"),
    BOMB("JSON: NUL in a string, escaped", "{\"a\":\"x\\u0000y\"}"),
    BOMB("JSON: NUL in the name of a member", "{\"a\\u0000b\":1}"),
    BOMB("JSON: a second object behind the first", "{\"a\":1}{\"a\":2}"),
    BOMB("JSON: an array instead of an object", "[{\"a\":1}]"),
    BOMB("JSON: a comment", "{\"a\":1/*x*/}"),
    BOMB("JSON: a comma too much", "{\"a\":1,}"),
    BOMB("JSON: a line break in a string", "{\"a\":\"x\ny\"}"),
};

START_TEST(bomb)
{
    json_t *value = NULL;
    /* In a block of its own length, so that a sanitizer sees its end. */
    uint8_t *copy = malloc(bombs[_i].length);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bombs[_i].text, bombs[_i].length);
    ck_assert_int_eq(weft_json_parse(copy, bombs[_i].length, &value), WEFT_ERR_FORMAT);
    ck_assert_ptr_null(value);
    free(copy);
}
END_TEST

/* ---- Every bit, every truncation ---- */

static struct publisher publisher;

/* A client that wants the document of |role|; the ones before it were given. */
static struct weft_trust *client_wanting(enum weft_role role)
{
    struct weft_trust *trust = publisher_client(&publisher);
    struct weft_trust_want want;
    weft_trust_begin(trust, PUBLISHER_NOW_S, UINT64_MAX);
    while (weft_trust_wanted(trust, &want) && want.role != role) {
        if (want.role == WEFT_ROLE_ROOT) {
            weft_trust_give_up(trust, WEFT_ERR_NOT_FOUND);
            continue;
        }
        struct publisher_document document = publisher_make(&publisher, want.role);
        ck_assert_int_eq(weft_trust_feed(trust, document.bytes, document.length), WEFT_ERR_OK);
        publisher_free(&document);
    }
    return trust;
}

static const struct {
    const char *flips;   /* attack */
    const char *cuts;    /* attack */
    enum weft_role role; /* of the document */
    bool is_pinned;      /* a signed parent states its hash: not one other byte is taken */
} kinds[] = {
    {"every single bit of a root is flipped", "every truncation of a root", WEFT_ROLE_ROOT, false},
    {"every single bit of a timestamp is flipped", "every truncation of a timestamp",
     WEFT_ROLE_TIMESTAMP, false},
    {"every single bit of a snapshot is flipped", "every truncation of a snapshot",
     WEFT_ROLE_SNAPSHOT, true},
    {"every single bit of targets is flipped", "every truncation of targets", WEFT_ROLE_TARGETS,
     true},
};

/* The document under attack: the next root, or the current one of another role. */
static struct publisher_document begin(enum weft_role role, struct weft_trust **trust)
{
    publisher_begin(&publisher);
    publisher_target(&publisher, NULL, "virus/1/file", "good");
    *trust = client_wanting(role);
    if (role == WEFT_ROLE_ROOT) {
        publisher_version(&publisher, role, 2);
    }
    return publisher_make(&publisher, role);
}

/* A bit in a hex digit of a signature may change its case only, one in white space nothing. */
static void expect_same(const struct weft_trust *trust, int row)
{
    const struct weft_metadata *document = weft_trust_document(trust, kinds[row].role);
    ck_assert(!kinds[row].is_pinned);
    ck_assert_ptr_nonnull(document);
    ck_assert(json_equal(document->body, publisher.bodies[kinds[row].role]));
}

START_TEST(flip)
{
    enum weft_role role = kinds[_i].role;
    struct weft_trust *trust = NULL;
    struct publisher_document document = begin(role, &trust);
    size_t same_count = 0;
    for (size_t bit = 0; bit < document.length * 8; bit++) {
        document.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        if (weft_trust_feed(trust, document.bytes, document.length) == WEFT_ERR_OK) {
            expect_same(trust, _i);
            same_count++;
            weft_trust_free(trust);
            publisher_version(&publisher, WEFT_ROLE_ROOT, 1);
            trust = client_wanting(role);
            publisher_version(&publisher, WEFT_ROLE_ROOT, role == WEFT_ROLE_ROOT ? 2 : 1);
        }
        document.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    ck_assert_uint_le(same_count, 128);
    ck_assert_int_eq(weft_trust_feed(trust, document.bytes, document.length), WEFT_ERR_OK);
    publisher_free(&document);
    weft_trust_free(trust);
    publisher_end(&publisher);
}
END_TEST

START_TEST(cut)
{
    struct weft_trust *trust = NULL;
    struct publisher_document document = begin(kinds[_i].role, &trust);
    for (size_t length = 0; length < document.length; length++) {
        uint8_t *copy = malloc(length + (length == 0));
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, document.bytes, length);
        ck_assert_int_ne(weft_trust_feed(trust, copy, length), WEFT_ERR_OK);
        free(copy);
    }
    ck_assert_int_eq(weft_trust_feed(trust, document.bytes, document.length), WEFT_ERR_OK);
    publisher_free(&document);
    weft_trust_free(trust);
    publisher_end(&publisher);
}
END_TEST

/* ---- The same of a delegated role and of a chunk index ---- */

/* Searches for a target of the delegated role, so that its document is wanted. */
static struct publisher_document begin_role(struct weft_trust **trust)
{
    struct weft_release_info info;
    publisher_begin(&publisher);
    struct publisher_role *role =
        publisher_delegate(&publisher, NULL, "own", PUBLISHER_KEY(4), "[\"a/*/*\"]", false);
    publisher_release(&publisher, "own", "a", "1", 1);
    *trust = publisher_client(&publisher);
    ck_assert_int_eq(publisher_refresh(&publisher, *trust), WEFT_ERR_OK);
    ck_assert_int_eq(weft_trust_seek_target(*trust, "a/1/file", &info), WEFT_ERR_PENDING);
    return publisher_make_role(&publisher, role);
}

static void end_role(struct weft_trust *trust, struct publisher_document *document)
{
    ck_assert_int_eq(weft_trust_feed_role(trust, document->bytes, document->length), WEFT_ERR_OK);
    publisher_free(document);
    weft_trust_free(trust);
    publisher_end(&publisher);
}

START_TEST(flip_role)
{
    struct weft_trust *trust = NULL;
    struct publisher_document document = begin_role(&trust);
    for (size_t bit = 0; bit < document.length * 8; bit++) {
        document.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        ck_assert_int_ne(weft_trust_feed_role(trust, document.bytes, document.length), WEFT_ERR_OK);
        document.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    end_role(trust, &document);
}
END_TEST

START_TEST(cut_role)
{
    struct weft_trust *trust = NULL;
    struct publisher_document document = begin_role(&trust);
    for (size_t length = 0; length < document.length; length++) {
        ck_assert_int_ne(weft_trust_feed_role(trust, document.bytes, length), WEFT_ERR_OK);
    }
    end_role(trust, &document);
}
END_TEST

static uint8_t *make_index(struct weft_release_info *info, size_t *length)
{
    uint8_t hashes[8][WEFT_SHA256_BYTES];
    uint32_t lengths[8];
    uint8_t *bytes = NULL;
    for (uint8_t i = 0; i < 8; i++) {
        memset(hashes[i], i + 1, sizeof hashes[i]);
        lengths[i] = 65536;
    }
    ck_assert_int_eq(weft_index_encode(lengths, hashes[0], 8, &bytes, length), WEFT_ERR_OK);
    *info = (struct weft_release_info){.has_index = true, .index_bytes = (uint32_t)*length};
    ck_assert(weft_sha256_of(bytes, *length, info->index_sha256));
    ck_assert_int_eq(weft_catalog_index_check(info, bytes, *length), WEFT_ERR_OK);
    return bytes;
}

START_TEST(flip_index)
{
    struct weft_release_info info;
    size_t length = 0;
    uint8_t *bytes = make_index(&info, &length);
    for (size_t bit = 0; bit < length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        ck_assert_int_eq(weft_catalog_index_check(&info, bytes, length), WEFT_ERR_MISMATCH);
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    free(bytes);
}
END_TEST

START_TEST(cut_index)
{
    struct weft_release_info info;
    size_t length = 0;
    uint8_t *bytes = make_index(&info, &length);
    for (size_t cut_length = 0; cut_length < length; cut_length++) {
        struct weft_index *index = NULL;
        ck_assert_int_eq(weft_catalog_index_check(&info, bytes, cut_length), WEFT_ERR_TOO_SHORT);
        ck_assert_int_ne(weft_index_decode(bytes, cut_length, 8 * 65536, &index), WEFT_ERR_OK);
    }
    free(bytes);
}
END_TEST

int main(void)
{
    const struct attack_case others[] = {
        {"every single bit of a delegated role is flipped", "refused", flip_role},
        {"every truncation of a delegated role", "refused", cut_role},
        {"every single bit of a chunk index is flipped", "refused", flip_index},
        {"every truncation of a chunk index", "refused", cut_index},
    };
    struct attack_list list = {.count = 0};
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        attack_add(&list, (struct attack_case){bombs[i].attack, "refused", bomb}, (int)i);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *rule = kinds[i].is_pinned ? "refused" : "refused, or it says the same";
        attack_add(&list, (struct attack_case){kinds[i].flips, rule, flip}, (int)i);
        attack_add(&list, (struct attack_case){kinds[i].cuts, "refused", cut}, (int)i);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        attack_add(&list, others[i], 0);
    }
    return attack_run_list(&list);
}
