/* SPDX-License-Identifier: Apache-2.0 */
/* Path patterns of delegations. Most rows with sets were compared with Python's fnmatch, element by
 * element, which the reference client uses. */
#include "tests/support/check_main.h"

#include "protocol/trust/pattern.h"

#include <string.h>

static const struct {
    const char *pattern; /* of a delegation */
    const char *path;    /* of a target */
    bool fits;           /* expected */
} rows[] = {
    {"a", "a", true},
    {"a", "A", false},
    {"a", "ab", false},
    {"ab", "a", false},
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"*", "anything", true},
    {"*", "", true},
    {"*", "a/b", false},
    {"*/*", "a/b", true},
    {"*/*", "a", false},
    {"*/*", "a/b/c", false},
    {"*/", "a/", true},
    {"*/", "a", false},
    {"/a", "/a", true},
    {"**", "ab", true},
    {"**", "a/b", false},
    {"foo-?.tgz", "foo-1.tgz", true},
    {"foo-?.tgz", "foo-alpha.tgz", false},
    {"foo-?.tgz", "foo-\303\251.tgz", true},
    {"?", "/", false},
    {"??", "\303\251", false},
    {"releases/*/*", "releases/x/x_v1", true},
    {"releases/*/*", "releases/README.md", false},
    {"releases/y/*.zip", "releases/y/y_v1.zip", true},
    {"releases/y/*.zip", "releases/z/z_v1.zip", false},
    {"*.md", "README.MD", false},
    {"*a*b*c", "xxaxxbxxc", true},
    {"*a*b*c", "xxaxxbxxcx", false},
    {"*ab*ab", "abxab", true},
    {"*ab*ab", "abab", true},
    {"*ab*ab", "aba", false},
    {"[abc]", "b", true},
    {"[abc]", "d", false},
    {"[!abc]", "d", true},
    {"[!abc]", "b", false},
    {"[a-c]", "b", true},
    {"[a-c]", "d", false},
    {"[c-a]", "b", false},
    {"[a-]", "-", true},
    {"[-a]", "-", true},
    {"[a-c-e]", "-", true},
    {"[a-c-e]", "d", false},
    {"[]]", "]", true},
    {"[]a]", "a", true},
    {"[!]]", "]", false},
    {"[!]]", "a", true},
    {"[]", "[]", true},
    {"[", "[", true},
    {"[!", "[!", true},
    {"[ab", "[ab", true},
    {"[ab", "a", false},
    {"[!]", "[!]", true},
    {"[^a]", "^", true},
    {"[^a]", "b", false},
    {"[\\]", "\\", true},
    {"\\*", "\\x", true},
    {"\\*", "*", false},
    {"[a/b]", "a/b]", false},
    {"[a/b]", "[a/b]", true},
    {"[\303\240-\303\277]", "\303\251", true},
    {"[a-z]", "\303\251", false},
    {"[!a-z]", "\303\251", true},
    {"*[0-9].dat", "pattern-7.dat", true},
    {"*[0-9].dat", "pattern-x.dat", false},
};

START_TEST(test_rows)
{
    ck_assert_msg(weft_pattern_match(rows[_i].pattern, rows[_i].path) == rows[_i].fits,
                  "'%s' on '%s'", rows[_i].pattern, rows[_i].path);
}
END_TEST

/* A pattern that makes naive matchers try every split. */
START_TEST(test_no_explosion)
{
    char pattern[401];
    char path[501];
    for (size_t i = 0; i < 400; i += 2) {
        pattern[i] = '*';
        pattern[i + 1] = 'a';
    }
    memset(path, 'a', 500);
    pattern[400] = '\0';
    path[500] = '\0';
    ck_assert(weft_pattern_match(pattern, path));
    path[499] = 'b';
    ck_assert(!weft_pattern_match(pattern, path));
}
END_TEST

static const struct {
    const char *pattern; /* of a delegation */
    bool meets;          /* releases of component "av" */
} meetings[] = {
    {"av/*/*", true},     {"*/*/*", true},   {"a?/1/file", true}, {"[a-c]v/*/*", true},
    {"other/*/*", false}, {"av/*", false},   {"av/*/*/*", false}, {"av", false},
    {"*", false},         {"AV/*/*", false}, {"/av/*", false},    {"av//", true},
};

START_TEST(test_meets)
{
    ck_assert_int_eq(weft_pattern_meets(meetings[_i].pattern, "av"), meetings[_i].meets);
}
END_TEST

static Suite *pattern_suite(void)
{
    Suite *suite = suite_create("pattern");
    WEFT_ADD_ROWS(suite, test_rows, rows);
    WEFT_ADD(suite, test_no_explosion);
    WEFT_ADD_ROWS(suite, test_meets, meetings);
    return suite;
}

WEFT_CHECK_MAIN(pattern_suite)
