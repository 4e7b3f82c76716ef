/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody sets the clock of a node, or a battery dies: expiry must not be undone by it, and a
 * node must come back by itself when its clock does. */
#include "tests/support/attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/fileio.h"
#include "node/keygen.h"
#include "node/publish.h"
#include "tests/support/updater_driver.h"
#include "tests/support/words.h"

#define DAY_S INT64_C(86400)
#define YEAR_S (365 * DAY_S)

static char base[64];
static struct updater_driver driver;
static struct weft_updater *updater;

static void open_updater(void)
{
    static const struct weft_updater_subscription subscriptions[] = {{.name = "virus"}};
    char directory[96];
    char root[128];
    char text[640] = "";
    snprintf(directory, sizeof directory, "%s/trust", base);
    snprintf(root, sizeof root, "%s/repo/metadata/1.root.json", base);
    struct weft_updater_config config = {.directory = directory,
                                         .root_file = root,
                                         .subscriptions = subscriptions,
                                         .subscription_count = 1};
    struct weft_updater_host host = updater_driver_host(&driver);
    enum weft_err err = weft_updater_open(&config, &host, &updater, text, sizeof text);
    ck_assert_msg(err == WEFT_ERR_OK, "%s", text);
    weft_updater_start(updater);
}

static void run(int (*command)(int, char **), const char *line)
{
    ck_assert_int_eq(words_run(command, line, base), 0);
}

/* Give the updater what it wants, from the repository. */
static void serve(void)
{
    char repository[96];
    snprintf(repository, sizeof repository, "%s/repo", base);
    updater_driver_serve(&driver, updater, repository);
}

static void look(void)
{
    weft_updater_look(updater);
    serve();
}

/* A node that has generation 1 and looked at a right clock. */
static void begin(void)
{
    char path[96];
    snprintf(base, sizeof base, "/tmp/weft-clock-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(path, sizeof path, "%s/payload", base);
    ck_assert_int_eq(weft_fileio_replace(path, "good", 4, 0644), WEFT_ERR_OK);
    run(weft_command_keygen, "keygen --keys @/keys");
    run(weft_command_publish, "publish --repo @/repo --keys @/keys virus @/payload");
    open_updater();
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
}

static void end(void)
{
    weft_updater_free(updater);
    weft_fileio_remove(base);
}

static void restart(void)
{
    weft_updater_free(updater);
    open_updater();
}

static struct weft_updater_state state_now(void)
{
    struct weft_updater_state state;
    weft_updater_describe(updater, &state);
    return state;
}

/* What it has is at hand for peers and for itself. */
static void expect_served(void)
{
    const uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_release_info info;
    struct weft_fault fault;
    ck_assert(weft_updater_document_find(updater, "metadata/1.targets.json", &bytes, &length));
    ck_assert_int_eq(weft_updater_signed(updater, 0, &info, &fault), WEFT_ERR_OK);
}

/* The clock differs by |skew_s|, said so, and then is right again. */
static void wrong_clock(int64_t skew_s, enum weft_err looked)
{
    begin();
    driver.skew_s = skew_s;
    look();
    ck_assert_int_eq(driver.looked, looked);
    weft_updater_note_source_clock(updater, (int64_t)time(NULL));
    ck_assert_ptr_nonnull(strstr(state_now().clock, "this machine's clock says"));
    expect_served();
    driver.skew_s = 0;
    weft_updater_wake(updater);
    weft_updater_note_source_clock(updater, (int64_t)time(NULL));
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert_str_eq(state_now().clock, "");
    end();
}

START_TEST(dead_battery)
{
    wrong_clock(-(int64_t)time(NULL), WEFT_ERR_OK);
}
END_TEST

START_TEST(before_1970)
{
    wrong_clock(-100 * YEAR_S, WEFT_ERR_OK);
}
END_TEST

START_TEST(ten_years_ahead)
{
    wrong_clock(10 * YEAR_S, WEFT_ERR_EXPIRED);
}
END_TEST

START_TEST(end_of_time)
{
    wrong_clock(INT64_C(1) << 40, WEFT_ERR_EXPIRED);
}
END_TEST

/* Metadata that expired is offered again under a clock that was turned back. */
static void turn_back(bool with_restart)
{
    begin();
    driver.skew_s = 6 * DAY_S;
    run(weft_command_refresh, "refresh --repo @/repo --keys @/keys --expires-timestamp 30d");
    look(); /* valid: this moment certainly was */
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    driver.skew_s = 0;
    if (with_restart) {
        restart();
    }
    run(weft_command_refresh, "refresh --repo @/repo --keys @/keys --expires-timestamp 1d");
    look(); /* valid today, but not on the day that was */
    ck_assert_int_eq(driver.looked, WEFT_ERR_EXPIRED);
    end();
}

START_TEST(turned_back)
{
    turn_back(false);
}
END_TEST

START_TEST(turned_back_and_restarted)
{
    turn_back(true);
}
END_TEST

/* The time of an update is that of its begin (TUF 5.1): it cannot be moved while it runs. */
START_TEST(step_within_an_update)
{
    begin();
    run(weft_command_refresh, "refresh --repo @/repo --keys @/keys");
    weft_updater_look(updater);
    driver.skew_s = 10 * YEAR_S;
    serve();
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert(state_now().expired); /* as the clock says now */
    end();
}
END_TEST

/* A file of the clock that is damaged or lies must not lock a node out. */
START_TEST(damaged_clock_file)
{
    static const char *const texts[] = {"", "x", "-5\n", "99999999999999999999999999\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char path[96];
        begin();
        snprintf(path, sizeof path, "%s/trust/clock", base);
        ck_assert_int_eq(weft_fileio_replace(path, texts[i], strlen(texts[i]), 0600), WEFT_ERR_OK);
        restart();
        look();
        ck_assert_msg(driver.looked == WEFT_ERR_OK, "'%s': %s", texts[i], state_now().text);
        end();
    }
}
END_TEST

START_TEST(lying_source_clock)
{
    begin();
    weft_updater_note_source_clock(updater, (int64_t)time(NULL) + 10 * YEAR_S);
    ck_assert_ptr_nonnull(strstr(state_now().clock, "that of the source is"));
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert(!state_now().expired);
    end();
}
END_TEST

START_TEST(expired_repository)
{
    begin();
    driver.skew_s = 8 * DAY_S;
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_EXPIRED);
    ck_assert_ptr_nonnull(strstr(state_now().text, "expired on"));
    expect_served();
    restart();
    expect_served();
    run(weft_command_refresh, "refresh --repo @/repo --keys @/keys --expires-timestamp 30d");
    look();
    ck_assert_int_eq(driver.looked, WEFT_ERR_OK);
    ck_assert(!state_now().expired);
    end();
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"clock: 1970, a dead battery", "told; serves; recovers", dead_battery},
        {"clock: before 1970", "told; serves; recovers", before_1970},
        {"clock: ten years ahead", "told; nothing new; serves; recovers", ten_years_ahead},
        {"clock: 35,000 years ahead", "told; nothing new; serves; recovers", end_of_time},
        {"clock: turned back before what is expired", "it stays expired", turned_back},
        {"clock: turned back, and the node restarted", "it stays expired",
         turned_back_and_restarted},
        {"clock: a step while an update runs", "the time of its begin counts",
         step_within_an_update},
        {"clock: 4 damaged files of the last moment", "do not lock the node out",
         damaged_clock_file},
        {"clock: the source lies about its own", "told, and nothing else", lying_source_clock},
        {"clock: nobody signs for 8 days", "told; serves; the next signature mends it",
         expired_repository},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
