/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a release is changed on disk after it was verified, or while it is activated: what
 * takes effect must be what is signed, or nothing. */
#include "tests/support/attack.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/activate.h"
#include "tests/support/storage.h"

#define CHUNK 65536U
#define ROUNDS 150

static struct storage storage;
static enum weft_err outcome;

static void on_done(void *context, enum weft_err err, const char *text)
{
    (void)context;
    (void)text;
    outcome = err;
}

static enum weft_err activate(const char *version, const char *link)
{
    struct weft_activate_request request = {
        .loop = &storage.loop,
        .data_dir = storage.data_dir,
        .component = "engine",
        .version = version,
        .file = "scan.dat",
        .link = link,
        .pin = storage_pin(&storage),
        .id = storage.index.id,
    };
    outcome = WEFT_ERR_COUNT;
    ck_assert_int_eq(weft_activate_start(&request, on_done, NULL, NULL), WEFT_ERR_OK);
    uv_run(&storage.loop, UV_RUN_DEFAULT);
    return outcome;
}

static const char *active_file(void)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/active/engine/current/scan.dat", storage.data_dir);
    return path;
}

/* A finished release; what stands on the disk afterwards is the attacker's. */
static void begin(void)
{
    storage_begin(&storage, 4 * CHUNK, CHUNK);
    storage_complete(&storage);
}

/* Nothing took effect. */
static void expect_nothing(enum weft_err expected)
{
    ck_assert_int_eq(activate("1", NULL), expected);
    ck_assert_int_ne(access(active_file(), F_OK), 0);
    storage_end(&storage);
}

START_TEST(one_bit)
{
    begin();
    storage_damage(storage_path(&storage, "data"), 3 * CHUNK + 5);
    expect_nothing(WEFT_ERR_MISMATCH);
}
END_TEST

START_TEST(longer)
{
    begin();
    int fd = open(storage_path(&storage, "data"), O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(fd, "x", 1), 1);
    close(fd);
    enum weft_err err = activate("1", NULL);
    ck_assert(err == WEFT_ERR_MISMATCH ||
              storage_file_is(active_file(), storage.bytes, storage.index.bytes));
    storage_end(&storage);
}
END_TEST

START_TEST(shorter)
{
    begin();
    ck_assert_int_eq(truncate(storage_path(&storage, "data"), 4 * CHUNK - 1), 0);
    expect_nothing(WEFT_ERR_MISMATCH);
}
END_TEST

START_TEST(swapped_file)
{
    static uint8_t evil[4 * CHUNK];
    begin();
    ck_assert_int_eq(weft_fileio_replace(storage_path(&storage, "data"), evil, sizeof evil, 0600),
                     WEFT_ERR_OK);
    expect_nothing(WEFT_ERR_MISMATCH);
}
END_TEST

START_TEST(swapped_by_link)
{
    begin();
    ck_assert_int_eq(unlink(storage_path(&storage, "data")), 0);
    ck_assert_int_eq(symlink("/dev/zero", storage_path(&storage, "data")), 0);
    ck_assert_int_ne(activate("1", NULL), WEFT_ERR_OK);
    ck_assert_int_ne(access(active_file(), F_OK), 0);
    storage_end(&storage);
}
END_TEST

/* A node that has the release active already does not read what is in the store. */
START_TEST(after_activation)
{
    begin();
    ck_assert_int_eq(activate("1", NULL), WEFT_ERR_OK);
    storage_damage(storage_path(&storage, "data"), 7);
    ck_assert(storage_file_is(active_file(), storage.bytes, storage.index.bytes));
    storage_end(&storage);
}
END_TEST

START_TEST(link_is_a_file)
{
    char link[300];
    begin();
    snprintf(link, sizeof link, "%s/precious", storage.directory);
    ck_assert_int_eq(weft_fileio_replace(link, "mine", 4, 0600), WEFT_ERR_OK);
    ck_assert_int_eq(activate("1", link), WEFT_ERR_EXISTS);
    ck_assert(storage_file_is(link, (const uint8_t *)"mine", 4));
    storage_end(&storage);
}
END_TEST

/* ---- While it is activated ---- */

struct race {
    pthread_t thread;           /* of the attacker */
    atomic_bool is_over;        /* set by the test */
    void (*attack)(unsigned i); /* one step of it */
};

static void *run_race(void *context)
{
    struct race *race = context;
    for (unsigned i = 0; !race->is_over; i++) {
        race->attack(i);
    }
    return NULL;
}

/* Turn one byte wrong and right again. */
static void flicker(unsigned i)
{
    storage_damage(storage_path(&storage, "data"), i / 2 % 4 * CHUNK + 11);
}

static char evil_path[512];

/* Give the name to another file and back, by renames that are atomic. */
static void exchange(unsigned i)
{
    (void)i;
    if (renameat2(AT_FDCWD, evil_path, AT_FDCWD, storage_path(&storage, "data"), RENAME_EXCHANGE) !=
        0) {
        ck_abort_msg("%s", strerror(errno));
    }
}

/* Activate again and again, each time as another version; what took effect is what is signed. */
static void race_against(void (*attack)(unsigned i))
{
    struct race race = {.attack = attack};
    unsigned active_count = 0;
    race.is_over = false;
    ck_assert_int_eq(pthread_create(&race.thread, NULL, run_race, &race), 0);
    for (int i = 0; i < ROUNDS; i++) {
        char version[16];
        snprintf(version, sizeof version, "%d", i);
        enum weft_err err = activate(version, NULL);
        ck_assert_msg(err == WEFT_ERR_OK || err == WEFT_ERR_MISMATCH, "%s", weft_err_name(err));
        active_count += err == WEFT_ERR_OK;
        if (active_count > 0) {
            ck_assert(storage_file_is(active_file(), storage.bytes, storage.index.bytes));
        }
    }
    race.is_over = true;
    pthread_join(race.thread, NULL);
    storage_end(&storage);
}

START_TEST(race_of_bytes)
{
    begin();
    race_against(flicker);
}
END_TEST

START_TEST(race_of_names)
{
    static uint8_t evil[4 * CHUNK];
    begin();
    snprintf(evil_path, sizeof evil_path, "%s/evil", storage.directory);
    ck_assert_int_eq(weft_fileio_replace(evil_path, evil, sizeof evil, 0600), WEFT_ERR_OK);
    race_against(exchange);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"install: one bit changes after the check", "nothing takes effect", one_bit},
        {"install: a byte is appended", "what is signed, or nothing", longer},
        {"install: the last byte is cut off", "nothing takes effect", shorter},
        {"install: another file of the same length", "nothing takes effect", swapped_file},
        {"install: a symbolic link to a device", "nothing takes effect", swapped_by_link},
        {"install: the store changes after activation", "what is active stays", after_activation},
        {"install: the link to set is a file", "it is not overwritten", link_is_a_file},
        {"install: a byte flickers during 150 activations", "what is signed, or nothing",
         race_of_bytes},
        {"install: names are exchanged during 150 activations", "what is signed, or nothing",
         race_of_names},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
