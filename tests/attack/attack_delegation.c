/* SPDX-License-Identifier: Apache-2.0 */
/* The owner of one delegated role wants more than was delegated; the owner of online keys wants to
 * stop or confuse a publisher. */
#include "tests/support/attack.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/offer.h"
#include "tests/support/publisher.h"

#define KEY PUBLISHER_KEY
#define LAST_VERSION 0x7fffffff

static struct publisher publisher;
static struct weft_trust *trust;
static struct weft_release_info info;

/* Roles "own" of the component a and "evil" of the component b, each with a key. */
static void begin(void)
{
    publisher_begin(&publisher);
    publisher_delegate(&publisher, NULL, "own", KEY(4), "[\"a/*/*\"]", false);
    publisher_delegate(&publisher, NULL, "evil", KEY(5), "[\"b/*/*\"]", false);
    publisher_release(&publisher, "own", "a", "1", 1);
    publisher_release(&publisher, "evil", "b", "1", 1);
    trust = publisher_client(&publisher);
}

static void end(void)
{
    weft_trust_free(trust);
    publisher_end(&publisher);
}

static void refresh(int version)
{
    offer_generation(&publisher, version);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
}

static enum weft_err seek(const char *component)
{
    return publisher_seek_component(&publisher, trust, component, &info);
}

START_TEST(foreign_component)
{
    begin();
    publisher_release(&publisher, "evil", "a", "2", 2);
    refresh(1);
    ck_assert_int_eq(seek("a"), WEFT_ERR_OK);
    ck_assert_str_eq(info.version, "1");
    ck_assert_int_eq(publisher_seek(&publisher, trust, "a/2/file", &info), WEFT_ERR_NOT_FOUND);
    end();
}
END_TEST

/* The path is the own one, custom.weft names another component. */
START_TEST(contradicting_name)
{
    begin();
    json_t *targets = json_object_get(publisher_body(&publisher, "evil"), "targets");
    json_t *custom = json_object_get(json_object_get(targets, "b/1/file"), "custom");
    json_object_set_new(json_object_get(custom, "weft"), "component", json_string("a"));
    refresh(1);
    ck_assert_int_eq(seek("a"), WEFT_ERR_OK);
    ck_assert_str_eq(info.target, "a/1/file");
    ck_assert_int_eq(seek("b"), WEFT_ERR_NOT_FOUND);
    end();
}
END_TEST

START_TEST(delegates_what_it_has_not)
{
    begin();
    publisher_delegate(&publisher, "evil", "deeper", KEY(5), "[\"a/*/*\"]", true);
    publisher_release(&publisher, "deeper", "a", "9", 9);
    refresh(1);
    ck_assert_int_eq(seek("a"), WEFT_ERR_OK);
    ck_assert_str_eq(info.version, "1");
    end();
}
END_TEST

START_TEST(cycle)
{
    begin();
    publisher_delegate(&publisher, "own", "evil", KEY(5), "[\"*/*/*\"]", false);
    publisher_delegate(&publisher, "evil", "own", KEY(4), "[\"*/*/*\"]", false);
    refresh(1);
    ck_assert_int_eq(publisher_seek(&publisher, trust, "a/7/file", &info), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(seek("a"), WEFT_ERR_OK);
    end();
}
END_TEST

START_TEST(delegates_to_itself)
{
    begin();
    publisher_delegate(&publisher, "own", "own", KEY(4), "[\"a/*/*\"]", false);
    refresh(1);
    ck_assert_int_eq(seek("a"), WEFT_ERR_OK);
    ck_assert_int_eq(publisher_seek(&publisher, trust, "a/7/file", &info), WEFT_ERR_NOT_FOUND);
    end();
}
END_TEST

/* A role "targets" below targets would be the top-level one. */
START_TEST(name_of_a_top_level_role)
{
    static const char *const names[] = {"targets", "root", "snapshot", "timestamp"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin();
        publisher_delegate(&publisher, NULL, names[i], KEY(5), "[\"*\"]", false);
        ck_assert_int_ne(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
        end();
    }
}
END_TEST

START_TEST(forty_roles)
{
    static char names[40][8];
    begin();
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "r%d", i);
        publisher_delegate(&publisher, NULL, names[i], KEY(5), "[\"*/*/*\"]", false);
    }
    refresh(1);
    ck_assert_int_eq(publisher_seek(&publisher, trust, "c/1/file", &info), WEFT_ERR_LIMIT);
    ck_assert_int_eq(publisher_seek(&publisher, trust, "a/1/file", &info), WEFT_ERR_OK);
    end();
}
END_TEST

/* Who holds back a role's document must not make a node take what another role says instead. */
START_TEST(withheld_role)
{
    begin();
    struct publisher_role *later =
        publisher_delegate(&publisher, NULL, "later", KEY(6), "[\"a/*/*\"]", false);
    publisher_release(&publisher, "later", "a", "2", 2);
    later->is_missing = true;
    refresh(1);
    ck_assert_int_eq(seek("a"), WEFT_ERR_UNREACHABLE);
    later->is_missing = false;
    refresh(2);
    ck_assert_int_eq(seek("a"), WEFT_ERR_OK);
    ck_assert_str_eq(info.version, "2");
    end();
}
END_TEST

/* The delegation was given to another key; the document by the old one is still about. */
START_TEST(revoked_delegation)
{
    begin();
    refresh(1);
    ck_assert_int_eq(seek("b"), WEFT_ERR_OK);
    json_t *delegations = json_object_get(publisher_body(&publisher, NULL), "delegations");
    json_t *entry = json_array_get(json_object_get(delegations, "roles"), 1);
    json_object_set_new(json_object_get(delegations, "keys"), publisher.keys[7].id,
                        json_incref(publisher.keys[7].key));
    json_object_set_new(entry, "keyids", json_pack("[s]", publisher.keys[7].id));
    refresh(2);
    ck_assert_int_eq(seek("b"), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(seek("a"), WEFT_ERR_OK);
    end();
}
END_TEST

START_TEST(removed_delegation)
{
    begin();
    refresh(1);
    ck_assert_int_eq(seek("b"), WEFT_ERR_OK);
    json_t *delegations = json_object_get(publisher_body(&publisher, NULL), "delegations");
    json_array_remove(json_object_get(delegations, "roles"), 1);
    refresh(2);
    ck_assert_int_eq(seek("b"), WEFT_ERR_NOT_FOUND);
    end();
}
END_TEST

START_TEST(expired_role)
{
    begin();
    json_object_set_new(publisher_body(&publisher, "own"), "expires",
                        json_string(PUBLISHER_EXPIRED));
    refresh(1);
    ck_assert_int_eq(seek("a"), WEFT_ERR_EXPIRED);
    end();
}
END_TEST

START_TEST(terminating)
{
    begin();
    publisher_delegate(&publisher, NULL, "wall", KEY(6), "[\"c/*/*\"]", true);
    publisher_delegate(&publisher, NULL, "after", KEY(5), "[\"*/*/*\"]", false);
    publisher_target(&publisher, "after", "c/1/file", "evil");
    refresh(1);
    ck_assert_int_eq(publisher_seek(&publisher, trust, "c/1/file", &info), WEFT_ERR_NOT_FOUND);
    end();
}
END_TEST

START_TEST(target_that_leads_out)
{
    static const char *const paths[] = {
        "b/1/../../../etc/passwd", "/etc/passwd", "b//x", "b/1/", "..", "b/./x", "b/1/..",
    };
    begin();
    publisher_delegate(&publisher, NULL, "all", KEY(5),
                       "[\"*\", \"*/*\", \"*/*/*\", \"*/*/*/*\", \"*/*/*/*/*/*/*\"]", false);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        publisher_target(&publisher, "all", paths[i], "evil");
    }
    refresh(1);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ck_assert_int_eq(publisher_seek(&publisher, trust, paths[i], &info), WEFT_ERR_UNSAFE_PATH);
    }
    end();
}
END_TEST

/* Names of files that a node would not keep, in a release of a component. */
START_TEST(release_with_odd_file)
{
    static const char *const names[] = {".profile", "a\\b", "x\x1b[2J", "..", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        begin();
        json_t *targets = json_object_get(publisher_body(&publisher, "own"), "targets");
        json_t *entry = json_deep_copy(json_object_get(targets, "a/1/file"));
        json_object_set_new(json_object_get(json_object_get(entry, "custom"), "weft"), "file",
                            json_string(names[i]));
        snprintf(path, sizeof path, "a/1/%s", names[i]);
        json_object_clear(targets);
        json_object_set_new(targets, path, entry);
        refresh(1);
        ck_assert_int_eq(seek("a"), WEFT_ERR_NOT_FOUND);
        end();
    }
}
END_TEST

START_TEST(odd_names_of_roles)
{
    static const char *const names[] = {"../targets", "a/b", "?#", "a\nb", "%2e%2e"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct weft_trust_want want;
        begin();
        publisher_delegate(&publisher, NULL, names[i], KEY(5), "[\"c/*/*\"]", false);
        refresh(1);
        ck_assert_int_eq(weft_trust_seek_target(trust, "c/1/x", &info), WEFT_ERR_PENDING);
        ck_assert(weft_trust_wanted_role(trust, &want));
        ck_assert_ptr_eq(strchr(want.path, '/'), strrchr(want.path, '/'));
        ck_assert_ptr_null(strpbrk(want.path, "?#\n"));
        end();
    }
}
END_TEST

START_TEST(pattern_that_costs)
{
    char path[201];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    begin();
    publisher_delegate(&publisher, NULL, "slow", KEY(5),
                       "[\"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\"]", false);
    refresh(1);
    for (int i = 0; i < 10000; i++) { /* within the time of a case, also with a sanitizer */
        weft_trust_seek_target(trust, path, &info);
    }
    ck_assert_int_eq(publisher_seek(&publisher, trust, path, &info), WEFT_ERR_NOT_FOUND);
    end();
}
END_TEST

/* ---- Fast-forward ---- */

/* A thief of |role|'s key counted to the end; a root with other keys must bring nodes back. */
static void recover(enum weft_role role)
{
    begin();
    refresh(1);
    publisher_version(&publisher, WEFT_ROLE_TIMESTAMP, LAST_VERSION);
    publisher_version(&publisher, role, LAST_VERSION);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
    offer_generation(&publisher, 3);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_ROLLBACK);
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(&publisher, WEFT_ROLE_TIMESTAMP, KEY(6), 1);
    publisher_role(&publisher, WEFT_ROLE_SNAPSHOT, KEY(7), 1);
    publisher.signers[WEFT_ROLE_TIMESTAMP] = KEY(6);
    publisher.signers[WEFT_ROLE_SNAPSHOT] = KEY(7);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
    ck_assert_uint_eq(weft_trust_current(trust, role)->version, 3);
    end();
}

START_TEST(fast_forward_timestamp)
{
    recover(WEFT_ROLE_TIMESTAMP);
}
END_TEST

START_TEST(fast_forward_snapshot)
{
    recover(WEFT_ROLE_SNAPSHOT);
}
END_TEST

START_TEST(fast_forward_targets)
{
    recover(WEFT_ROLE_TARGETS);
}
END_TEST

/* Roots cannot be skipped, so a root far ahead reaches nobody. */
START_TEST(fast_forward_root)
{
    begin();
    refresh(1);
    publisher_version(&publisher, WEFT_ROLE_ROOT, LAST_VERSION);
    ck_assert_int_eq(publisher_refresh(&publisher, trust), WEFT_ERR_OK);
    ck_assert_uint_eq(weft_trust_document(trust, WEFT_ROLE_ROOT)->version, 1);
    end();
}
END_TEST

/* An endless chain of roots, each signed rightly, ends after the limit of one update. */
START_TEST(endless_roots)
{
    begin();
    unsigned count = 0;
    struct weft_trust_want want;
    weft_trust_begin(trust, PUBLISHER_NOW_S, UINT64_MAX);
    while (weft_trust_wanted(trust, &want) && want.role == WEFT_ROLE_ROOT) {
        publisher_version(&publisher, WEFT_ROLE_ROOT, (int)want.version);
        struct publisher_document document = publisher_make(&publisher, WEFT_ROLE_ROOT);
        ck_assert_int_eq(weft_trust_feed(trust, document.bytes, document.length), WEFT_ERR_OK);
        publisher_free(&document);
        count++;
    }
    ck_assert_uint_eq(count, WEFT_TRUST_ROOTS_PER_UPDATE_MAX);
    end();
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"delegation: a role lists another's component", "does not count", foreign_component},
        {"delegation: the path says b, the release says a", "passed over", contradicting_name},
        {"delegation: a role delegates what it has not", "does not count",
         delegates_what_it_has_not},
        {"delegation: two roles delegate to each other", "the search ends", cycle},
        {"delegation: a role delegates to itself", "the search ends", delegates_to_itself},
        {"delegation: a role named like a top-level one", "refused", name_of_a_top_level_role},
        {"delegation: 40 roles for one path", "the search ends at its limit", forty_roles},
        {"delegation: a role's document is withheld", "no answer, not an older one", withheld_role},
        {"delegation: the key that was replaced signs", "refused", revoked_delegation},
        {"delegation: what was delegated before", "does not count", removed_delegation},
        {"delegation: expired", "no answer", expired_role},
        {"delegation: behind a terminating one", "does not count", terminating},
        {"delegation: 7 paths that lead out of the targets", "refused", target_that_leads_out},
        {"delegation: 5 file names that harm a node", "passed over", release_with_odd_file},
        {"delegation: 5 role names that lead elsewhere", "one quoted file name",
         odd_names_of_roles},
        {"delegation: a pattern of 24 stars, 10,000 times", "costs its length", pattern_that_costs},
        {"fast-forward: timestamp to its last version", "a root with new keys recovers",
         fast_forward_timestamp},
        {"fast-forward: snapshot to its last version", "a root with new keys recovers",
         fast_forward_snapshot},
        {"fast-forward: targets to their last version", "a root with new keys recovers",
         fast_forward_targets},
        {"fast-forward: root to its last version", "nobody follows", fast_forward_root},
        {"endless: every root has a successor", "256 in one update", endless_roots},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
