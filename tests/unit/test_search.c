/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations: which roles a search visits, in which order, and whose word counts. */
#include "tests/support/check_main.h"
#include "tests/support/publisher.h"

#include <stdio.h>
#include <string.h>

static struct publisher publisher;
static struct weft_trust *trust;
static struct weft_release_info info;

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

static void bump(enum weft_role role)
{
    json_t *version = json_object_get(publisher.bodies[role], "version");
    publisher_version(&publisher, role, (int)json_integer_value(version) + 1);
}

/* Publish what was changed, and follow it. */
static void refresh(void)
{
    bump(WEFT_ROLE_TARGETS);
    bump(WEFT_ROLE_SNAPSHOT);
    bump(WEFT_ROLE_TIMESTAMP);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
}

static enum weft_err seek(const char *path)
{
    return publisher_seek(&publisher, trust, path, &info);
}

#define KEY PUBLISHER_KEY

static const struct {
    const char *edges;   /* FROM>TO; ! = terminating, . = for *.py only; no FROM = the top level */
    const char *visited; /* roles asked for, in order */
} graphs[] = {
    {">A", "A"},
    {">A >B", "A B"},
    {">A >B B>C", "A B C"},
    {">A >B A>C A>D", "A C D B"},
    {">A >B A>C C>D", "A C D B"},
    {">A >B A>C! A>D", "A C"},
    {">A >B A>C! C>D", "A C D"},
    {">A. >B A>C", "B"},
    {">A >B A>C. C>D", "A B"},
    {">A >B B>C C>D D>B", "A B C D"},
    {">A >B B>C A>C", "A C B"},
    {">A >B B>C A>C.", "A B C"},
    {">A A>A >B", "A B"}, /* a role that delegates to itself */
    {">A A>A! >B", "A"},  /* terminating ends the search, even if there is nothing new to visit */
    {">A! >B", "A"},
};

/* A name of one letter that outlives the test. */
static const char *name_of(char letter)
{
    static char names[26][2];
    names[letter - 'A'][0] = letter;
    return names[letter - 'A'];
}

static void draw(const char *edges)
{
    while (*edges) {
        const char *from = *edges == '>' ? NULL : name_of(*edges);
        edges += *edges == '>' ? 1 : 2;
        const char *to = name_of(*edges++);
        bool is_terminating = *edges == '!';
        const char *paths = *edges == '.' ? "[\"*.py\"]" : "[\"*\"]";
        publisher_delegate(&publisher, from, to, KEY(4), paths, is_terminating);
        edges += strcspn(edges, " ");
        edges += *edges == ' ';
    }
}

START_TEST(test_graph)
{
    draw(graphs[_i].edges);
    refresh();
    ck_assert_int_eq(seek("missing"), WEFT_ERR_NOT_FOUND);
    ck_assert_str_eq(publisher.visited, graphs[_i].visited);
    /* What is held is not asked for again. */
    ck_assert_int_eq(seek("missing"), WEFT_ERR_NOT_FOUND);
    ck_assert_str_eq(publisher.visited, "");
}
END_TEST

/* The first role in the order of the search that lists a target has the word. */
START_TEST(test_first_word_counts)
{
    publisher_delegate(&publisher, NULL, "A", KEY(4), "[\"*\"]", false);
    publisher_delegate(&publisher, NULL, "B", KEY(5), "[\"*\"]", false);
    publisher_target(&publisher, "A", "file", "from A");
    publisher_target(&publisher, "B", "file", "of B!!!");
    publisher_target(&publisher, "B", "other", "B");
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_OK);
    ck_assert_uint_eq(info.pin.length, 6);
    ck_assert_str_eq(publisher.visited, "A");
    ck_assert_int_eq(seek("other"), WEFT_ERR_OK);
    ck_assert_str_eq(publisher.visited, "B");
    publisher_target(&publisher, NULL, "file", "top");
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_OK);
    ck_assert_uint_eq(info.pin.length, 3);
}
END_TEST

/* What a role lists outside of its paths does not count. */
START_TEST(test_outside_of_paths)
{
    publisher_delegate(&publisher, NULL, "A", KEY(4), "[\"a/*\"]", false);
    publisher_target(&publisher, "A", "b/file", "not mine");
    publisher_target(&publisher, "A", "a/file", "mine");
    refresh();
    ck_assert_int_eq(seek("b/file"), WEFT_ERR_NOT_FOUND);
    ck_assert_str_eq(publisher.visited, "");
    ck_assert_int_eq(seek("a/file"), WEFT_ERR_OK);
}
END_TEST

/* The same role is delegated to by two others with different keys: held or not, it counts only
 * where the delegator of the very search names its key. */
START_TEST(test_current_delegator)
{
    publisher_delegate(&publisher, NULL, "A", KEY(4), "[\"a/*\"]", false);
    publisher_delegate(&publisher, NULL, "B", KEY(4), "[\"b/*\"]", false);
    struct publisher_role *shared =
        publisher_delegate(&publisher, "A", "shared", KEY(5), "[\"a/*\"]", false);
    publisher_delegate(&publisher, "B", "shared", KEY(6), "[\"b/*\"]", false);
    shared->signers = KEY(5);
    publisher_target(&publisher, "shared", "a/file", "right");
    publisher_target(&publisher, "shared", "b/file", "wrong");
    refresh();
    ck_assert_int_eq(seek("a/file"), WEFT_ERR_OK);
    ck_assert_int_eq(seek("b/file"), WEFT_ERR_SIGNATURE);
}
END_TEST

static char *many_names(void)
{
    static char names[40][24];
    static int made;
    for (; made < 40; made++) {
        snprintf(names[made], sizeof names[made], "role-%02d", made);
    }
    return names[0];
}

START_TEST(test_too_many_roles)
{
    const char *names = many_names();
    for (int i = 0; i < 40; i++) {
        publisher_delegate(&publisher, NULL, names + (ptrdiff_t)i * 24, KEY(4), "[\"*\"]", false);
    }
    publisher_target(&publisher, names + 31 * 24, "last", "x");
    publisher_target(&publisher, names + 32 * 24, "beyond", "x");
    refresh();
    ck_assert_int_eq(seek("last"), WEFT_ERR_OK);
    ck_assert_int_eq(seek("beyond"), WEFT_ERR_LIMIT);
}
END_TEST

/* A chain as deep as the limit. */
START_TEST(test_deep_chain)
{
    const char *names = many_names();
    for (int i = 0; i < 33; i++) {
        publisher_delegate(&publisher, i > 0 ? names + (ptrdiff_t)(i - 1) * 24 : NULL,
                           names + (ptrdiff_t)i * 24, KEY(4), "[\"*\"]", false);
    }
    publisher_target(&publisher, names + 31 * 24, "deep", "x");
    publisher_target(&publisher, names + 32 * 24, "deeper", "x");
    refresh();
    ck_assert_int_eq(seek("deep"), WEFT_ERR_OK);
    ck_assert_int_eq(seek("deeper"), WEFT_ERR_LIMIT);
}
END_TEST

/* What goes wrong with the document of a delegated role. */
START_TEST(test_bad_role)
{
    struct publisher_role *role =
        publisher_delegate(&publisher, NULL, "A", KEY(4) | KEY(5), "[\"*\"]", false);
    publisher_delegate(&publisher, NULL, "B", KEY(4), "[\"*\"]", false);
    publisher_target(&publisher, "B", "file", "x");
    role->signers = KEY(4); /* one of two */
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_SIGNATURE);
    role->signers = KEY(4) | KEY(5);
    json_object_set_new(role->body, "expires", json_string(PUBLISHER_EXPIRED));
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_EXPIRED);
    json_object_set_new(role->body, "expires", json_string(PUBLISHER_VALID));
    role->is_missing = true;
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_UNREACHABLE);
    ck_assert_int_eq(seek("file"), WEFT_ERR_UNREACHABLE); /* not asked again in this update */
    ck_assert_str_eq(publisher.visited, "");
    role->is_missing = false;
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_OK);
    role->is_unlisted = true; /* vanishing from the snapshot is a rollback */
    bump(WEFT_ROLE_SNAPSHOT);
    bump(WEFT_ROLE_TIMESTAMP);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_ROLLBACK);
}
END_TEST

START_TEST(test_unlisted_role)
{
    struct publisher_role *role =
        publisher_delegate(&publisher, NULL, "A", KEY(4), "[\"*\"]", false);
    role->is_unlisted = true;
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_FORMAT);
    ck_assert_str_eq(publisher.visited, "");
}
END_TEST

/* A document that is not the one the snapshot states is refused and stays wanted. */
START_TEST(test_feed)
{
    struct weft_trust_want want;
    struct publisher_role *role =
        publisher_delegate(&publisher, NULL, "odd /?#name", KEY(4), "[\"*\"]", false);
    publisher_target(&publisher, role->name, "file", "x");
    refresh();
    ck_assert(!weft_trust_wanted_role(trust, &want));
    ck_assert_int_eq(weft_trust_feed_role(trust, NULL, 0), WEFT_ERR_CANCELLED);
    ck_assert_int_eq(weft_trust_give_up_role(trust, WEFT_ERR_TIMEOUT), WEFT_ERR_OK);
    ck_assert_int_eq(weft_trust_seek_target(trust, "file", &info), WEFT_ERR_PENDING);
    ck_assert(weft_trust_wanted_role(trust, &want));
    ck_assert_str_eq(want.path, "metadata/1.odd%20%2F%3F%23name.json");
    ck_assert_str_eq(want.name, "odd /?#name");
    struct publisher_document document = publisher_make_role(&publisher, role);
    ck_assert_uint_eq(want.bytes_max, document.length);
    document.bytes[document.length / 2] ^= 1;
    ck_assert_int_eq(weft_trust_feed_role(trust, document.bytes, document.length),
                     WEFT_ERR_MISMATCH);
    ck_assert_int_eq(weft_trust_feed_role(trust, document.bytes, document.length - 1),
                     WEFT_ERR_TOO_SHORT);
    ck_assert_int_eq(weft_trust_feed_role(trust, document.bytes, document.length + 1),
                     WEFT_ERR_TOO_LONG);
    document.bytes[document.length / 2] ^= 1;
    ck_assert(weft_trust_wanted_role(trust, &want));
    ck_assert_int_eq(weft_trust_feed_role(trust, document.bytes, document.length), WEFT_ERR_OK);
    ck_assert(!weft_trust_wanted_role(trust, &want));
    ck_assert_int_eq(weft_trust_seek_target(trust, "file", &info), WEFT_ERR_OK);
    ck_assert_str_eq(weft_trust_role_at(trust, 0)->name, role->name);
    ck_assert_ptr_null(weft_trust_role_at(trust, 1));
    publisher_free(&document);
}
END_TEST

/* Documents of an earlier run count like those that were fetched, once they are signed right. */
START_TEST(test_load)
{
    struct publisher_role *role =
        publisher_delegate(&publisher, NULL, "A", KEY(4), "[\"*\"]", false);
    publisher_target(&publisher, "A", "file", "x");
    refresh();
    struct publisher_document document = publisher_make_role(&publisher, role);
    ck_assert_int_eq(weft_trust_load_role(trust, "A", document.bytes, document.length - 1),
                     WEFT_ERR_TOO_SHORT);
    ck_assert_int_eq(weft_trust_load_role(trust, "B", document.bytes, document.length),
                     WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_trust_load_role(trust, "A", document.bytes, document.length),
                     WEFT_ERR_OK);
    ck_assert_int_eq(seek("file"), WEFT_ERR_OK);
    ck_assert_str_eq(publisher.visited, "");
    /* A new version: the old document goes. */
    json_object_set_new(role->body, "version", json_integer(2));
    refresh();
    ck_assert_ptr_null(weft_trust_role_at(trust, 0));
    ck_assert_int_eq(seek("file"), WEFT_ERR_OK);
    ck_assert_str_eq(publisher.visited, "A");
    publisher_free(&document);
}
END_TEST

START_TEST(test_nothing_yet)
{
    ck_assert_int_eq(seek("file"), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(publisher_seek_component(&publisher, trust, "av", &info), WEFT_ERR_NOT_FOUND);
}
END_TEST

/* Hash bins: 2^10 of them, one role each (TAP 15). */
START_TEST(test_bins)
{
    json_t *body = publisher.bodies[WEFT_ROLE_TARGETS];
    json_object_set_new(body, "delegations",
                        json_pack("{s:{s:O}, s:{s:[s], s:i, s:i, s:s}}", "keys",
                                  publisher.keys[4].id, publisher.keys[4].key, "succinct_roles",
                                  "keyids", publisher.keys[4].id, "threshold", 1, "bit_length", 10,
                                  "name_prefix", "bin"));
    refresh();
    /* SHA-256 of "file" begins with 3b 9c: 0011 1011 10 = 0xee. */
    publisher.visited[0] = '\0';
    ck_assert_int_eq(weft_trust_seek_target(trust, "file", &info), WEFT_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(weft_trust_fault(trust)->text, "'bin-0ee'"));
}
END_TEST

START_TEST(test_hash_prefixes)
{
    struct publisher_role *role = publisher_delegate(&publisher, NULL, "A", KEY(4), "[]", false);
    json_t *roles = json_object_get(
        json_object_get(publisher.bodies[WEFT_ROLE_TARGETS], "delegations"), "roles");
    json_object_del(json_array_get(roles, 0), "paths");
    json_object_set_new(json_array_get(roles, 0), "path_hash_prefixes",
                        json_pack("[s,s]", "3b9", "ff"));
    publisher_target(&publisher, role->name, "file", "x");
    publisher_target(&publisher, role->name, "elsewhere", "x");
    refresh();
    ck_assert_int_eq(seek("file"), WEFT_ERR_OK);
    ck_assert_int_eq(seek("elsewhere"), WEFT_ERR_NOT_FOUND);
}
END_TEST

static Suite *search_suite(void)
{
    Suite *suite = suite_create("search");
    const TTest *const tests[] = {
        test_first_word_counts,
        test_outside_of_paths,
        test_current_delegator,
        test_too_many_roles,
        test_deep_chain,
        test_bad_role,
        test_unlisted_role,
        test_feed,
        test_load,
        test_nothing_yet,
        test_bins,
        test_hash_prefixes,
    };
    weft_check_case(suite, "search", setup, teardown, tests, WEFT_ROWS(tests));
    TCase *graph_case = tcase_create("graphs");
    tcase_add_checked_fixture(graph_case, setup, teardown);
    tcase_add_loop_test(graph_case, test_graph, 0, (int)WEFT_ROWS(graphs));
    suite_add_tcase(suite, graph_case);
    return suite;
}

WEFT_CHECK_MAIN(search_suite)
