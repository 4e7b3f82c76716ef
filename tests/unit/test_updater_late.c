/* SPDX-License-Identifier: Apache-2.0 */
/* The updater of a node whose source does not answer its look, while a peer has news. */
#include "tests/support/check_main.h"
#include "tests/support/updater_driver.h"
#include "tests/support/words.h"

#include "node/fileio.h"
#include "node/keygen.h"
#include "node/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char base[64];
static struct updater_driver driver;
static struct weft_updater *updater;

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", base, name);
    return path;
}

static void run(int (*command)(int, char **), const char *line)
{
    ck_assert_int_eq(words_run(command, line, base), 0);
}

/* Answer from the repository until nothing is wanted. */
static void answer_all(void)
{
    updater_driver_serve(&driver, updater, path_of("repo"));
}

/* The node has version 1 of the metadata, the repository version 2 with the same release; a look
 * at the source waits. */
static void setup(void)
{
    char error_text[640];
    snprintf(base, sizeof base, "/tmp/weft-updater-late-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    run(weft_command_keygen, "keygen --keys @/keys");
    ck_assert_int_eq(weft_fileio_replace(path_of("payload"), "first", 5, 0644), WEFT_ERR_OK);
    run(weft_command_publish, "publish --repo @/repo --keys @/keys virus @/payload");
    driver = (struct updater_driver){.skew_s = 0};
    static const struct weft_updater_subscription subscriptions[] = {{.name = "virus"}};
    struct weft_updater_config config = {.directory = path_of("trust"),
                                         .root_file = path_of("repo/metadata/1.root.json"),
                                         .subscriptions = subscriptions,
                                         .subscription_count = 1};
    struct weft_updater_host host = updater_driver_host(&driver);
    ck_assert_int_eq(weft_updater_open(&config, &host, &updater, error_text, sizeof error_text),
                     WEFT_ERR_OK);
    weft_updater_start(updater);
    weft_updater_look(updater);
    answer_all();
    ck_assert_uint_eq(driver.version, 1);
    ck_assert_uint_eq(driver.looked_count, 1);
    run(weft_command_refresh, "refresh --repo @/repo --keys @/keys");
    weft_updater_look(updater);
    ck_assert(driver.open && driver.from_source);
}

static void teardown(void)
{
    weft_updater_free(updater);
    weft_fileio_remove(base);
}

/* A peer announces version 2, with its timestamp. */
static void announce(void)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    ck_assert_int_eq(
        weft_fileio_load(path_of("repo/metadata/timestamp.json"), 4096, &bytes, &length),
        WEFT_ERR_OK);
    weft_updater_check(updater, 42, weft_bulletin_of(1, 2, 0), bytes, length);
    free(bytes);
}

/* The source does not answer: what a peer announces is not held up by that for longer than the look
 * is late, and the look comes to its end behind it. */
START_TEST(test_late_look_lets_a_check_pass)
{
    uint64_t token = driver.token;
    announce();
    weft_updater_wake(updater);
    ck_assert_uint_eq(driver.token, token); /* it may still come */
    driver.open = false;                    /* it hangs */
    weft_updater_wake(updater);
    ck_assert_uint_eq(driver.version, 2);
    ck_assert_uint_eq(driver.looked_count, 1);
    ck_assert(driver.from_source && driver.open && driver.token != token);
    ck_assert_int_eq(weft_updater_document(updater, token, 0, WEFT_ERR_TIMEOUT, NULL, 0),
                     WEFT_ERR_CANCELLED); /* of the look that was put off */
    answer_all();
    ck_assert_uint_eq(driver.looked_count, 2);
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert_uint_eq(driver.refused_count, 0);
}
END_TEST

/* News that comes while the look is late already does not wait at all; but a second one does, or
 * forged ones could keep a node from ever looking. */
START_TEST(test_late_look_is_put_off_once)
{
    weft_updater_wake(updater);
    weft_updater_wake(updater);
    driver.open = false;
    weft_updater_check(updater, 7, weft_bulletin_of(1, 9, 0), (const uint8_t *)"nonsense", 8);
    ck_assert_int_eq(driver.refused, WEFT_ERR_FORMAT);
    ck_assert_uint_eq(driver.refused_count, 1);
    ck_assert(driver.from_source && driver.open);
    uint64_t token = driver.token;
    weft_updater_wake(updater);
    weft_updater_wake(updater);
    announce();
    weft_updater_wake(updater);
    ck_assert_uint_eq(driver.token, token);
    ck_assert_uint_eq(driver.looked_count, 1);
    answer_all();
    ck_assert_uint_eq(driver.looked_count, 2);
    ck_assert_uint_eq(driver.version, 2);
}
END_TEST

/* The core asks for a look again whose first request may hang: the same document is asked for by
 * another request, and one answer ends both. */
START_TEST(test_look_asked_again)
{
    uint64_t token = driver.token;
    unsigned asks = driver.source_count;
    weft_updater_look(updater);
    ck_assert_uint_eq(driver.source_count, asks + 1);
    ck_assert_uint_eq(driver.token, token);
    answer_all();
    ck_assert_uint_eq(driver.looked_count, 2);
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert_uint_eq(driver.version, 2);
}
END_TEST

static Suite *updater_late_suite(void)
{
    const TTest *const tests[] = {
        test_late_look_lets_a_check_pass,
        test_late_look_is_put_off_once,
        test_look_asked_again,
    };
    Suite *suite = suite_create("updater_late");
    weft_check_case(suite, "updater_late", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(updater_late_suite)
