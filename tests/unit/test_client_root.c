/* SPDX-License-Identifier: Apache-2.0 */
/* Who may sign: the chain of roots, thresholds, and recovery when keys are replaced. The rest of
 * the client workflow is tested in test_client.c. */
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

static enum weft_err feed_root(void)
{
    struct publisher_document root = publisher_make(&publisher, WEFT_ROLE_ROOT);
    enum weft_err err = weft_trust_feed(trust, root.bytes, root.length);
    publisher_free(&root);
    return err;
}

START_TEST(test_root_chain)
{
    unsigned a = PUBLISHER_KEY(0), b = PUBLISHER_KEY(4), c = PUBLISHER_KEY(5);
    weft_trust_begin(trust, PUBLISHER_NOW_S, UINT64_MAX);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 3);
    ck_assert_int_eq(feed_root(), WEFT_ERR_ROLLBACK); /* a gap */
    publisher_version(&publisher, WEFT_ROLE_ROOT, 1);
    ck_assert_int_eq(feed_root(), WEFT_ERR_ROLLBACK); /* not newer */
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(&publisher, WEFT_ROLE_ROOT, b, 1);
    publisher.signers[WEFT_ROLE_ROOT] = a;
    ck_assert_int_eq(feed_root(), WEFT_ERR_SIGNATURE); /* the new key has not signed */
    publisher.signers[WEFT_ROLE_ROOT] = b;
    ck_assert_int_eq(feed_root(), WEFT_ERR_SIGNATURE); /* the old key has not signed */
    publisher.signers[WEFT_ROLE_ROOT] = a | b;
    ck_assert_int_eq(feed_root(), WEFT_ERR_OK);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 3);
    publisher_role(&publisher, WEFT_ROLE_ROOT, b | c, 2);
    set_expiry(WEFT_ROLE_ROOT, PUBLISHER_EXPIRED); /* only the last one counts */
    publisher.signers[WEFT_ROLE_ROOT] = b | c;
    ck_assert_int_eq(feed_root(), WEFT_ERR_OK);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 4);
    set_expiry(WEFT_ROLE_ROOT, PUBLISHER_VALID);
    ck_assert_int_eq(publisher_update(&publisher, trust), WEFT_ERR_OK);
    ASSERT_TRUSTED(4, 1, 1, 1);
}
END_TEST

START_TEST(test_root_expired)
{
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    set_expiry(WEFT_ROLE_ROOT, PUBLISHER_EXPIRED);
    set_versions(2, 2, 2);
    ck_assert_int_eq(refresh(), WEFT_ERR_EXPIRED);
    ASSERT_TRUSTED(2, 1, 1, 1);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 3);
    set_expiry(WEFT_ROLE_ROOT, PUBLISHER_VALID);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    ASSERT_TRUSTED(3, 2, 2, 2);
}
END_TEST

START_TEST(test_root_limit_of_an_update)
{
    weft_trust_begin(trust, PUBLISHER_NOW_S, UINT64_MAX);
    for (int version = 2; version <= WEFT_TRUST_ROOTS_PER_UPDATE_MAX + 1; version++) {
        ck_assert_int_eq(weft_trust_stage(trust), WEFT_TRUST_ROOT);
        publisher_version(&publisher, WEFT_ROLE_ROOT, version);
        ck_assert_int_eq(feed_root(), WEFT_ERR_OK);
    }
    ck_assert_int_eq(weft_trust_stage(trust), WEFT_TRUST_TIMESTAMP);
}
END_TEST

START_TEST(test_wrong_first_root)
{
    struct weft_trust *fresh = weft_trust_new();
    struct publisher_document root =
        publisher_sign(&publisher, publisher.bodies[WEFT_ROLE_ROOT], PUBLISHER_KEY(6));
    ck_assert_int_eq(weft_trust_load_root(fresh, root.bytes, root.length), WEFT_ERR_SIGNATURE);
    publisher_free(&root);
    root = publisher_make(&publisher, WEFT_ROLE_TARGETS);
    ck_assert_int_eq(weft_trust_load_root(fresh, root.bytes, root.length), WEFT_ERR_FORMAT);
    publisher_free(&root);
    ck_assert_int_eq(weft_trust_load_root(fresh, (const uint8_t *)"<html>", 6), WEFT_ERR_FORMAT);
    ck_assert_int_eq(weft_trust_load_root(fresh, NULL, 0), WEFT_ERR_FORMAT);
    weft_trust_begin(fresh, PUBLISHER_NOW_S, UINT64_MAX);
    ck_assert_int_eq(weft_trust_stage(fresh), WEFT_TRUST_FAILED);
    weft_trust_free(fresh);
}
END_TEST

START_TEST(test_signed_by_too_few)
{
    enum weft_role role = (enum weft_role)_i;
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    publisher_role(&publisher, role, PUBLISHER_KEY(role) | PUBLISHER_KEY(5), 2);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    set_versions(2, 2, 2);
    ck_assert_int_eq(refresh(), WEFT_ERR_SIGNATURE);
    publisher.signers[role] |= PUBLISHER_KEY(5);
    set_versions(3, 3, 3);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
}
END_TEST

/* A thief of online keys counted versions up; new keys let the publisher begin again. */
START_TEST(test_fast_forward_recovery)
{
    static const struct {
        enum weft_role rotated;           /* role that gets a new key */
        int timestamp, snapshot, targets; /* versions published afterwards */
        enum weft_err expected;           /* of the update */
    } rows[] = {
        {WEFT_ROLE_TIMESTAMP, 1, 1, 99999, WEFT_ERR_OK},
        {WEFT_ROLE_SNAPSHOT, 1, 1, 1, WEFT_ERR_OK},
        {WEFT_ROLE_TARGETS, 1, 99999, 99999, WEFT_ERR_ROLLBACK},
        {WEFT_ROLE_ROOT, 1, 99999, 99999, WEFT_ERR_ROLLBACK},
    };
    set_versions(99999, 99999, 99999);
    ck_assert_int_eq(refresh(), WEFT_ERR_OK);
    enum weft_role role = rows[_i].rotated;
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(&publisher, role, PUBLISHER_KEY(6), 1);
    publisher.signers[role] = PUBLISHER_KEY(6) | (role == WEFT_ROLE_ROOT ? PUBLISHER_KEY(0) : 0);
    set_versions(rows[_i].timestamp, rows[_i].snapshot, rows[_i].targets);
    ck_assert_int_eq(refresh(), rows[_i].expected);
    ck_assert_uint_eq(version_of(WEFT_ROLE_ROOT), 2);
    ck_assert_uint_eq(current_of(WEFT_ROLE_TARGETS),
                      rows[_i].expected == WEFT_ERR_OK ? (uint64_t)rows[_i].targets : 99999);
}
END_TEST

static Suite *client_root_suite(void)
{
    const TTest *const tests[] = {
        test_root_chain,
        test_root_expired,
        test_root_limit_of_an_update,
        test_wrong_first_root,
    };
    Suite *suite = suite_create("client_root");
    weft_check_case(suite, "roots", setup, teardown, tests, WEFT_ROWS(tests));
    TCase *rows = tcase_create("rows");
    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_loop_test(rows, test_signed_by_too_few, 0, WEFT_ROLE_COUNT);
    tcase_add_loop_test(rows, test_fast_forward_recovery, 0, 4);
    suite_add_tcase(suite, rows);
    return suite;
}

WEFT_CHECK_MAIN(client_root_suite)
