/* SPDX-License-Identifier: Apache-2.0 */
/* The client workflow: a good update, and one test for each attack. */
#include "tests/support/check_main.h"
#include "tests/support/publisher.h"

#include <string.h>

static struct publisher publisher;
static struct weft_trust *trust;

static void setup(void)
{
    publisher_begin(&publisher);
    trust = publisher_client(&publisher);
}

static void teardown(void)
{
    weft_trust_free(trust);
    publisher_end(&publisher);
}

static uint64_t version_of(enum weft_role role)
{
    const struct weft_metadata *document = weft_trust_document(trust, role);
    return document ? document->version : 0;
}

static uint64_t current_of(enum weft_role role)
{
    const struct weft_metadata *document = weft_trust_current(trust, role);
    return document ? document->version : 0;
}

#define ASSERT_TRUSTED(root, timestamp, snapshot, targets)                                         \
    do {                                                                                           \
        ck_assert_uint_eq(version_of(WEFT_ROLE_ROOT), root);                                       \
        ck_assert_uint_eq(version_of(WEFT_ROLE_TIMESTAMP), timestamp);                             \
        ck_assert_uint_eq(version_of(WEFT_ROLE_SNAPSHOT), snapshot);                               \
        ck_assert_uint_eq(version_of(WEFT_ROLE_TARGETS), targets);                                 \
    } while (0)

static void set_versions(int timestamp, int snapshot, int targets)
{
    publisher_version(&publisher, WEFT_ROLE_TIMESTAMP, timestamp);
    publisher_version(&publisher, WEFT_ROLE_SNAPSHOT, snapshot);
    publisher_version(&publisher, WEFT_ROLE_TARGETS, targets);
}

static void set_expiry(enum weft_role role, const char *date)
{
    json_object_set_new(publisher.bodies[role], "expires", json_string(date));
}

static enum weft_err refresh(void)
{
    return publisher_refresh(&publisher, trust);
}

START_TEST(test_update)
{
    struct weft_trust_want want;
    ck_assert(!weft_trust_wanted(trust, &want));
    weft_trust_begin(trust, PUBLISHER_NOW_S, UINT64_MAX);
    ck_assert(weft_trust_wanted(trust, &want));
    ck_assert_str_eq(want.path, "metadata/2.root.json");
    ck_assert_uint_eq(want.bytes_max, 512000);
    ck_assert_int_eq(weft_trust_give_up(trust, WEFT_ERR_NOT_FOUND), WEFT_ERR_OK);
    ck_assert(weft_trust_wanted(trust, &want));
    ck_assert_str_eq(want.path, "metadata/timestamp.json");
    ck_assert_uint_eq(want.bytes_max, 16384);
    struct publisher_document timestamp = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    ck_assert_int_eq(weft_trust_feed(trust, timestamp.bytes, timestamp.length), WEFT_ERR_OK);
    publisher_free(&timestamp);
    ck_assert(weft_trust_wanted(trust, &want));
    ck_assert_str_eq(want.path, "metadata/1.snapshot.json");
    ck_assert_ptr_null(weft_trust_current(trust, WEFT_ROLE_TARGETS));
    ck_assert_int_eq(publisher_update(&publisher, trust), WEFT_ERR_OK);
    ASSERT_TRUSTED(1, 1, 1, 1);
    ck_assert_uint_eq(current_of(WEFT_ROLE_TARGETS), 1);
    ck_assert(!weft_trust_wanted(trust, &want));
    set_versions(4, 3, 2);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    ASSERT_TRUSTED(1, 4, 3, 2);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK); /* nothing new */
    ASSERT_TRUSTED(1, 4, 3, 2);
}
END_TEST

START_TEST(test_paths_without_consistent_snapshots)
{
    struct weft_trust_want want;
    json_object_set_new(publisher.bodies[WEFT_ROLE_ROOT], "consistent_snapshot", json_false());
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    weft_trust_begin(trust, PUBLISHER_NOW_S, 2);
    struct publisher_document document = publisher_make(&publisher, WEFT_ROLE_ROOT);
    ck_assert_int_eq(weft_trust_feed(trust, document.bytes, document.length), WEFT_ERR_OK);
    publisher_free(&document);
    document = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    ck_assert_int_eq(weft_trust_feed(trust, document.bytes, document.length), WEFT_ERR_OK);
    publisher_free(&document);
    ck_assert(weft_trust_wanted(trust, &want));
    ck_assert_str_eq(want.path, "metadata/snapshot.json");
}
END_TEST

START_TEST(test_rollback_timestamp)
{
    set_versions(5, 5, 5);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    set_versions(4, 5, 5);
    ck_assert_int_eq(refresh(), WEFT_ERR_ROLLBACK);
    ASSERT_TRUSTED(1, 5, 5, 5);
}
END_TEST

START_TEST(test_rollback_snapshot)
{
    set_versions(5, 5, 5);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    set_versions(6, 4, 5);
    ck_assert_int_eq(refresh(), WEFT_ERR_ROLLBACK);
    ASSERT_TRUSTED(1, 5, 5, 5);
}
END_TEST

START_TEST(test_rollback_targets)
{
    set_versions(5, 5, 5);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    set_versions(6, 6, 4);
    ck_assert_int_eq(refresh(), WEFT_ERR_ROLLBACK);
    ASSERT_TRUSTED(1, 6, 5, 5);
    ck_assert_uint_eq(current_of(WEFT_ROLE_TIMESTAMP), 5);
    ck_assert_uint_eq(current_of(WEFT_ROLE_TARGETS), 5);
}
END_TEST

START_TEST(test_role_vanishes_from_snapshot)
{
    json_t *meta = json_object_get(publisher.bodies[WEFT_ROLE_SNAPSHOT], "meta");
    json_object_set_new(meta, "role1.json", json_pack("{s:i}", "version", 1));
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    json_object_del(meta, "role1.json");
    set_versions(2, 2, 1);
    ck_assert_int_eq(refresh(), WEFT_ERR_ROLLBACK);
    ASSERT_TRUSTED(1, 2, 1, 1);
}
END_TEST

START_TEST(test_rollback_after_restart)
{
    set_versions(5, 5, 5);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    struct publisher_document documents[WEFT_ROLE_COUNT];
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        documents[role] = publisher_make(&publisher, (enum weft_role)role);
    }
    weft_trust_free(trust);
    trust = weft_trust_new();
    ck_assert_int_eq(
        weft_trust_load(trust, WEFT_ROLE_TIMESTAMP, documents[1].bytes, documents[1].length),
        WEFT_ERR_ARGUMENT);
    ck_assert_int_eq(weft_trust_load_root(trust, documents[0].bytes, documents[0].length),
                     WEFT_ERR_OK);
    for (int role = 1; role < WEFT_ROLE_COUNT; role++) {
        ck_assert_int_eq(weft_trust_load(trust, (enum weft_role)role, documents[role].bytes,
                                         documents[role].length),
                         WEFT_ERR_OK);
    }
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        publisher_free(&documents[role]);
    }
    ck_assert_uint_eq(current_of(WEFT_ROLE_TIMESTAMP), 5);
    ck_assert_uint_eq(current_of(WEFT_ROLE_TARGETS), 5);
    set_versions(6, 6, 4);
    ck_assert_int_eq(refresh(), WEFT_ERR_ROLLBACK);
    set_versions(4, 5, 5);
    ck_assert_int_eq(refresh(), WEFT_ERR_ROLLBACK);
}
END_TEST

START_TEST(test_expired)
{
    static const struct {
        enum weft_role role;                   /* that has expired */
        uint64_t timestamp, snapshot, targets; /* trusted afterwards */
    } rows[] = {
        {WEFT_ROLE_TIMESTAMP, 1, 1, 1},
        {WEFT_ROLE_SNAPSHOT, 2, 1, 1},
        {WEFT_ROLE_TARGETS, 2, 2, 1},
    };
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    set_versions(2, 2, 2);
    set_expiry(rows[_i].role, PUBLISHER_EXPIRED);
    ck_assert_int_eq(refresh(), WEFT_ERR_EXPIRED);
    ASSERT_TRUSTED(1, rows[_i].timestamp, rows[_i].snapshot, rows[_i].targets);
    ck_assert_uint_eq(current_of(WEFT_ROLE_TARGETS), 1);
    ck_assert_ptr_nonnull(strstr(weft_trust_fault(trust)->text, "2025-12-31T23:59:59Z"));
    set_expiry(rows[_i].role, PUBLISHER_VALID);
    set_versions(3, 3, 3);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK); /* it recovers */
}
END_TEST

START_TEST(test_expiry_is_exact)
{
    int64_t expires_s = PUBLISHER_NOW_S + INT64_C(365) * 86400;
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    ck_assert_int_eq(weft_trust_expires_s(trust), expires_s);
    weft_trust_begin(trust, expires_s - 1, 1);
    ck_assert_int_eq(publisher_update(&publisher, trust), WEFT_ERR_OK);
    weft_trust_begin(trust, expires_s, 1);
    ck_assert_int_eq(publisher_update(&publisher, trust), WEFT_ERR_EXPIRED);
}
END_TEST

/* A mirror that goes on serving what was valid. */
START_TEST(test_freeze)
{
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    set_expiry(WEFT_ROLE_TIMESTAMP, "2026-01-08T00:00:00Z");
    publisher_version(&publisher, WEFT_ROLE_TIMESTAMP, 2);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    weft_trust_begin(trust, PUBLISHER_NOW_S + 8 * 86400, UINT64_MAX);
    ck_assert_int_eq(publisher_update(&publisher, trust), WEFT_ERR_EXPIRED);
    ck_assert_uint_eq(current_of(WEFT_ROLE_TARGETS), 1); /* still served */
}
END_TEST

START_TEST(test_same_version_other_content)
{
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    publisher_version(&publisher, WEFT_ROLE_SNAPSHOT, 2); /* the timestamp stays version 1 */
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    ASSERT_TRUSTED(1, 1, 1, 1);
}
END_TEST

/* A refused document is still wanted: another peer may have the right one. */
static enum weft_err feed_one(const struct weft_trust_want *want,
                              void (*change)(struct publisher_document *))
{
    struct weft_trust_want again;
    struct publisher_document document = publisher_make(&publisher, want->role);
    if (change) {
        change(&document);
    }
    enum weft_err err = weft_trust_feed(trust, document.bytes, document.length);
    publisher_free(&document);
    if (err != WEFT_ERR_OK) {
        ck_assert(weft_trust_wanted(trust, &again));
        ck_assert_str_eq(again.path, want->path);
    }
    return err;
}

/* An update in which the document of |role| is changed by |change|. */
static enum weft_err feed_changed(enum weft_role role, void (*change)(struct publisher_document *))
{
    struct weft_trust_want want;
    enum weft_err err = WEFT_ERR_OK;
    weft_trust_begin(trust, PUBLISHER_NOW_S, 1);
    while (err == WEFT_ERR_OK && weft_trust_wanted(trust, &want)) {
        err = feed_one(&want, want.role == role ? change : NULL);
    }
    return err;
}

static void add_space(struct publisher_document *document)
{
    document->bytes = realloc(document->bytes, document->length + 1);
    document->bytes[document->length++] = ' ';
}

static void cut_byte(struct publisher_document *document)
{
    document->length--;
}

static void flip_bit(struct publisher_document *document)
{
    document->bytes[document->length / 2] ^= 1;
}

static void endless(struct publisher_document *document)
{
    size_t length = 6000000;
    document->bytes = realloc(document->bytes, length);
    memset(document->bytes + document->length, ' ', length - document->length);
    document->length = length;
}

START_TEST(test_length_and_hash)
{
    for (int i = WEFT_ROLE_SNAPSHOT; i < WEFT_ROLE_COUNT; i++) {
        enum weft_role role = (enum weft_role)i;
        ck_assert_int_eq(feed_changed(role, add_space), WEFT_ERR_TOO_LONG);
        ck_assert_int_eq(feed_changed(role, cut_byte), WEFT_ERR_TOO_SHORT);
        ck_assert_int_eq(feed_changed(role, flip_bit), WEFT_ERR_MISMATCH);
        ck_assert_int_eq(feed_changed(role, endless), WEFT_ERR_TOO_LONG);
    }
    ck_assert_int_eq(feed_changed(WEFT_ROLE_TIMESTAMP, endless), WEFT_ERR_TOO_LONG);
    ck_assert_int_eq(feed_changed(WEFT_ROLE_TIMESTAMP, cut_byte), WEFT_ERR_FORMAT);
    set_versions(2, 1, 1);
    ck_assert_int_eq(feed_changed(WEFT_ROLE_TIMESTAMP, add_space), WEFT_ERR_OK);
    /* The bytes are kept as they came. */
    const struct weft_metadata *timestamp = weft_trust_document(trust, WEFT_ROLE_TIMESTAMP);
    ck_assert_uint_eq(timestamp->bytes[timestamp->length - 1], ' ');
}
END_TEST

/* A snapshot of another generation, rightly signed. */
START_TEST(test_mixed_versions)
{
    struct publisher_document other = publisher_make(&publisher, WEFT_ROLE_SNAPSHOT);
    json_t *meta = json_object_get(publisher.bodies[WEFT_ROLE_TIMESTAMP], "meta");
    set_versions(2, 2, 1);
    weft_trust_begin(trust, PUBLISHER_NOW_S, 1);
    struct publisher_document timestamp = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    publisher_free(&timestamp);
    json_object_set_new(meta, "snapshot.json", json_pack("{s:i}", "version", 2));
    timestamp = publisher_sign(&publisher, publisher.bodies[WEFT_ROLE_TIMESTAMP],
                               publisher.signers[WEFT_ROLE_TIMESTAMP]);
    ck_assert_int_eq(weft_trust_feed(trust, timestamp.bytes, timestamp.length), WEFT_ERR_OK);
    ck_assert_int_eq(weft_trust_feed(trust, other.bytes, other.length), WEFT_ERR_MISMATCH);
    /* A targets document where a snapshot is wanted, signed by both keys. */
    struct publisher_document targets =
        publisher_sign(&publisher, publisher.bodies[WEFT_ROLE_TARGETS], 15);
    ck_assert_int_eq(weft_trust_feed(trust, targets.bytes, targets.length), WEFT_ERR_FORMAT);
    publisher_free(&targets);
    publisher_free(&timestamp);
    publisher_free(&other);
}
END_TEST

START_TEST(test_unknown_members_are_kept)
{
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        json_object_set_new(publisher.bodies[role], "x-later",
                            json_pack("{s:[i,n,b], s:s}", "a", 1, 1, "b", "\xc3\xbc\n\"\\"));
    }
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    ASSERT_TRUSTED(2, 1, 1, 1);
    ck_assert_ptr_nonnull(
        json_object_get(weft_trust_document(trust, WEFT_ROLE_TARGETS)->body, "x-later"));
}
END_TEST

START_TEST(test_missing_documents)
{
    struct weft_trust_want want;
    weft_trust_begin(trust, PUBLISHER_NOW_S, UINT64_MAX);
    ck_assert_int_eq(weft_trust_give_up(trust, WEFT_ERR_UNREACHABLE), WEFT_ERR_UNREACHABLE);
    ck_assert_int_eq(weft_trust_stage(trust), WEFT_TRUST_FAILED);
    ck_assert(!weft_trust_wanted(trust, &want));
    ck_assert_int_eq(weft_trust_give_up(trust, WEFT_ERR_UNREACHABLE), WEFT_ERR_UNREACHABLE);
    ck_assert_int_eq(weft_trust_feed(trust, NULL, 0), WEFT_ERR_CANCELLED);
    weft_trust_begin(trust, PUBLISHER_NOW_S, 2); /* announced by a peer: has to exist */
    ck_assert_int_eq(weft_trust_give_up(trust, WEFT_ERR_NOT_FOUND), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_trust_stage(trust), WEFT_TRUST_FAILED);
    weft_trust_begin(trust, PUBLISHER_NOW_S, 1);
    struct publisher_document timestamp = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    ck_assert_int_eq(weft_trust_feed(trust, timestamp.bytes, timestamp.length), WEFT_ERR_OK);
    publisher_free(&timestamp);
    ck_assert_int_eq(weft_trust_give_up(trust, WEFT_ERR_NOT_FOUND), WEFT_ERR_NOT_FOUND);
    ASSERT_TRUSTED(1, 1, 0, 0); /* the timestamp is a floor from now on */
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    ASSERT_TRUSTED(1, 1, 1, 1);
}
END_TEST

static Suite *client_suite(void)
{
    const TTest *const tests[] = {
        test_update,
        test_paths_without_consistent_snapshots,
        test_rollback_timestamp,
        test_rollback_snapshot,
        test_rollback_targets,
        test_role_vanishes_from_snapshot,
        test_rollback_after_restart,
        test_expiry_is_exact,
        test_freeze,
        test_same_version_other_content,
        test_length_and_hash,
        test_mixed_versions,
        test_unknown_members_are_kept,
        test_missing_documents,
    };
    Suite *suite = suite_create("client");
    weft_check_case(suite, "workflow", setup, teardown, tests, WEFT_ROWS(tests));
    TCase *rows = tcase_create("rows");
    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_loop_test(rows, test_expired, 0, 3);
    suite_add_tcase(suite, rows);
    return suite;
}

WEFT_CHECK_MAIN(client_suite)
