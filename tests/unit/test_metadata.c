/* SPDX-License-Identifier: Apache-2.0 */
/* TUF documents one by one: form, signatures and thresholds, and the catalog of releases. */
#include "tests/support/check_main.h"
#include "tests/support/publisher.h"

#include "protocol/trust/component.h"
#include "protocol/trust/root.h"

#include <string.h>

static struct publisher publisher;

static void setup(void)
{
    publisher_begin(&publisher);
}

static void teardown(void)
{
    publisher_end(&publisher);
}

static struct weft_metadata *parse(enum weft_role role, struct publisher_document document,
                                   enum weft_err *err)
{
    struct weft_metadata *metadata = NULL;
    struct weft_fault fault;
    *err = weft_metadata_parse(role, NULL, document.bytes, document.length, &metadata, &fault);
    ck_assert_int_eq(*err == WEFT_ERR_OK, metadata != NULL);
    ck_assert_int_eq(*err, fault.err);
    ck_assert_int_eq(*err == WEFT_ERR_OK, fault.text[0] == '\0');
    publisher_free(&document);
    return metadata;
}

static enum weft_err parse_body(enum weft_role role)
{
    enum weft_err err;
    weft_metadata_drop(parse(role, publisher_make(&publisher, role), &err));
    return err;
}

START_TEST(test_good)
{
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        enum weft_err err;
        struct publisher_document document = publisher_make(&publisher, (enum weft_role)role);
        struct publisher_document copy = {malloc(document.length), document.length};
        memcpy(copy.bytes, document.bytes, document.length);
        struct weft_metadata *metadata = parse((enum weft_role)role, document, &err);
        ck_assert_int_eq(err, WEFT_ERR_OK);
        ck_assert_uint_eq(metadata->version, 1);
        ck_assert_uint_eq(metadata->length, copy.length);
        ck_assert_mem_eq(metadata->bytes, copy.bytes, copy.length);
        weft_metadata_drop(weft_metadata_keep(metadata));
        weft_metadata_drop(metadata);
        publisher_free(&copy);
    }
}
END_TEST

/* A member of a body that is wrong. */
static const struct {
    enum weft_role role; /* of the body */
    const char *name;    /* of the member */
    const char *value;   /* JSON inside of an array; NULL = remove the member */
} wrong[] = {
    {WEFT_ROLE_ROOT, "_type", "[\"targets\"]"},
    {WEFT_ROLE_ROOT, "_type", NULL},
    {WEFT_ROLE_ROOT, "spec_version", NULL},
    {WEFT_ROLE_ROOT, "spec_version", "[\"2.0\"]"},
    {WEFT_ROLE_ROOT, "spec_version", "[1]"},
    {WEFT_ROLE_ROOT, "version", "[0]"},
    {WEFT_ROLE_ROOT, "version", "[-1]"},
    {WEFT_ROLE_ROOT, "version", "[\"1\"]"},
    {WEFT_ROLE_ROOT, "version", NULL},
    {WEFT_ROLE_ROOT, "expires", "[\"2027-01-01\"]"},
    {WEFT_ROLE_ROOT, "expires", "[1]"},
    {WEFT_ROLE_ROOT, "expires", NULL},
    {WEFT_ROLE_ROOT, "keys", NULL},
    {WEFT_ROLE_ROOT, "keys", "[{\"a\":{}}]"},
    {WEFT_ROLE_ROOT, "keys", "[{\"a\":{\"keytype\":\"x\",\"scheme\":\"x\"}}]"},
    {WEFT_ROLE_ROOT, "roles", NULL},
    {WEFT_ROLE_ROOT, "roles", "[{}]"},
    {WEFT_ROLE_ROOT, "consistent_snapshot", "[1]"},
    {WEFT_ROLE_TIMESTAMP, "meta", NULL},
    {WEFT_ROLE_TARGETS, "targets", NULL},
    {WEFT_ROLE_TARGETS, "targets", "[[]]"},
    {WEFT_ROLE_TARGETS, "targets", "[{\"a\":{\"length\":1}}]"},
    {WEFT_ROLE_TARGETS, "targets", "[{\"a\":{\"hashes\":{\"sha256\":\"00\"},\"length\":1}}]"},
    {WEFT_ROLE_TARGETS, "targets", "[{\"a\":{\"hashes\":{\"md5\":\"00\"},\"length\":1}}]"},
    {WEFT_ROLE_TARGETS, "delegations", "[[]]"},
};

START_TEST(test_wrong_members)
{
    json_t *body = publisher.bodies[wrong[_i].role];
    if (wrong[_i].value) {
        json_t *array = json_loads(wrong[_i].value, 0, NULL);
        json_object_set(body, wrong[_i].name, json_array_get(array, 0));
        json_decref(array);
    } else {
        json_object_del(body, wrong[_i].name);
    }
    enum weft_err expected = wrong[_i].name[0] == 's' ? WEFT_ERR_UNSUPPORTED : WEFT_ERR_FORMAT;
    enum weft_err err;
    struct publisher_document document =
        publisher_sign(&publisher, body, PUBLISHER_KEY(wrong[_i].role));
    weft_metadata_drop(parse(wrong[_i].role, document, &err));
    ck_assert_int_eq(err, expected);
}
END_TEST

START_TEST(test_roles_of_root)
{
    json_t *roles = json_object_get(publisher.bodies[WEFT_ROLE_ROOT], "roles");
    static const char *const bad[] = {
        "{\"keyids\":[\"a\"],\"threshold\":0}",
        "{\"keyids\":[\"a\"],\"threshold\":-1}",
        "{\"keyids\":[\"a\"]}",
        "{\"threshold\":1}",
        "{\"keyids\":[1],\"threshold\":1}",
        "{\"keyids\":[\"a\",\"a\"],\"threshold\":1}",
        "{\"keyids\":\"a\",\"threshold\":1}",
        "{\"keyids\":[\"a\"],\"threshold\":\"1\"}",
    };
    for (size_t i = 0; i < WEFT_ROWS(bad); i++) {
        json_object_set_new(roles, "snapshot", json_loads(bad[i], 0, NULL));
        ck_assert_msg(parse_body(WEFT_ROLE_ROOT) == WEFT_ERR_FORMAT, "%s", bad[i]);
    }
    /* Impossible, but well formed: nothing will ever verify. */
    publisher_role(&publisher, WEFT_ROLE_SNAPSHOT, PUBLISHER_KEY(1), 6);
    ck_assert_int_eq(parse_body(WEFT_ROLE_ROOT), WEFT_ERR_OK);
}
END_TEST

/* The root document with the list of signatures replaced. */
static enum weft_err parse_signatures(json_t *signatures)
{
    enum weft_err err;
    json_t *document =
        json_pack("{s:o, s:O}", "signatures", signatures, "signed", publisher.bodies[0]);
    char *text = json_dumps(document, 0);
    json_decref(document);
    weft_metadata_drop(
        parse(WEFT_ROLE_ROOT, (struct publisher_document){(uint8_t *)text, strlen(text)}, &err));
    return err;
}

START_TEST(test_signature_lists)
{
    ck_assert_int_eq(parse_signatures(json_array()), WEFT_ERR_OK);
    ck_assert_int_eq(parse_signatures(json_object()), WEFT_ERR_FORMAT);
    ck_assert_int_eq(parse_signatures(json_pack("[{s:s}]", "keyid", "a")), WEFT_ERR_FORMAT);
    ck_assert_int_eq(parse_signatures(json_pack("[{s:s, s:i}]", "keyid", "a", "sig", 1)),
                     WEFT_ERR_FORMAT);
    ck_assert_int_eq(parse_signatures(json_pack("[{s:s,s:s},{s:s,s:s}]", "keyid", "a", "sig", "1",
                                                "keyid", "a", "sig", "2")),
                     WEFT_ERR_FORMAT);
    json_t *many = json_array();
    for (int i = 0; i < 65; i++) {
        char id[8];
        snprintf(id, sizeof id, "%d", i);
        json_array_append_new(many, json_pack("{s:s, s:s}", "keyid", id, "sig", ""));
    }
    ck_assert_int_eq(parse_signatures(many), WEFT_ERR_FORMAT);
}
END_TEST

/* Verify targets signed by |signers| under a root that gives the role |keys| and |threshold|. */
static enum weft_err verify(unsigned keys, int threshold, unsigned signers)
{
    enum weft_err err;
    struct weft_fault fault;
    publisher_role(&publisher, WEFT_ROLE_TARGETS, keys, threshold);
    struct weft_metadata *root =
        parse(WEFT_ROLE_ROOT, publisher_make(&publisher, WEFT_ROLE_ROOT), &err);
    struct weft_metadata *targets =
        parse(WEFT_ROLE_TARGETS,
              publisher_sign(&publisher, publisher.bodies[WEFT_ROLE_TARGETS], signers), &err);
    err = weft_root_verify(root, targets, &fault);
    weft_metadata_drop(root);
    weft_metadata_drop(targets);
    return err;
}

START_TEST(test_thresholds)
{
    unsigned a = PUBLISHER_KEY(3), b = PUBLISHER_KEY(4), c = PUBLISHER_KEY(5), d = PUBLISHER_KEY(6);
    ck_assert_int_eq(verify(a, 1, a), WEFT_ERR_OK);
    ck_assert_int_eq(verify(a, 1, 0), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(verify(a, 1, b), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(verify(a | b | c, 2, a), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(verify(a | b | c, 2, a | c), WEFT_ERR_OK);
    ck_assert_int_eq(verify(a | b | c, 2, a | d), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(verify(a | b | c, 2, a | b | d), WEFT_ERR_OK);
    ck_assert_int_eq(verify(a | b | c, 4, a | b | c | d), WEFT_ERR_SIGNATURE);
}
END_TEST

START_TEST(test_one_key_under_two_ids)
{
    json_t *root = publisher.bodies[WEFT_ROLE_ROOT];
    struct publisher_key *key = &publisher.keys[3];
    json_object_set(json_object_get(root, "keys"), "other", key->key);
    json_t *upper = json_deep_copy(key->key);
    char text[65];
    snprintf(text, sizeof text, "%s", weft_json_text(json_object_get(upper, "keyval"), "public"));
    for (char *at = text; *at; at++) {
        *at = (char)(*at >= 'a' ? *at - 32 : *at);
    }
    json_object_set_new(json_object_get(upper, "keyval"), "public", json_string(text));
    json_object_set_new(json_object_get(root, "keys"), "third", upper);
    json_object_set_new(
        json_object_get(root, "roles"), "targets",
        json_pack("{s:[s,s,s], s:i}", "keyids", key->id, "other", "third", "threshold", 2));
    enum weft_err err;
    struct weft_fault fault;
    struct weft_metadata *trusted =
        parse(WEFT_ROLE_ROOT, publisher_make(&publisher, WEFT_ROLE_ROOT), &err);
    struct publisher_document document = publisher_make(&publisher, WEFT_ROLE_TARGETS);
    json_t *json = json_loadb((char *)document.bytes, document.length, 0, NULL);
    json_t *signatures = json_object_get(json, "signatures");
    const char *sig = weft_json_text(json_array_get(signatures, 0), "sig");
    json_array_append_new(signatures, json_pack("{s:s, s:s}", "keyid", "other", "sig", sig));
    json_array_append_new(signatures, json_pack("{s:s, s:s}", "keyid", "third", "sig", sig));
    publisher_free(&document);
    document.bytes = (uint8_t *)json_dumps(json, 0);
    document.length = strlen((char *)document.bytes);
    json_decref(json);
    struct weft_metadata *targets = parse(WEFT_ROLE_TARGETS, document, &err);
    ck_assert_int_eq(weft_root_verify(trusted, targets, &fault), WEFT_ERR_SIGNATURE);
    weft_metadata_drop(targets);
    weft_metadata_drop(trusted);
}
END_TEST

START_TEST(test_key_types)
{
    json_t *keys = json_object_get(publisher.bodies[WEFT_ROLE_ROOT], "keys");
    json_t *key = json_object_get(keys, publisher.keys[3].id);
    static const char *const members[] = {"keytype", "scheme"};
    for (size_t i = 0; i < WEFT_ROWS(members); i++) {
        json_t *changed = json_deep_copy(key);
        json_object_set_new(changed, members[i], json_string("ed448"));
        enum weft_err err;
        struct weft_fault fault;
        json_object_set_new(keys, publisher.keys[3].id, changed);
        struct weft_metadata *root =
            parse(WEFT_ROLE_ROOT, publisher_make(&publisher, WEFT_ROLE_ROOT), &err);
        struct weft_metadata *targets =
            parse(WEFT_ROLE_TARGETS, publisher_make(&publisher, WEFT_ROLE_TARGETS), &err);
        ck_assert_int_eq(weft_root_verify(root, targets, &fault), WEFT_ERR_SIGNATURE);
        weft_metadata_drop(root);
        weft_metadata_drop(targets);
        json_object_set(keys, publisher.keys[3].id, publisher.keys[3].key);
    }
}
END_TEST

/* Every bit of a signed document is covered by its form or its signature. */
START_TEST(test_every_bit_flip)
{
    enum weft_err err;
    struct weft_fault fault;
    struct weft_metadata *root =
        parse(WEFT_ROLE_ROOT, publisher_make(&publisher, WEFT_ROLE_ROOT), &err);
    struct publisher_document document = publisher_make(&publisher, WEFT_ROLE_TARGETS);
    size_t accepted_count = 0;
    for (size_t bit = 0; bit < document.length * 8; bit++) {
        struct weft_metadata *flipped = NULL;
        document.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        err = weft_metadata_parse(WEFT_ROLE_TARGETS, NULL, document.bytes, document.length,
                                  &flipped, &fault);
        if (err == WEFT_ERR_OK && weft_root_verify(root, flipped, &fault) == WEFT_ERR_OK) {
            /* White space, or the case of a hex digit of the signature: the same document. */
            ck_assert(json_equal(flipped->body, publisher.bodies[WEFT_ROLE_TARGETS]));
            accepted_count++;
        }
        weft_metadata_drop(flipped);
        document.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    ck_assert_uint_lt(accepted_count, document.length / 2);
    for (size_t cut = 0; cut < document.length; cut++) {
        struct weft_metadata *shorter = NULL;
        err = weft_metadata_parse(WEFT_ROLE_TARGETS, NULL, document.bytes, cut, &shorter, &fault);
        ck_assert_int_eq(err, WEFT_ERR_FORMAT);
    }
    publisher_free(&document);
    weft_metadata_drop(root);
}
END_TEST

/* Add a release to the targets body; |file| and |path| may differ from the honest ones. */
static void add_release(const char *path, const char *component, const char *version, int order,
                        const char *file)
{
    char hex[65];
    memset(hex, '0' + order % 10, 64);
    hex[64] = '\0';
    json_object_set_new(json_object_get(publisher.bodies[WEFT_ROLE_TARGETS], "targets"), path,
                        json_pack("{s:i, s:{s:s}, s:{s:{s:s, s:s, s:i, s:s, s:s, s:{s:i, s:s}}}}",
                                  "length", 5, "hashes", "sha256", hex, "custom", "weft",
                                  "component", component, "version", version, "order", order,
                                  "kind", "file", "file", file, "index", "length", 40, "sha256",
                                  hex));
}

static bool count_release(void *context, const struct weft_release_info *info)
{
    (void)info;
    ++*(int *)context;
    return true;
}

START_TEST(test_catalog)
{
    struct weft_release_info info;
    struct weft_search_result result;
    struct weft_fault fault;
    int count = 0;
    enum weft_err err;
    add_release("av/1/f", "av", "1", 1, "f");
    add_release("av/2/f", "av", "2", 12, "f");
    add_release("av/3/f", "av", "3", 3, "f");
    add_release("other/3/f", "other", "3", 99, "f");
    add_release("av/9/f", "av", "8", 99, "f");         /* path of another version */
    add_release("av/9/../f", "av", "9", 99, "../f");   /* not a file name */
    add_release(".av/9/f", ".av", "9", 99, "f");       /* not a component name */
    add_release("av/7/f", "av", "7", 0, "f");          /* not an order */
    add_release("av/10/a\nb", "av", "10", 99, "a\nb"); /* a control character */
    json_object_set_new(json_object_get(publisher.bodies[WEFT_ROLE_TARGETS], "targets"), "plain",
                        json_pack("{s:i, s:{s:s}}", "length", 1, "hashes", "sha256",
                                  "00000000000000000000000000000000"
                                  "00000000000000000000000000000000"));
    struct weft_metadata *targets =
        parse(WEFT_ROLE_TARGETS, publisher_make(&publisher, WEFT_ROLE_TARGETS), &err);
    ck_assert_int_eq(err, WEFT_ERR_OK);
    weft_catalog_each(targets, true, count_release, &count);
    ck_assert_int_eq(count, 4);
    struct weft_search search = {.targets = targets, .is_consistent = true};
    ck_assert_int_eq(weft_component_current(&search, "av", &info, &result, &fault), WEFT_ERR_OK);
    ck_assert_str_eq(info.version, "2");
    ck_assert_uint_eq(info.order, 12);
    ck_assert_uint_eq(info.id, 0x2222222222222222);
    ck_assert_str_eq(info.path, "targets/av/2/22222222222222222222222222222222"
                                "22222222222222222222222222222222.f");
    ck_assert_str_eq(info.index_path + strlen(info.path), ".index");
    ck_assert_int_eq(weft_component_current(&search, "none", &info, &result, &fault),
                     WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_component_current(&search, "av", &info, &result, &fault), WEFT_ERR_OK);
    ck_assert_int_eq(weft_catalog_index_check(&info, (const uint8_t *)"x", 1), WEFT_ERR_TOO_SHORT);
    uint8_t zeros[41] = {0};
    ck_assert_int_eq(weft_catalog_index_check(&info, zeros, 41), WEFT_ERR_TOO_LONG);
    ck_assert_int_eq(weft_catalog_index_check(&info, zeros, 40), WEFT_ERR_MISMATCH);
    weft_metadata_drop(targets);
}
END_TEST

static Suite *metadata_suite(void)
{
    Suite *suite = suite_create("metadata");
    const TTest *const tests[] = {
        test_good,
        test_roles_of_root,
        test_signature_lists,
        test_thresholds,
        test_one_key_under_two_ids,
        test_key_types,
        test_every_bit_flip,
        test_catalog,
    };
    weft_check_case(suite, "metadata", setup, teardown, tests, WEFT_ROWS(tests));
    TCase *rows = tcase_create("members");
    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_loop_test(rows, test_wrong_members, 0, (int)WEFT_ROWS(wrong));
    suite_add_tcase(suite, rows);
    return suite;
}

WEFT_CHECK_MAIN(metadata_suite)
