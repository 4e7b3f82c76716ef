/* SPDX-License-Identifier: Apache-2.0 */
/* Does the store hold what it says, whatever happens to its file? Crashes are in test_crash.c, full
 * and read-only disks in test_disk.c. */
#include "tests/support/check_main.h"
#include "tests/support/storage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 4096U

/* The release is held: all chunks, one state, the file under the right name. */
static struct weft_store_held look(const struct storage *storage)
{
    struct weft_store_held held;
    ck_assert(weft_store_look(storage->store, storage->index.id, &held));
    return held;
}

START_TEST(written_finished_and_found_again)
{
    struct storage s;
    storage_begin(&s, 10 * CHUNK + 17, CHUNK);
    storage_complete(&s);
    ck_assert(look(&s).finished);
    ck_assert_uint_eq(look(&s).have_bytes, s.index.bytes);
    ck_assert_uint_eq(weft_store_queued_bytes(s.store), 0);
    ck_assert(storage_file_is(storage_path(&s, "data"), s.bytes, s.index.bytes));
    ck_assert_int_ne(access(storage_path(&s, "part"), F_OK), 0);
    storage_close(&s);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), s.index.chunk_count);
    ck_assert(look(&s).finished);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    for (uint32_t i = 0; i < s.index.chunk_count; i++) {
        ck_assert_int_eq(storage_read(&s, i), WEFT_ERR_OK);
    }
    storage_end(&s);
}
END_TEST

START_TEST(unfinished_is_scanned)
{
    struct storage s;
    storage_begin(&s, 100 * CHUNK, CHUNK);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 0);
    ck_assert_int_eq(storage_write_all(&s, 3, 7), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_NOT_FOUND);
    storage_close(&s);
    storage_damage(storage_path(&s, "part"), 10 * CHUNK + 5);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    for (uint32_t i = 0; i < 100; i++) {
        bool have = (s.have[i / 8] >> (i % 8)) & 1;
        ck_assert_int_eq(have, i % 7 == 3 && i != 10);
        ck_assert_int_eq(storage_read(&s, i), have ? WEFT_ERR_OK : WEFT_ERR_NOT_FOUND);
    }
    ck_assert_uint_eq(s.damaged_count, 0);
    ck_assert_int_eq(storage_write_all(&s, 0, 1), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    storage_end(&s);
}
END_TEST

static void note(void *context, enum weft_err err)
{
    *(enum weft_err *)context = err;
}

START_TEST(wrong_bytes_are_not_written)
{
    struct storage s;
    storage_begin(&s, 3 * CHUNK, CHUNK);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    const struct {
        weft_release_id id; /* written to */
        uint32_t chunk;     /* written to */
        uint32_t length;    /* of the bytes of chunk 1 */
        enum weft_err err;  /* expected */
    } rows[] = {
        {s.index.id, 0, CHUNK, WEFT_ERR_MISMATCH},  {s.index.id, 1, CHUNK - 1, WEFT_ERR_MISMATCH},
        {s.index.id, 3, CHUNK, WEFT_ERR_NOT_FOUND}, {s.index.id + 1, 1, CHUNK, WEFT_ERR_NOT_FOUND},
        {s.index.id, 1, CHUNK, WEFT_ERR_OK},
    };
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        enum weft_err err = WEFT_ERR_COUNT;
        weft_store_write(s.store, rows[i].id, rows[i].chunk, storage_copy(&s, 1), rows[i].length,
                         note, &err);
        ck_assert_int_eq(err, WEFT_ERR_COUNT);
        uv_run(&s.loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(err, rows[i].err);
    }
    ck_assert_uint_eq(look(&s).have_count, 1);
    struct stat status;
    ck_assert_int_eq(stat(storage_path(&s, "part"), &status), 0);
    ck_assert_int_eq(status.st_size, 3 * CHUNK);
    ck_assert_int_le(status.st_blocks * 512, CHUNK);
    storage_end(&s);
}
END_TEST

START_TEST(damaged_chunk_of_a_finished_release)
{
    struct storage s;
    storage_begin(&s, 20 * CHUNK, CHUNK);
    storage_complete(&s);
    storage_close(&s);
    storage_damage(storage_path(&s, "data"), 7 * CHUNK);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 20);
    ck_assert_int_eq(storage_read(&s, 6), WEFT_ERR_OK);
    ck_assert_int_eq(storage_read(&s, 7), WEFT_ERR_MISMATCH);
    ck_assert_uint_eq(s.damaged_count, 1);
    ck_assert_uint_eq(s.damaged_chunk, 7);
    ck_assert_ptr_nonnull(strstr(s.log, "chunk 7 of release"));
    ck_assert(!look(&s).finished);
    ck_assert_int_eq(access(storage_path(&s, "part"), F_OK), 0);
    ck_assert_int_ne(access(storage_path(&s, "data"), F_OK), 0);
    ck_assert_int_eq(storage_read(&s, 7), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(storage_read(&s, 8), WEFT_ERR_OK);
    ck_assert_int_eq(storage_write(&s, 7), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    ck_assert(storage_file_is(storage_path(&s, "data"), s.bytes, s.index.bytes));
    storage_end(&s);
}
END_TEST

START_TEST(check_finds_all_damage)
{
    struct storage s;
    storage_begin(&s, 20 * CHUNK, CHUNK);
    storage_complete(&s);
    ck_assert_int_eq(storage_check(&s), WEFT_ERR_OK);
    ck_assert(look(&s).finished);
    storage_damage(storage_path(&s, "data"), 0);
    storage_damage(storage_path(&s, "data"), 20 * CHUNK - 1);
    ck_assert_int_eq(storage_check(&s), WEFT_ERR_MISMATCH);
    ck_assert_uint_eq(s.damaged_count, 2);
    ck_assert_uint_eq(look(&s).have_count, 18);
    ck_assert(!look(&s).finished);
    storage_end(&s);
}
END_TEST

START_TEST(damage_before_finish_is_found)
{
    struct storage s;
    storage_begin(&s, 20 * CHUNK, CHUNK);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_int_eq(storage_write_all(&s, 0, 1), WEFT_ERR_OK);
    storage_damage(storage_path(&s, "part"), 11 * CHUNK);
    ck_assert_int_eq(storage_check(&s), WEFT_ERR_MISMATCH);
    ck_assert_uint_eq(s.damaged_count, 1);
    ck_assert_uint_eq(s.damaged_chunk, 11);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(storage_write(&s, 11), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    storage_end(&s);
}
END_TEST

START_TEST(truncated_file_keeps_the_rest)
{
    struct storage s;
    storage_begin(&s, 20 * CHUNK, CHUNK);
    storage_complete(&s);
    storage_close(&s);
    ck_assert_int_eq(truncate(storage_path(&s, "data"), 12 * CHUNK + 1), 0);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 12);
    ck_assert_int_eq(storage_write_all(&s, 0, 1), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    storage_end(&s);
}
END_TEST

START_TEST(empty_release)
{
    struct storage s;
    storage_begin(&s, 0, CHUNK);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 1);
    ck_assert_int_eq(storage_read(&s, 0), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    ck_assert(storage_file_is(storage_path(&s, "data"), s.bytes, 0));
    storage_end(&s);
}
END_TEST

START_TEST(zeros_stored_as_a_hole_are_held)
{
    struct storage s;
    storage_begin(&s, 16 * CHUNK, CHUNK);
    memset(s.bytes + 4 * CHUNK, 0, 2 * CHUNK);
    storage_index(&s);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 2);
    ck_assert_int_eq(storage_write(&s, 9), WEFT_ERR_OK);
    storage_close(&s);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 3);
    storage_end(&s);
}
END_TEST

START_TEST(one_process_a_directory)
{
    struct storage s;
    struct weft_message message = {.text = ""};
    storage_begin(&s, CHUNK, CHUNK);
    ck_assert_int_eq(storage_open(&s, &message), WEFT_ERR_OK);
    struct weft_store *first = s.store;
    ck_assert_int_eq(storage_open(&s, &message), WEFT_ERR_EXISTS);
    ck_assert_ptr_eq(s.store, first);
    ck_assert_ptr_nonnull(strstr(message.text, s.data_dir));
    ck_assert_ptr_nonnull(strstr(message.text, "in use by another weft"));
    storage_close(&s);
    ck_assert_int_eq(storage_open(&s, &message), WEFT_ERR_OK);
    storage_end(&s);
}
END_TEST

START_TEST(removed_and_added_again)
{
    struct storage s;
    enum weft_err late = WEFT_ERR_COUNT;
    storage_begin(&s, 20 * CHUNK, CHUNK);
    storage_complete(&s);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_EXISTS);
    weft_store_write(s.store, s.index.id, 0, storage_copy(&s, 0), CHUNK, note, &late);
    weft_store_remove(s.store, s.index.id);
    weft_store_remove(s.store, s.index.id);
    ck_assert_int_ne(access(storage_path(&s, "data"), F_OK), 0);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 0);
    ck_assert_int_eq(storage_write_all(&s, 0, 1), WEFT_ERR_OK);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    ck_assert_int_ne(late, WEFT_ERR_COUNT);
    storage_end(&s);
}
END_TEST

START_TEST(sweep_spares_what_is_added)
{
    struct storage s;
    char path[400];
    storage_begin(&s, 2 * CHUNK, CHUNK);
    storage_complete(&s);
    static const char *const names[] = {"0123456789abcdef.part", "00000000deadbeef.data",
                                        "00000000deadbeef.gone", "keep.txt"};
    for (size_t i = 0; i < WEFT_ROWS(names); i++) {
        snprintf(path, sizeof(path), "%s/releases/%s", s.data_dir, names[i]);
        ck_assert_int_eq(weft_fileio_replace(path, "x", 1, 0644), WEFT_ERR_OK);
    }
    weft_store_sweep(s.store);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < WEFT_ROWS(names); i++) {
        snprintf(path, sizeof(path), "%s/releases/%s", s.data_dir, names[i]);
        ck_assert_int_eq(access(path, F_OK) == 0, i == 3);
    }
    ck_assert_int_eq(access(storage_path(&s, "data"), F_OK), 0);
    storage_end(&s);
}
END_TEST

/* What was called back while the store closed. */
struct closing {
    uint32_t done_count; /* operations */
    bool closed;         /* the store, after all of them */
};

static void closing_done(void *context, enum weft_err err)
{
    struct closing *closing = context;
    ck_assert(!closing->closed);
    ck_assert(err == WEFT_ERR_OK || err == WEFT_ERR_CANCELLED);
    closing->done_count++;
}

static void closing_read(void *context, uint8_t *bytes, uint32_t length, enum weft_err err)
{
    (void)length;
    ck_assert_int_eq(bytes != NULL, err == WEFT_ERR_OK);
    free(bytes);
    closing_done(context, err);
}

static void closing_closed(void *context)
{
    struct closing *closing = context;
    closing->closed = true;
}

START_TEST(close_while_busy)
{
    struct storage s;
    struct closing closing = {.done_count = 0};
    storage_begin(&s, 200 * CHUNK, CHUNK);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_int_eq(storage_write_all(&s, 0, 2), WEFT_ERR_OK);
    for (uint32_t i = 0; i < 200; i++) {
        weft_store_write(s.store, s.index.id, i, storage_copy(&s, i), CHUNK, closing_done,
                         &closing);
        weft_store_read(s.store, s.index.id, i & ~1U, closing_read, &closing);
    }
    weft_store_close(s.store, closing_closed, &closing);
    weft_store_finish(s.store, s.index.id, closing_done, &closing);
    weft_store_remove(s.store, s.index.id + 1);
    s.store = NULL;
    uv_run(&s.loop, UV_RUN_DEFAULT);
    ck_assert(closing.closed);
    ck_assert_uint_eq(closing.done_count, 401);
    storage_end(&s);
}
END_TEST

START_TEST(long_scan_in_slices)
{
    struct storage s;
    storage_begin(&s, UINT64_C(150) << 20, 1 << 20);
    s.no_sync = true;
    storage_complete(&s);
    ck_assert(look(&s).finished);
    storage_close(&s);
    char part[400];
    snprintf(part, sizeof(part), "%s", storage_path(&s, "part"));
    ck_assert_int_eq(rename(storage_path(&s, "data"), part), 0);
    ck_assert_int_eq(storage_open(&s, NULL), WEFT_ERR_OK);
    ck_assert_int_eq(storage_add(&s), WEFT_ERR_OK);
    ck_assert_uint_eq(storage_have_count(&s), 150);
    ck_assert_int_eq(storage_finish(&s), WEFT_ERR_OK);
    storage_end(&s);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store");
    WEFT_ADD(suite, written_finished_and_found_again);
    WEFT_ADD(suite, unfinished_is_scanned);
    WEFT_ADD(suite, wrong_bytes_are_not_written);
    WEFT_ADD(suite, damaged_chunk_of_a_finished_release);
    WEFT_ADD(suite, check_finds_all_damage);
    WEFT_ADD(suite, damage_before_finish_is_found);
    WEFT_ADD(suite, truncated_file_keeps_the_rest);
    WEFT_ADD(suite, empty_release);
    WEFT_ADD(suite, zeros_stored_as_a_hole_are_held);
    WEFT_ADD(suite, one_process_a_directory);
    WEFT_ADD(suite, removed_and_added_again);
    WEFT_ADD(suite, sweep_spares_what_is_added);
    WEFT_ADD(suite, close_while_busy);
    WEFT_ADD(suite, long_scan_in_slices);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
