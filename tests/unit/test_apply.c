/* SPDX-License-Identifier: Apache-2.0 */
/* Does `weft apply` find and judge what other tools publish: targets without a signed chunk index,
 * in a delegated role? Of those the node alone knows under which id it keeps them, and a node may
 * lie. Components and hostile directories are in tests/shell/apply.sh. */
#include "tests/support/check_main.h"
#include "tests/support/publisher.h"

#include "node/apply.h"
#include "node/exit.h"
#include "node/fileio.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTENT "the content that is signed"
#define OTHER "the content that is nobody"

static char directory[] = "/tmp/weft-apply.XXXXXX";
static struct publisher publisher;

static const char *below(const char *name)
{
    static char paths[4][300];
    static unsigned int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

static void make_dir(const char *name)
{
    ck_assert_int_eq(weft_fileio_make_dirs(below(name), 0755), WEFT_ERR_OK);
}

static void write_file(const char *name, const void *bytes, size_t length)
{
    ck_assert_int_eq(weft_fileio_replace(below(name), bytes, length, 0644), WEFT_ERR_OK);
}

static void write_document(const char *name, struct publisher_document document)
{
    write_file(name, document.bytes, document.length);
    publisher_free(&document);
}

/* The node's trust/: as it keeps it, versions in front of names. */
static void write_trust(void)
{
    static const enum weft_role roles[] = {WEFT_ROLE_ROOT, WEFT_ROLE_TARGETS, WEFT_ROLE_SNAPSHOT,
                                           WEFT_ROLE_TIMESTAMP};
    for (size_t i = 0; i < WEFT_ROWS(roles); i++) {
        /* This test has no other clock than the machine's. */
        json_object_set_new(publisher.bodies[roles[i]], "expires",
                            json_string("2999-01-01T00:00:00Z"));
    }
    json_object_set_new(publisher_body(&publisher, "others"), "expires",
                        json_string("2999-01-01T00:00:00Z"));
    write_document("root.json", publisher_make(&publisher, WEFT_ROLE_ROOT));
    write_document("data/trust/1.root.json", publisher_make(&publisher, WEFT_ROLE_ROOT));
    write_document("data/trust/timestamp.json", publisher_make(&publisher, WEFT_ROLE_TIMESTAMP));
    write_document("data/trust/1.snapshot.json", publisher_make(&publisher, WEFT_ROLE_SNAPSHOT));
    write_document("data/trust/1.targets.json", publisher_make(&publisher, WEFT_ROLE_TARGETS));
    write_document("data/trust/roles/1.others.json",
                   publisher_make_role(&publisher, &publisher.roles[0]));
}

/* A node that has fetched "some/file.dat" of the delegated role "others", under an id of its own.
 */
static void begin(void)
{
    snprintf(directory, sizeof(directory), "/tmp/weft-apply.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    make_dir("links");
    make_dir("data/trust/roles");
    make_dir("data/releases");
    make_dir("data/active/@some%2Ffile.dat");
    publisher_begin(&publisher);
    publisher_delegate(&publisher, NULL, "others", PUBLISHER_KEY(5), "[\"some/*\"]", true);
    publisher_target(&publisher, "others", "some/file.dat", CONTENT);
    write_trust();
    write_file("data/releases/00000000000000aa.data", CONTENT, sizeof(CONTENT) - 1);
    write_file("data/releases/00000000000000bb.data", OTHER, sizeof(CONTENT) - 1);
    ck_assert_int_eq(symlink("1-00000000000000aa", below("data/active/@some%2Ffile.dat/current")),
                     0);
}

static void end(void)
{
    publisher_end(&publisher);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
}

/* Point the hint of the node at |target|. */
static void hint(const char *target)
{
    const char *link = below("data/active/@some%2Ffile.dat/current");
    ck_assert_int_eq(unlink(link), 0);
    ck_assert_int_eq(symlink(target, link), 0);
}

/* Exit code of `weft apply`, in a process of its own: it confines itself. */
static int apply(void)
{
    char words[8][400] = {"--data", "", "--state", "", "--root", "", "--target", ""};
    char *argv[8];
    snprintf(words[1], sizeof(words[1]), "%s", below("data"));
    snprintf(words[3], sizeof(words[3]), "%s", below("state"));
    snprintf(words[5], sizeof(words[5]), "%s", below("root.json"));
    snprintf(words[7], sizeof(words[7]), "some/file.dat=%s", below("links/link"));
    for (size_t i = 0; i < WEFT_ROWS(argv); i++) {
        argv[i] = words[i];
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int code = weft_command_apply((int)WEFT_ROWS(argv), argv);
        fflush(NULL);
        _exit(code);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool is_in_effect(void)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (weft_fileio_load(below("links/link/file.dat"), 1000, &bytes, &length) != WEFT_ERR_OK) {
        return false;
    }
    ck_assert_str_eq((const char *)bytes, CONTENT);
    free(bytes);
    return true;
}

START_TEST(target_of_a_delegated_role)
{
    ck_assert_int_eq(apply(), WEFT_EXIT_OK);
    ck_assert(is_in_effect());
    /* Whatever the node says of it later: it is laid out, and under a name of the own. */
    hint("1-00000000000000bb");
    ck_assert_int_eq(apply(), WEFT_EXIT_OK);
    ck_assert(is_in_effect());
}
END_TEST

START_TEST(hint_to_another_file)
{
    hint("1-00000000000000bb");
    ck_assert_int_eq(apply(), WEFT_EXIT_FAILED);
    ck_assert(!is_in_effect());
}
END_TEST

static const char *const bad_hints[] = {"1-00000000000000cc",           "nowhere",
                                        "../../../../../../etc/passwd", "-00000000000000aa",
                                        "1-00000000000000AA",           "00000000000000aa"};

/* A hint that leads nowhere: the node has not finished it. */
START_TEST(hint_to_nothing)
{
    hint(bad_hints[_i]);
    ck_assert_int_eq(apply(), WEFT_EXIT_OK);
    ck_assert(!is_in_effect());
}
END_TEST

START_TEST(delegated_document_is_missing)
{
    ck_assert_int_eq(unlink(below("data/trust/roles/1.others.json")), 0);
    ck_assert_int_eq(apply(), WEFT_EXIT_FAILED);
    ck_assert(!is_in_effect());
}
END_TEST

/* Signed by a key that the delegation does not name. */
START_TEST(delegated_document_is_forged)
{
    publisher.roles[0].signers = PUBLISHER_KEY(6);
    write_document("data/trust/roles/1.others.json",
                   publisher_make_role(&publisher, &publisher.roles[0]));
    ck_assert_int_eq(apply(), WEFT_EXIT_FAILED);
    ck_assert(!is_in_effect());
}
END_TEST

/* A repository without versions in its names; the node keeps documents under versions all the same.
 * The highest one counts, and what else lies there does no harm. */
START_TEST(names_without_versions)
{
    json_object_set_new(publisher.bodies[WEFT_ROLE_ROOT], "consistent_snapshot", json_false());
    write_trust();
    write_file("data/trust/x.snapshot.json", "?", 1);
    write_file("data/trust/0.snapshot.json", "?", 1);
    write_file("data/trust/99999999999999999999999999.snapshot.json", "?", 1);
    ck_assert_int_eq(apply(), WEFT_EXIT_OK);
    ck_assert(is_in_effect());
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("apply");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, target_of_a_delegated_role);
    tcase_add_test(cases, hint_to_another_file);
    tcase_add_loop_test(cases, hint_to_nothing, 0, WEFT_ROWS(bad_hints));
    tcase_add_test(cases, delegated_document_is_missing);
    tcase_add_test(cases, delegated_document_is_forged);
    tcase_add_test(cases, names_without_versions);
    suite_add_tcase(suite, cases);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
