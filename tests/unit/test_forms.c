/* SPDX-License-Identifier: Apache-2.0 */
/* Which forms of delegations, releases, hashes and names are taken, and which are not? One row a
 * form; what only one member is wrong in stands beside what is right. */
#include "tests/support/check_main.h"
#include "tests/support/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/trust/catalog.h"
#include "protocol/trust/digest.h"
#include "protocol/trust/index.h"
#include "protocol/trust/roles.h"
#include "protocol/trust/rules.h"
#include "protocol/trust/witness.h"

#define KEYS "'k':{'keytype':'ed25519','scheme':'ed25519','keyval':{'public':'00'}}"
#define ROLE(rest) "{'keys':{" KEYS "},'roles':[{'keyids':['k'],'threshold':1," rest "}]}"
#define BINS(rest) "{'keys':{" KEYS "},'succinct_roles':{'keyids':['k'],'threshold':1," rest "}}"
#define LONG_NAME                                                                                  \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"   \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *json;  /* of "delegations", with ' for " */
    enum weft_err err; /* of the document */
} delegations[] = {
    {ROLE("'name':'a','paths':['x'],'terminating':false"), WEFT_ERR_OK},
    {ROLE("'name':'a','path_hash_prefixes':['0a'],'terminating':true"), WEFT_ERR_OK},
    {ROLE("'name':'a','terminating':true"), WEFT_ERR_OK},
    {ROLE("'paths':['x'],'terminating':false"), WEFT_ERR_FORMAT},
    {ROLE("'name':'','paths':['x'],'terminating':false"), WEFT_ERR_FORMAT},
    {ROLE("'name':'root','paths':['x'],'terminating':false"), WEFT_ERR_FORMAT},
    {ROLE("'name':'" LONG_NAME "','paths':['x'],'terminating':false"), WEFT_ERR_LIMIT},
    {ROLE("'name':'a','paths':['x']"), WEFT_ERR_FORMAT},
    {ROLE("'name':'a','paths':['x'],'terminating':1"), WEFT_ERR_FORMAT},
    {ROLE("'name':'a','paths':['x'],'path_hash_prefixes':['0'],'terminating':true"),
     WEFT_ERR_FORMAT},
    {ROLE("'name':'a','paths':'x','terminating':false"), WEFT_ERR_FORMAT},
    {ROLE("'name':'a','paths':[7],'terminating':false"), WEFT_ERR_FORMAT},
    {"{'keys':{},'roles':[{'name':'a','keyids':['k'],'threshold':0,'terminating':false}]}",
     WEFT_ERR_FORMAT},
    {"{'keys':{},'roles':[7]}", WEFT_ERR_FORMAT},
    {"{'keys':{},'roles':{}}", WEFT_ERR_FORMAT},
    {"{'keys':{'k':{}},'roles':[]}", WEFT_ERR_FORMAT},
    {"{'keys':7,'roles':[]}", WEFT_ERR_FORMAT},
    {"{'keys':{}}", WEFT_ERR_FORMAT},
    {"{'roles':[],'succinct_roles':{},'keys':{}}", WEFT_ERR_FORMAT},
    {"[]", WEFT_ERR_FORMAT},
    {BINS("'name_prefix':'bin','bit_length':4"), WEFT_ERR_OK},
    {BINS("'name_prefix':'bin','bit_length':0"), WEFT_ERR_FORMAT},
    {BINS("'name_prefix':'bin','bit_length':33"), WEFT_ERR_FORMAT},
    {BINS("'bit_length':4"), WEFT_ERR_FORMAT},
    {BINS("'name_prefix':'" LONG_NAME "','bit_length':4"), WEFT_ERR_FORMAT},
};

/* |text| with every ' turned into "; the caller's. */
static char *json_of(const char *text)
{
    char *copy = strdup(text);
    ck_assert_ptr_nonnull(copy);
    for (char *at = copy; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

static json_t *value_of(const char *text)
{
    char *json = json_of(text);
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    ck_assert_msg(value != NULL, "%s", text);
    free(json);
    return value;
}

/* A targets document with one member set (taken over); NULL = refused with *err. */
static struct weft_metadata *targets_with(const char *member, json_t *value, enum weft_err *err)
{
    struct publisher publisher;
    struct weft_metadata *targets = NULL;
    struct weft_fault fault;
    publisher_begin(&publisher);
    json_object_set_new(publisher.bodies[WEFT_ROLE_TARGETS], member, value);
    struct publisher_document document = publisher_make(&publisher, WEFT_ROLE_TARGETS);
    *err = weft_metadata_parse(WEFT_ROLE_TARGETS, NULL, document.bytes, document.length, &targets,
                               &fault);
    publisher_free(&document);
    publisher_end(&publisher);
    return targets;
}

START_TEST(form_of_delegations)
{
    enum weft_err err;
    struct weft_delegation delegation;
    struct weft_metadata *targets =
        targets_with("delegations", value_of(delegations[_i].json), &err);
    ck_assert_msg(err == delegations[_i].err, "%s: %s", delegations[_i].json, weft_err_name(err));
    if (targets) {
        ck_assert(!weft_delegation_named(targets, "nobody", &delegation));
    }
    weft_metadata_drop(targets);
}
END_TEST

START_TEST(too_many_paths)
{
    enum weft_err err;
    json_t *paths = json_array();
    for (int i = 0; i <= WEFT_DELEGATION_PATHS_MAX; i++) {
        json_array_append_new(paths, json_string("x"));
    }
    json_t *value = value_of(ROLE("'name':'a','terminating':false"));
    json_object_set_new(json_array_get(json_object_get(value, "roles"), 0), "paths", paths);
    ck_assert_ptr_null(targets_with("delegations", value, &err));
    ck_assert_int_eq(err, WEFT_ERR_LIMIT);
}
END_TEST

#define HEX "1111111111111111111111111111111111111111111111111111111111111111"
#define WEFT(rest) "{'length':5,'hashes':{'sha256':'" HEX "'},'custom':{'weft':{" rest "}}}"
#define INDEX "'index':{'length':40,'sha256':'" HEX "'}"
#define NAMES "'component':'a','version':'1','file':'f'"

static const struct {
    const char *json; /* the target a/1/f */
    bool fits;        /* it is a release */
} releases[] = {
    {WEFT(NAMES ",'order':1,'kind':'file'," INDEX), true},
    {WEFT(NAMES ",'order':1,'kind':'tree'," INDEX), true},
    {WEFT(NAMES ",'order':1,'kind':'disk'," INDEX), false},
    {WEFT(NAMES ",'order':1," INDEX), false},
    {WEFT(NAMES ",'kind':'file'," INDEX), false},
    {WEFT(NAMES ",'order':0,'kind':'file'," INDEX), false},
    {WEFT(NAMES ",'order':1,'kind':'file'"), false},
    {WEFT(NAMES ",'order':1,'kind':'file','index':{'length':0,'sha256':'" HEX "'}"), false},
    {WEFT(NAMES ",'order':1,'kind':'file','index':{'length':40,'sha256':'11'}"), false},
    {WEFT(NAMES ",'order':1,'kind':'file','index':{'length':40}"), false},
    {WEFT("'version':'1','file':'f','order':1,'kind':'file'," INDEX), false},
    {WEFT("'component':'a','file':'f','order':1,'kind':'file'," INDEX), false},
    {WEFT("'component':'a','version':'1','order':1,'kind':'file'," INDEX), false},
    {WEFT("'component':'b','version':'1','file':'f','order':1,'kind':'file'," INDEX), false},
    {"{'length':5,'hashes':{'sha256':'" HEX "'},'custom':7}", false},
    {"{'length':5,'hashes':{'sha256':'" HEX "'}}", false},
};

static bool note(void *context, const struct weft_release_info *info)
{
    (void)info;
    ++*(int *)context;
    return false;
}

START_TEST(form_of_releases)
{
    enum weft_err err;
    int count = 0;
    struct weft_release_info info;
    json_t *entry = value_of(releases[_i].json);
    ck_assert_int_eq(weft_catalog_read("a/1/f", entry, _i % 2 == 0, &info), releases[_i].fits);
    json_t *list = json_pack("{s:O, s:O}", "a/1/f", entry, "z", entry);
    struct weft_metadata *targets = targets_with("targets", list, &err);
    ck_assert_int_eq(err, WEFT_ERR_OK);
    weft_catalog_each(targets, true, note, &count);
    ck_assert_int_eq(count, releases[_i].fits);
    weft_metadata_drop(targets);
    json_decref(entry);
}
END_TEST

static const struct {
    const char *json; /* what a parent says */
    bool meta;        /* of a document, else of a target */
    bool fits;        /* it can be read */
} pins[] = {
    {"{'version':1}", true, true},
    {"{'version':1,'length':7,'hashes':{'sha256':'" HEX "'}}", true, true},
    {"{'version':1,'hashes':{'sha512':'" HEX HEX "'}}", true, true},
    {"{'version':1,'hashes':{'sha512':'" HEX "'}}", true, false},
    {"{'version':1,'hashes':{'sha256':7}}", true, false},
    {"{'version':1,'hashes':[]}", true, false},
    {"{'version':1,'length':'7'}", true, false},
    {"{'version':0}", true, false},
    {"{'length':7}", true, false},
    {"{'length':7,'hashes':{'sha256':'" HEX "'}}", false, true},
    {"{'hashes':{'sha256':'" HEX "'}}", false, false},
    {"{'length':7}", false, false},
};

START_TEST(form_of_pins)
{
    struct weft_pin pin;
    json_t *entry = value_of(pins[_i].json);
    enum weft_err err =
        pins[_i].meta ? weft_pin_read_meta(entry, &pin) : weft_pin_read_target(entry, &pin);
    ck_assert_msg((err == WEFT_ERR_OK) == pins[_i].fits, "%s", pins[_i].json);
    json_decref(entry);
}
END_TEST

static const struct {
    const char *name; /* of a file */
    bool fits;        /* it is allowed */
} names[] = {
    {"a", true},
    {"\xc3\xa9", true},
    {"\xe2\x82\xac", true},
    {"\xe0\xa4\x84", true},
    {"\xed\x9f\xbf", true},
    {"\xf0\x9f\x98\x80", true},
    {"\xf4\x8f\xbf\xbf", true},
    {"\xf1\x80\x80\x80", true},
    {"\xf4\x90\x80\x80", false}, /* above the last code point */
    {"\xf0\x80\x80\x80", false}, /* overlong */
    {"\xf0\x9f\x98", false},
    {"\xe0\x80\x80", false}, /* overlong */
    {"\xed\xa0\x80", false}, /* a surrogate */
    {"\xe2\x82", false},
    {"\xc2\x85", false}, /* a control character */
    {"\xc1\x81", false},
    {"\x80", false},
    {"\xf5\x80\x80\x80", false},
    {"a\x7f", false},
    {"a\\b", false},
    {"a/b", false},
    {".a", false},
    {"", false},
};

START_TEST(form_of_names)
{
    ck_assert_msg(weft_name_file_ok(names[_i].name) == names[_i].fits, "row %d", _i);
}
END_TEST

START_TEST(long_names)
{
    char text[WEFT_PATH_BYTES_MAX + 8];
    memset(text, 'a', sizeof text);
    text[WEFT_NAME_FILE_BYTES_MAX] = '\0';
    ck_assert(weft_name_file_ok(text));
    text[WEFT_NAME_FILE_BYTES_MAX] = 'a';
    text[WEFT_NAME_FILE_BYTES_MAX + 1] = '\0';
    ck_assert(!weft_name_file_ok(text));
    text[WEFT_NAME_FILE_BYTES_MAX + 1] = 'a';
    text[sizeof text - 1] = '\0';
    ck_assert(!weft_name_path_ok(text));
    ck_assert(!weft_name_ok(text) && !weft_name_ok(NULL) && !weft_name_ok("-a"));
    ck_assert(!weft_name_file_ok(NULL) && !weft_name_path_ok(NULL) && !weft_name_place_ok(NULL));
    ck_assert(!weft_name_path_ok("") && !weft_name_path_ok("a//b") && !weft_name_path_ok("a/.b"));
    ck_assert(!weft_name_path_ok("/a") && !weft_name_path_ok("a/") && weft_name_path_ok("a/b"));
}
END_TEST

/* Every kind of JSON value has a canonical form, but real numbers and what is too deep. */
START_TEST(canonical_values)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    json_t *value = value_of("{'a':[null,true,false,-7,'x'],'b':{}}");
    ck_assert_int_eq(weft_json_canonical(value, &bytes, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, strlen("{\"a\":[null,true,false,-7,\"x\"],\"b\":{}}"));
    free(bytes);
    json_array_append_new(json_object_get(value, "a"), json_real(1.5));
    ck_assert_int_eq(weft_json_canonical(value, &bytes, &length), WEFT_ERR_FORMAT);
    ck_assert_ptr_null(bytes);
    json_decref(value);
    value = json_object();
    for (int i = 0; i <= WEFT_JSON_DEPTH_MAX; i++) {
        value = json_pack("[o]", value);
    }
    ck_assert_int_eq(weft_json_canonical(value, &bytes, &length), WEFT_ERR_FORMAT);
    json_decref(value);
    ck_assert_int_eq(weft_json_canonical(NULL, &bytes, &length), WEFT_ERR_FORMAT);
}
END_TEST

/* A proof needs the right version and the right keys; everything else accuses nobody. */
START_TEST(witness_of_nothing)
{
    struct publisher publisher;
    struct weft_metadata *root = NULL;
    struct weft_metadata *trusted = NULL;
    struct weft_fault fault;
    static uint8_t long_bytes[20000];
    publisher_begin(&publisher);
    struct publisher_document one = publisher_make(&publisher, WEFT_ROLE_ROOT);
    struct publisher_document two = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    weft_metadata_parse(WEFT_ROLE_ROOT, NULL, one.bytes, one.length, &root, &fault);
    weft_metadata_parse(WEFT_ROLE_TIMESTAMP, NULL, two.bytes, two.length, &trusted, &fault);
    publisher_version(&publisher, WEFT_ROLE_TIMESTAMP, 2);
    struct publisher_document later = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    publisher_version(&publisher, WEFT_ROLE_TIMESTAMP, 1);
    publisher.signers[WEFT_ROLE_TIMESTAMP] = PUBLISHER_KEY(6);
    json_object_set_new(publisher.bodies[WEFT_ROLE_TIMESTAMP], "x", json_true());
    struct publisher_document forged = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    publisher.signers[WEFT_ROLE_TIMESTAMP] = PUBLISHER_KEY(1);
    struct publisher_document other = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    ck_assert_int_eq(weft_witness_check(root, trusted, other.bytes, other.length, &fault),
                     WEFT_ERR_EXISTS);
    ck_assert_int_eq(weft_witness_check(root, trusted, later.bytes, later.length, &fault),
                     WEFT_ERR_ROLLBACK);
    ck_assert_int_eq(weft_witness_check(root, NULL, two.bytes, two.length, &fault),
                     WEFT_ERR_ROLLBACK);
    ck_assert_int_eq(weft_witness_check(root, trusted, forged.bytes, forged.length, &fault),
                     WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(weft_witness_check(root, trusted, (const uint8_t *)"{", 1, &fault),
                     WEFT_ERR_FORMAT);
    ck_assert_int_eq(weft_witness_check(root, trusted, long_bytes, sizeof long_bytes, &fault),
                     WEFT_ERR_TOO_LONG);
    struct publisher_document *const all[] = {&one, &two, &later, &forged, &other};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        publisher_free(all[i]);
    }
    weft_metadata_drop(root);
    weft_metadata_drop(trusted);
    publisher_end(&publisher);
}
END_TEST

/* A snapshot that became trusted and expired since ends the next update by itself. */
START_TEST(expired_without_fetching)
{
    struct publisher publisher;
    publisher_begin(&publisher);
    struct weft_trust *trust = publisher_client(&publisher);
    json_object_set_new(publisher.bodies[WEFT_ROLE_SNAPSHOT], "expires",
                        json_string("2026-02-01T00:00:00Z"));
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
    weft_trust_begin(trust, PUBLISHER_NOW_S + INT64_C(60) * 86400, 1);
    struct publisher_document same = publisher_make(&publisher, WEFT_ROLE_TIMESTAMP);
    ck_assert_int_eq(weft_trust_feed(trust, same.bytes, same.length), WEFT_ERR_OK);
    ck_assert_int_eq(weft_trust_stage(trust), WEFT_TRUST_FAILED);
    ck_assert_int_eq(weft_trust_fault(trust)->err, WEFT_ERR_EXPIRED);
    ck_assert_ptr_nonnull(weft_trust_current(trust, WEFT_ROLE_TARGETS));
    publisher_free(&same);
    weft_trust_free(trust);
    trust = publisher_client(&publisher);
    same = publisher_make(&publisher, WEFT_ROLE_TARGETS);
    ck_assert_int_eq(weft_trust_load(trust, WEFT_ROLE_TARGETS, same.bytes, same.length),
                     WEFT_ERR_NOT_FOUND); /* before its parent */
    publisher_free(&same);
    weft_trust_free(trust);
    publisher_end(&publisher);
}
END_TEST

/* More bytes are told at once, also after that. */
START_TEST(digest_of_too_much)
{
    struct weft_pin pin = {.has_length = true, .length = 2, .has_sha256 = true};
    struct weft_digest *digest = weft_digest_new(&pin);
    ck_assert_int_eq(weft_digest_add(digest, NULL, 0), WEFT_ERR_OK);
    ck_assert_int_eq(weft_digest_add(digest, "a", 1), WEFT_ERR_OK);
    ck_assert_int_eq(weft_digest_end(digest), WEFT_ERR_TOO_SHORT);
    weft_digest_free(digest);
    digest = weft_digest_new(&pin);
    ck_assert_int_eq(weft_digest_add(digest, "abc", 3), WEFT_ERR_TOO_LONG);
    ck_assert_int_eq(weft_digest_end(digest), WEFT_ERR_TOO_LONG);
    weft_digest_free(digest);
    weft_digest_free(NULL);
}
END_TEST

START_TEST(derived_of_other_lengths)
{
    static const uint32_t odd[2] = {100, 32768};
    uint8_t hashes[2 * WEFT_SHA256_BYTES] = {1};
    uint8_t *bytes = NULL;
    size_t length = 0;
    weft_release_id id = 0;
    ck_assert_int_eq(weft_index_encode(odd, hashes, 2, &bytes, &length), WEFT_ERR_OK);
    ck_assert_int_eq(weft_index_check_derived(bytes, length, 32868, &id), WEFT_ERR_MISMATCH);
    ck_assert_int_ne(weft_index_check_derived(bytes, length, 7, &id), WEFT_ERR_OK);
    free(bytes);
}
END_TEST

/* A searcher that is led from role to role does not hold more documents than its limit. */
START_TEST(too_many_roles)
{
    struct weft_roles roles = {.count = 0};
    char name[16];
    for (int i = 0; i <= WEFT_ROLES_MAX; i++) {
        snprintf(name, sizeof name, "%d", i);
        ck_assert_int_eq(weft_roles_put(&roles, name, NULL, WEFT_ERR_UNREACHABLE),
                         i < WEFT_ROLES_MAX ? WEFT_ERR_OK : WEFT_ERR_LIMIT);
    }
    ck_assert_ptr_nonnull(weft_roles_find(&roles, "0"));
    ck_assert_ptr_null(weft_roles_find(&roles, name));
    weft_roles_clear(&roles);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("forms");
    WEFT_ADD_ROWS(suite, form_of_delegations, delegations);
    WEFT_ADD(suite, too_many_paths);
    WEFT_ADD_ROWS(suite, form_of_releases, releases);
    WEFT_ADD_ROWS(suite, form_of_pins, pins);
    WEFT_ADD_ROWS(suite, form_of_names, names);
    WEFT_ADD(suite, long_names);
    WEFT_ADD(suite, canonical_values);
    WEFT_ADD(suite, witness_of_nothing);
    WEFT_ADD(suite, expired_without_fetching);
    WEFT_ADD(suite, digest_of_too_much);
    WEFT_ADD(suite, derived_of_other_lengths);
    WEFT_ADD(suite, too_many_roles);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
