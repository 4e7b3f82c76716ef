/* SPDX-License-Identifier: Apache-2.0 */
/* The updater of a node against a repository made by `weft publish` and `weft keygen`: what it asks
 * for, tells and stores; restarts; wrong roots; announcements of peers. */
#include "tests/support/check_main.h"
#include "tests/support/updater_driver.h"
#include "tests/support/words.h"

#include "node/fileio.h"
#include "node/keygen.h"
#include "node/publish.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S 86400

static char base[64];
static struct updater_driver driver;
static struct weft_updater *updater;
static char error_text[640];

static const char *path_of(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", base, name);
    return path;
}

static int command(int (*run)(int, char **), const char *line)
{
    return words_run(run, line, base);
}

static void write_payload(const char *text)
{
    ck_assert_int_eq(weft_fileio_replace(path_of("payload"), text, strlen(text), 0644),
                     WEFT_ERR_OK);
}

static void publish(const char *text)
{
    write_payload(text);
    ck_assert_int_eq(command(weft_command_publish, "publish --repo @/repo --keys @/keys --grace 0 "
                                                   "virus @/payload"),
                     0);
}

static enum weft_err open_with(const char *root)
{
    static const struct weft_updater_subscription subscriptions[] = {{.name = "virus"}};
    struct weft_updater_config config = {.directory = path_of("trust"),
                                         .root_file = path_of(root),
                                         .subscriptions = subscriptions,
                                         .subscription_count = 1};
    struct weft_updater_host host = updater_driver_host(&driver);
    return weft_updater_open(&config, &host, &updater, error_text, sizeof error_text);
}

static void begin(void)
{
    ck_assert_int_eq(open_with("repo/metadata/1.root.json"), WEFT_ERR_OK);
    weft_updater_start(updater);
}

static void restart(void)
{
    weft_updater_free(updater);
    int64_t skew_s = driver.skew_s;
    driver = (struct updater_driver){.skew_s = skew_s};
    begin();
}

static void setup(void)
{
    snprintf(base, sizeof base, "/tmp/weft-updater-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(command(weft_command_keygen, "keygen --keys @/keys"), 0);
    publish("first");
    driver = (struct updater_driver){.skew_s = 0};
    begin();
}

static void teardown(void)
{
    weft_updater_free(updater);
    weft_fileio_remove(base);
}

/* Answer the open want from the repository, once. */
static enum weft_err answer(void)
{
    return updater_driver_answer(&driver, updater, path_of("repo"));
}

static void answer_all(void)
{
    updater_driver_serve(&driver, updater, path_of("repo"));
}

static void look(void)
{
    weft_updater_look(updater);
    answer_all();
}

START_TEST(test_look)
{
    const uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_updater_state state;
    ck_assert_uint_eq(driver.accepted_count, 0);
    weft_updater_look(updater);
    ck_assert(driver.from_source);
    ck_assert_str_eq(driver.path, "metadata/2.root.json");
    ck_assert_int_eq(answer(), WEFT_ERR_NOT_FOUND);
    ck_assert(driver.from_source);
    ck_assert_str_eq(driver.path, "metadata/timestamp.json");
    ck_assert_int_eq(answer(), WEFT_ERR_OK);
    ck_assert(!driver.from_source);
    ck_assert_str_eq(driver.path, "metadata/1.snapshot.json");
    answer_all();
    ck_assert_uint_eq(driver.accepted_count, 1);
    ck_assert_uint_eq(driver.looked_count, 1);
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert_uint_eq(driver.release_count, 1);
    ck_assert_str_eq(driver.release.version, "1");
    ck_assert_uint_le(driver.bulletin_length, WEFT_BULLETIN_BYTES_MAX);
    ck_assert(weft_updater_document_find(updater, "metadata/1.root.json", &bytes, &length));
    ck_assert(weft_updater_document_find(updater, "metadata/timestamp.json", &bytes, &length));
    ck_assert(weft_updater_document_find(updater, "metadata/1.snapshot.json", &bytes, &length));
    ck_assert(weft_updater_document_find(updater, "metadata/1.targets.json", &bytes, &length));
    ck_assert(weft_updater_document_find(updater, driver.release.index_path, &bytes, &length));
    ck_assert_uint_eq(length, driver.release.index_bytes);
    ck_assert(!weft_updater_document_find(updater, driver.release.path, &bytes, &length));
    ck_assert(!weft_updater_document_find(updater, "../1.root.json", &bytes, &length));
    weft_updater_describe(updater, &state);
    ck_assert_uint_eq(state.timestamp_version, 1);
    ck_assert(!state.expired && !state.busy && state.announced);
    ck_assert_ptr_nonnull(strstr(state.text, "valid until"));
    look(); /* nothing new */
    ck_assert_uint_eq(driver.accepted_count, 1);
    ck_assert_uint_eq(driver.looked_count, 2);
    ck_assert_uint_eq(driver.release_count, 1);
}
END_TEST

/* Who has the old set only is not asked for a document of the new one. */
START_TEST(test_look_asks_who_has_the_news)
{
    look();
    publish("second");
    weft_updater_look(updater);
    answer(); /* 2.root.json: there is none */
    answer();
    ck_assert_str_eq(driver.path, "metadata/2.snapshot.json");
    ck_assert_uint_eq(weft_bulletin_version(driver.holders_have), 2);
    answer_all();
    ck_assert_uint_eq(driver.version, 2);
}
END_TEST

START_TEST(test_restart)
{
    look();
    restart();
    ck_assert_uint_eq(driver.accepted_count, 1);
    ck_assert_uint_eq(driver.version, 1);
    ck_assert_uint_eq(driver.release_count, 1);
    ck_assert_uint_eq(driver.want_count + driver.source_count, 0);
    publish("second");
    look();
    ck_assert_uint_eq(driver.version, 2);
    ck_assert_str_eq(driver.release.version, "2");
    restart();
    ck_assert_uint_eq(driver.version, 2);
    ck_assert_str_eq(driver.release.version, "2");
}
END_TEST

START_TEST(test_source_fails)
{
    weft_updater_look(updater);
    driver.open = false;
    weft_updater_document(updater, driver.token, 0, WEFT_ERR_UNREACHABLE, NULL, 0);
    ck_assert_int_eq(driver.looked, WEFT_ERR_UNREACHABLE);
    weft_updater_look(updater);
    driver.open = false;
    ck_assert_int_eq(
        weft_updater_document(updater, driver.token, 0, WEFT_ERR_OK, (const uint8_t *)"<html>", 6),
        WEFT_ERR_FORMAT);
    ck_assert_uint_eq(driver.looked_count, 2);
    ck_assert_int_eq(driver.looked, WEFT_ERR_FORMAT);
    struct weft_updater_state state;
    weft_updater_describe(updater, &state);
    ck_assert_ptr_nonnull(strstr(state.text, "no metadata yet: "));
    ck_assert_int_eq(weft_updater_document(updater, driver.token, 0, WEFT_ERR_OK, NULL, 0),
                     WEFT_ERR_CANCELLED);
}
END_TEST

START_TEST(test_bad_document_leaves_a_want_open)
{
    weft_updater_look(updater);
    answer();
    answer();
    ck_assert_str_eq(driver.path, "metadata/1.snapshot.json");
    ck_assert_int_eq(
        weft_updater_document(updater, driver.token, 0, WEFT_ERR_OK, (const uint8_t *)"x", 1),
        WEFT_ERR_TOO_SHORT);
    ck_assert_uint_eq(driver.looked_count, 0);
    answer_all();
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert_uint_eq(driver.release_count, 1);
}
END_TEST

START_TEST(test_index_missing_is_asked_for_again)
{
    weft_updater_look(updater);
    for (int i = 0; i < 4; i++) {
        answer();
    }
    ck_assert_ptr_nonnull(strstr(driver.path, ".index"));
    ck_assert_uint_eq(driver.accepted_count, 0);
    driver.open = false;
    weft_updater_document(updater, driver.token, 0, WEFT_ERR_NOT_FOUND, NULL, 0);
    ck_assert_uint_eq(driver.release_count, 0);
    ck_assert_uint_eq(driver.accepted_count, 1);
    look();
    ck_assert_uint_eq(driver.release_count, 1);
}
END_TEST

/* Who hears of news gets all of it here: it is told when the index is there, or has been late. */
START_TEST(test_news_waits_for_the_index)
{
    weft_updater_look(updater);
    for (int i = 0; i < 4; i++) {
        answer();
    }
    ck_assert_ptr_nonnull(strstr(driver.path, ".index"));
    ck_assert_uint_eq(weft_bulletin_version(driver.holders_have), 1);
    weft_updater_wake(updater);
    ck_assert_uint_eq(driver.accepted_count, 0);
    answer();
    ck_assert_uint_eq(driver.accepted_count, 1);
    ck_assert_uint_eq(driver.release_count, 1);
}
END_TEST

START_TEST(test_news_waits_no_longer_for_a_late_index)
{
    weft_updater_look(updater);
    for (int i = 0; i < 4; i++) {
        answer();
    }
    ck_assert_uint_eq(driver.looked_count, 1);
    weft_updater_wake(updater);
    weft_updater_wake(updater);
    ck_assert_uint_eq(driver.accepted_count, 1);
    answer();
    weft_updater_wake(updater);
    ck_assert_uint_eq(driver.accepted_count, 1);
}
END_TEST

/* What the repository says now, as a peer would announce it. */
static void check_announcement(uint32_t version, uint32_t root_version, bool with_bytes)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    ck_assert_int_eq(
        weft_fileio_load(path_of("repo/metadata/timestamp.json"), 4096, &bytes, &length),
        WEFT_ERR_OK);
    weft_updater_check(updater, 42, weft_bulletin_of(root_version, version, 0), bytes,
                       with_bytes ? length : 0);
    free(bytes);
}

START_TEST(test_check)
{
    look();
    publish("second");
    check_announcement(2, 1, true);
    ck_assert_str_eq(driver.path, "metadata/2.snapshot.json");
    ck_assert_uint_eq(driver.hint, 42);
    ck_assert(!driver.from_source);
    answer_all();
    ck_assert_uint_eq(driver.accepted_count, 2);
    ck_assert_str_eq(driver.release.version, "2");
    ck_assert_uint_eq(driver.refused_count, 0);
    ck_assert_uint_eq(driver.looked_count, 1);
    check_announcement(2, 1, true);
    ck_assert_uint_eq(driver.refused_count, 1);
    ck_assert_int_eq(driver.refused, WEFT_ERR_OK); /* old news, nobody is to blame */
    publish("third");
    check_announcement(3, 1, false);
    ck_assert_str_eq(driver.path, "metadata/timestamp.json");
    ck_assert(!driver.from_source);
    answer_all();
    ck_assert_uint_eq(driver.version, 3);
}
END_TEST

START_TEST(test_check_refuses)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    look();
    weft_updater_check(updater, 7, weft_bulletin_of(1, 9, 0), (const uint8_t *)"nonsense", 8);
    ck_assert_int_eq(driver.refused, WEFT_ERR_FORMAT);
    publish("second");
    ck_assert_int_eq(
        weft_fileio_load(path_of("repo/metadata/timestamp.json"), 4096, &bytes, &length),
        WEFT_ERR_OK);
    *strrchr((char *)bytes, '2') = '9'; /* the version, which stands last */
    weft_updater_check(updater, 7, weft_bulletin_of(1, 9, 0), bytes, length);
    ck_assert_int_eq(driver.refused, WEFT_ERR_SIGNATURE);
    ck_assert_uint_eq(driver.refused_count, 2);
    free(bytes);
    /* A root that nobody has. */
    check_announcement(2, 5, true);
    ck_assert_str_eq(driver.path, "metadata/2.root.json");
    ck_assert(!driver.from_source);
    driver.open = false;
    weft_updater_document(updater, driver.token, 0, WEFT_ERR_NOT_FOUND, NULL, 0);
    ck_assert_int_eq(driver.refused, WEFT_ERR_NOT_FOUND);
    ck_assert_uint_eq(driver.accepted_count, 1);
    /* The truth still gets through. */
    check_announcement(2, 1, true);
    answer_all();
    ck_assert_uint_eq(driver.version, 2);
}
END_TEST

START_TEST(test_queue)
{
    look();
    publish("second");
    weft_updater_look(updater);
    ck_assert(driver.open);
    check_announcement(2, 1, true);
    check_announcement(2, 1, true);
    ck_assert_int_eq(driver.refused, WEFT_ERR_CANCELLED);
    ck_assert_uint_eq(driver.refused_count, 1);
    weft_updater_look(updater); /* joins the one that runs */
    answer_all();
    ck_assert_uint_eq(driver.looked_count, 2);
    ck_assert_uint_eq(driver.accepted_count, 2);
    ck_assert_uint_eq(driver.refused_count, 2); /* the waiting one is old by now */
    ck_assert_int_eq(driver.refused, WEFT_ERR_OK);
}
END_TEST

START_TEST(test_expired)
{
    struct weft_updater_state state;
    look();
    driver.skew_s = 8 * DAY_S;
    weft_updater_describe(updater, &state);
    ck_assert(state.expired);
    ck_assert_ptr_nonnull(strstr(state.text, "metadata expired on"));
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_EXPIRED);
    const uint8_t *bytes = NULL;
    size_t length = 0;
    ck_assert(weft_updater_document_find(updater, "metadata/1.targets.json", &bytes, &length));
    restart();
    ck_assert_uint_eq(driver.accepted_count, 0); /* not worth telling */
    ck_assert_uint_eq(driver.release_count, 1);  /* but what is there is served */
    driver.skew_s = DAY_S;
    ck_assert_int_eq(command(weft_command_refresh, "refresh --repo @/repo --keys @/keys"), 0);
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert_uint_eq(driver.version, 2);
}
END_TEST

START_TEST(test_wrong_root)
{
    look();
    weft_updater_free(updater);
    ck_assert_int_eq(command(weft_command_keygen, "keygen --keys @/keys2"), 0);
    ck_assert_int_eq(
        command(weft_command_publish, "publish --repo @/repo2 --keys @/keys2 virus @/payload"), 0);
    ck_assert_int_eq(open_with("repo2/metadata/1.root.json"), WEFT_ERR_SIGNATURE);
    ck_assert_ptr_nonnull(strstr(error_text, "does not belong"));
    ck_assert_int_eq(open_with("nothing"), WEFT_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error_text, "--root"));
    ck_assert_int_eq(open_with("payload"), WEFT_ERR_FORMAT);
    ck_assert_int_eq(open_with("repo/metadata/1.targets.json"), WEFT_ERR_FORMAT);
    ck_assert_ptr_null(updater);
    begin();
}
END_TEST

START_TEST(test_other_publisher_at_the_source)
{
    ck_assert_int_eq(command(weft_command_keygen, "keygen --keys @/keys2"), 0);
    ck_assert_int_eq(rename(path_of("repo"), path_of("repo1")), 0);
    ck_assert_int_eq(
        command(weft_command_publish, "publish --repo @/repo --keys @/keys2 virus @/payload"), 0);
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_SIGNATURE);
    ck_assert_uint_eq(driver.accepted_count + driver.release_count, 0);
}
END_TEST

static void damage(const char *name)
{
    int fd = open(path_of(name), O_WRONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "#", 1, 40), 1);
    close(fd);
}

START_TEST(test_damaged_store)
{
    static const char *const names[] = {"trust/timestamp.json", "trust/1.snapshot.json",
                                        "trust/1.targets.json"};
    for (size_t i = 0; i < WEFT_ROWS(names); i++) {
        look();
        ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
        damage(names[i]);
        restart();
        ck_assert_uint_eq(driver.accepted_count, 0);
    }
    look();
    ck_assert_uint_eq(driver.release_count, 1);
    damage("trust/1.root.json");
    restart(); /* the root file is the authority; its copy is replaced */
    ck_assert_uint_eq(driver.release_count, 1);
}
END_TEST

START_TEST(test_publisher_version_conflict)
{
    ck_assert_int_eq(command(weft_command_publish, "publish --repo @/repo --keys @/keys --version "
                                                   "1 virus @/payload"),
                     0); /* the same content again */
    write_payload("other");
    ck_assert_int_ne(command(weft_command_publish, "publish --repo @/repo --keys @/keys --version "
                                                   "1 virus @/payload"),
                     0);
    ck_assert_int_ne(command(weft_command_publish, "publish --repo @/repo --keys @/keys .virus "
                                                   "@/payload"),
                     0);
    ck_assert_int_ne(command(weft_command_publish, "publish --repo @/repo --keys @/keys virus"), 0);
    ck_assert_int_ne(command(weft_command_keygen, "keygen --keys @/keys"), 0);
    ck_assert_int_eq(chmod(path_of("keys/targets.key"), 0640), 0);
    ck_assert_int_ne(command(weft_command_publish, "publish --repo @/repo --keys @/keys virus "
                                                   "@/payload"),
                     0);
    look();
    ck_assert_uint_eq(driver.version, 1);
    ck_assert_str_eq(driver.release.version, "1");
}
END_TEST

static Suite *updater_suite(void)
{
    const TTest *const tests[] = {
        test_look,
        test_look_asks_who_has_the_news,
        test_restart,
        test_source_fails,
        test_bad_document_leaves_a_want_open,
        test_index_missing_is_asked_for_again,
        test_news_waits_for_the_index,
        test_news_waits_no_longer_for_a_late_index,
        test_check,
        test_check_refuses,
        test_queue,
        test_expired,
        test_wrong_root,
        test_other_publisher_at_the_source,
        test_damaged_store,
        test_publisher_version_conflict,
    };
    Suite *suite = suite_create("updater");
    weft_check_case(suite, "updater", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(updater_suite)
