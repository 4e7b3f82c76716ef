/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody with too few keys makes them look like enough, or has one key of several. */
#include "tests/support/attack.h"

#include <string.h>

#include "protocol/trust/root.h"
#include "protocol/trust/signers.h"
#include "tests/support/publisher.h"

#define KEY PUBLISHER_KEY

/* Targets by 2 of 3 keys: 3, 4, 5. */
#define MEMBERS (KEY(3) | KEY(4) | KEY(5))

static struct publisher publisher;
static struct weft_trust *trust;

static json_t *targets_role(void)
{
    json_t *roles = json_object_get(publisher.bodies[WEFT_ROLE_ROOT], "roles");
    return json_object_get(roles, "targets");
}

static void begin(void)
{
    publisher_begin(&publisher);
    publisher_role(&publisher, WEFT_ROLE_TARGETS, MEMBERS, 2);
}

static void end(void)
{
    weft_trust_free(trust);
    publisher_end(&publisher);
}

/* What a client that trusts the root makes of the targets as signed by |signers|. */
static enum weft_err update_with(unsigned signers)
{
    trust = publisher_client(&publisher);
    publisher.signers[WEFT_ROLE_TARGETS] = signers;
    return publisher_refresh(&publisher, trust);
}

/* What a client makes of targets whose list of signatures is |signatures| (taken over). */
static enum weft_err update_with_list(json_t *signatures)
{
    struct weft_metadata *root = NULL;
    struct weft_metadata *targets = NULL;
    struct weft_fault fault;
    struct publisher_document document = publisher_make(&publisher, WEFT_ROLE_ROOT);
    enum weft_err err =
        weft_metadata_parse(WEFT_ROLE_ROOT, NULL, document.bytes, document.length, &root, &fault);
    ck_assert_int_eq(err, WEFT_ERR_OK);
    publisher_free(&document);
    json_t *whole = json_pack("{s:o, s:O}", "signatures", signatures, "signed",
                              publisher.bodies[WEFT_ROLE_TARGETS]);
    char *text = json_dumps(whole, JSON_COMPACT);
    json_decref(whole);
    err = weft_metadata_parse(WEFT_ROLE_TARGETS, NULL, (uint8_t *)text, strlen(text), &targets,
                              &fault);
    err = err == WEFT_ERR_OK ? weft_root_verify(root, targets, &fault) : err;
    free(text);
    weft_metadata_drop(root);
    weft_metadata_drop(targets);
    return err;
}

/* The signatures of |signers| over the targets; the caller's. */
static json_t *signatures_of(unsigned signers)
{
    struct publisher_document document =
        publisher_sign(&publisher, publisher.bodies[WEFT_ROLE_TARGETS], signers);
    json_t *whole = json_loadb((const char *)document.bytes, document.length, 0, NULL);
    json_t *list = json_incref(json_object_get(whole, "signatures"));
    json_decref(whole);
    publisher_free(&document);
    return list;
}

/* A root with this threshold or these key ids is refused before anything is trusted. */
static enum weft_err load_root(void)
{
    trust = weft_trust_new();
    struct publisher_document document = publisher_make(&publisher, WEFT_ROLE_ROOT);
    enum weft_err err = weft_trust_load_root(trust, document.bytes, document.length);
    publisher_free(&document);
    ck_assert(err == WEFT_ERR_OK || !weft_trust_document(trust, WEFT_ROLE_ROOT));
    return err;
}

static enum weft_err load_root_with(json_t *threshold)
{
    begin();
    json_object_set_new(targets_role(), "threshold", threshold);
    enum weft_err err = load_root();
    end();
    return err;
}

START_TEST(enough)
{
    begin();
    ck_assert_int_eq(update_with(KEY(3) | KEY(5)), WEFT_ERR_OK);
    end();
}
END_TEST

START_TEST(one_of_two)
{
    begin();
    ck_assert_int_eq(update_with(KEY(4)), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(one_and_strangers)
{
    begin();
    ck_assert_int_eq(update_with(KEY(4) | KEY(6) | KEY(7)), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(one_and_other_roles)
{
    begin();
    ck_assert_int_eq(update_with(KEY(4) | KEY(0) | KEY(1) | KEY(2)), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(one_signature_twice)
{
    begin();
    json_t *list = signatures_of(KEY(4));
    json_array_append(list, json_array_get(list, 0));
    ck_assert_int_eq(update_with_list(list), WEFT_ERR_FORMAT);
    end();
}
END_TEST

START_TEST(one_signature_under_two_ids)
{
    begin();
    json_t *list = signatures_of(KEY(4));
    json_t *copy = json_deep_copy(json_array_get(list, 0));
    json_object_set_new(copy, "keyid", json_string(publisher.keys[5].id));
    json_array_append_new(list, copy);
    ck_assert_int_eq(update_with_list(list), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

/* The same key listed under a second id: one key, one voice. */
static void alias_key(const char *alias, const char *public_text)
{
    json_t *keys = json_object_get(publisher.bodies[WEFT_ROLE_ROOT], "keys");
    json_t *key = json_deep_copy(publisher.keys[4].key);
    if (public_text != NULL) {
        json_object_set_new(json_object_get(key, "keyval"), "public", json_string(public_text));
    }
    json_object_set_new(keys, alias, key);
    json_array_append_new(json_object_get(targets_role(), "keyids"), json_string(alias));
}

static json_t *with_alias(const char *alias)
{
    json_t *list = signatures_of(KEY(4));
    json_t *copy = json_deep_copy(json_array_get(list, 0));
    json_object_set_new(copy, "keyid", json_string(alias));
    json_array_append_new(list, copy);
    return list;
}

START_TEST(one_key_under_two_ids)
{
    begin();
    alias_key("alias", NULL);
    ck_assert_int_eq(update_with_list(with_alias("alias")), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(one_key_in_two_spellings)
{
    char upper[65];
    begin();
    const json_t *keyval = json_object_get(publisher.keys[4].key, "keyval");
    const char *text = json_string_value(json_object_get(keyval, "public"));
    for (size_t i = 0; i < sizeof upper; i++) {
        upper[i] = (char)(text[i] >= 'a' ? text[i] - 'a' + 'A' : text[i]);
    }
    alias_key("alias", upper);
    ck_assert_int_eq(update_with_list(with_alias("alias")), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(no_signatures)
{
    begin();
    ck_assert_int_eq(update_with_list(json_array()), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(a_thousand_signatures)
{
    begin();
    json_t *list = json_array();
    for (int i = 0; i < 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        json_array_append_new(list, json_pack("{s:s, s:s}", "keyid", id, "sig", "00"));
    }
    ck_assert_int_eq(update_with_list(list), WEFT_ERR_FORMAT);
    end();
}
END_TEST

START_TEST(signatures_of_no_form)
{
    begin();
    ck_assert_int_eq(update_with_list(json_pack("[s]", "x")), WEFT_ERR_FORMAT);
    ck_assert_int_eq(update_with_list(json_pack("[{s:i, s:s}]", "keyid", 4, "sig", "00")),
                     WEFT_ERR_FORMAT);
    ck_assert_int_eq(update_with_list(json_object()), WEFT_ERR_FORMAT);
    end();
}
END_TEST

START_TEST(threshold_zero)
{
    ck_assert_int_eq(load_root_with(json_integer(0)), WEFT_ERR_FORMAT);
}
END_TEST

START_TEST(threshold_negative)
{
    ck_assert_int_eq(load_root_with(json_integer(-1)), WEFT_ERR_FORMAT);
}
END_TEST

START_TEST(threshold_text)
{
    ck_assert_int_eq(load_root_with(json_string("1")), WEFT_ERR_FORMAT);
}
END_TEST

START_TEST(threshold_missing)
{
    ck_assert_int_eq(load_root_with(json_null()), WEFT_ERR_FORMAT);
}
END_TEST

START_TEST(threshold_out_of_reach)
{
    begin();
    json_object_set_new(targets_role(), "threshold", json_integer(INT64_MAX));
    ck_assert_int_eq(update_with(MEMBERS), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(key_named_twice)
{
    begin();
    json_array_append_new(json_object_get(targets_role(), "keyids"),
                          json_string(publisher.keys[4].id));
    ck_assert_int_eq(load_root(), WEFT_ERR_FORMAT);
    end();
}
END_TEST

START_TEST(too_many_keys)
{
    begin();
    for (int i = 0; i < WEFT_SIGNERS_KEYS_MAX; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        json_array_append_new(json_object_get(targets_role(), "keyids"), json_string(id));
    }
    ck_assert_int_eq(load_root(), WEFT_ERR_LIMIT);
    end();
}
END_TEST

START_TEST(keys_that_are_not_there)
{
    begin();
    json_t *keys = json_object_get(publisher.bodies[WEFT_ROLE_ROOT], "keys");
    json_object_del(keys, publisher.keys[3].id);
    json_object_del(keys, publisher.keys[5].id);
    ck_assert_int_eq(update_with(MEMBERS), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

START_TEST(key_of_unknown_type)
{
    begin();
    json_t *keys = json_object_get(publisher.bodies[WEFT_ROLE_ROOT], "keys");
    json_t *key = json_deep_copy(publisher.keys[3].key);
    json_object_set_new(key, "keytype", json_string("none"));
    json_object_set_new(keys, publisher.keys[3].id, key);
    ck_assert_int_eq(update_with(KEY(3) | KEY(4)), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

/* The point of small order makes every message look signed in careless libraries. */
START_TEST(key_of_small_order)
{
    static const char identity[] =
        "0100000000000000000000000000000000000000000000000000000000000000";
    char signature[129];
    begin();
    alias_key("weak", identity);
    json_t *list = signatures_of(KEY(4));
    memset(signature, '0', 128);
    signature[128] = '\0';
    signature[1] = '1';
    json_array_append_new(list, json_pack("{s:s, s:s}", "keyid", "weak", "sig", signature));
    ck_assert_int_eq(update_with_list(list), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

/* A wrong signature beside enough right ones is noise, and must not lock nodes out. */
START_TEST(noise_beside_enough)
{
    begin();
    json_t *list = signatures_of(KEY(3) | KEY(4));
    json_array_append_new(list, json_pack("{s:s, s:s}", "keyid", publisher.keys[5].id, "sig", ""));
    json_array_append_new(list, json_pack("{s:s, s:s}", "keyid", "nobody", "sig", "zz"));
    ck_assert_int_eq(update_with_list(list), WEFT_ERR_OK);
    end();
}
END_TEST

/* Root 2 by one of the two release keys asks for one key only from then on. */
START_TEST(root_lowers_its_threshold)
{
    begin();
    publisher_role(&publisher, WEFT_ROLE_ROOT, KEY(0) | KEY(6), 2);
    publisher.signers[WEFT_ROLE_ROOT] = KEY(0) | KEY(6);
    trust = publisher_client(&publisher);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(&publisher, WEFT_ROLE_ROOT, KEY(0), 1);
    publisher.signers[WEFT_ROLE_ROOT] = KEY(0);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_SIGNATURE);
    publisher.signers[WEFT_ROLE_ROOT] = KEY(0) | KEY(6);
    publisher.signers[WEFT_ROLE_TARGETS] = MEMBERS;
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
    end();
}
END_TEST

/* Root 2 raises its threshold, but is signed by the old number of keys only. */
START_TEST(root_below_its_new_threshold)
{
    begin();
    trust = publisher_client(&publisher);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(&publisher, WEFT_ROLE_ROOT, KEY(0) | KEY(6), 2);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

/* A key that a root dropped signs nothing any more, whatever was valid before. */
START_TEST(revoked_key)
{
    begin();
    ck_assert_int_eq(update_with(KEY(3) | KEY(4)), WEFT_ERR_OK);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(&publisher, WEFT_ROLE_TARGETS, KEY(4) | KEY(5), 2);
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT; role++) {
        publisher_version(&publisher, (enum weft_role)role, 2);
    }
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_SIGNATURE);
    end();
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"threshold: nobody attacks", "2 of 3 keys are enough", enough},
        {"threshold: one key of two is stolen", "refused", one_of_two},
        {"threshold: one key and two strangers", "refused", one_and_strangers},
        {"threshold: one key and those of all other roles", "refused", one_and_other_roles},
        {"threshold: one signature twice", "refused", one_signature_twice},
        {"threshold: one signature under two key ids", "refused", one_signature_under_two_ids},
        {"threshold: one key under two key ids", "counts once", one_key_under_two_ids},
        {"threshold: one key in two spellings", "counts once", one_key_in_two_spellings},
        {"threshold: no signature", "refused", no_signatures},
        {"threshold: 1,000 signatures", "refused before any is verified", a_thousand_signatures},
        {"threshold: signatures that are none", "refused", signatures_of_no_form},
        {"threshold: 0", "the root is refused", threshold_zero},
        {"threshold: negative", "the root is refused", threshold_negative},
        {"threshold: text", "the root is refused", threshold_text},
        {"threshold: missing", "the root is refused", threshold_missing},
        {"threshold: 2^63 - 1", "nothing verifies", threshold_out_of_reach},
        {"threshold: a key is named twice", "the root is refused", key_named_twice},
        {"threshold: more keys than the limit", "the root is refused", too_many_keys},
        {"threshold: keys that the root does not have", "do not count", keys_that_are_not_there},
        {"threshold: a key of type none", "does not count", key_of_unknown_type},
        {"threshold: an Ed25519 key of small order", "does not count", key_of_small_order},
        {"threshold: wrong signatures beside enough", "do no harm", noise_beside_enough},
        {"threshold: one of two root keys lowers it", "refused; by both it works",
         root_lowers_its_threshold},
        {"threshold: a root below its own new one", "refused", root_below_its_new_threshold},
        {"threshold: a key that was replaced signs", "refused", revoked_key},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
