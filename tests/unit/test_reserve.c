/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that tables take while they need it: nothing is handed out twice, nothing gets lost. */
#include "tests/support/check_main.h"

#include "protocol/log.h"
#include "tests/support/fixture.h"

#include <string.h>

/* Pieces that somebody has. */
static uint32_t held(const struct weft_reserve *reserve)
{
    uint32_t count = reserve->used_count;
    for (uint32_t at = reserve->free_first; at != 0; at = reserve->next[at - 1]) {
        count--;
    }
    return count;
}

static _Alignas(16) uint8_t memory[1 << 16];

static struct weft_reserve fresh(uint32_t piece_count, size_t piece_bytes)
{
    struct weft_reserve reserve;
    struct weft_arena arena = {.memory = memory};
    memset(memory, 0, sizeof(memory));
    weft_reserve_carve(&reserve, &arena, piece_count, piece_bytes);
    ck_assert_uint_le(arena.used, sizeof(memory));
    return reserve;
}

START_TEST(every_piece_has_one_owner)
{
    struct weft_reserve reserve = fresh(3, 20);
    uint8_t *pieces[3];
    for (uint8_t i = 0; i < 3; i++) {
        pieces[i] = weft_reserve_take(&reserve);
        ck_assert_ptr_nonnull(pieces[i]);
        memset(pieces[i], i + 1, 20);
    }
    ck_assert_ptr_null(weft_reserve_take(&reserve));
    for (uint8_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(pieces[i][0], i + 1);
        ck_assert_uint_eq(pieces[i][19], i + 1);
        ck_assert_uint_eq(weft_reserve_number(&reserve, pieces[i]), i);
    }
    weft_reserve_give(&reserve, pieces[0]);
    weft_reserve_give(&reserve, pieces[2]);
    ck_assert_uint_eq(pieces[2][0], 3); /* stays until it is taken again */
    ck_assert_uint_eq(held(&reserve), 1);
    ck_assert_ptr_eq(weft_reserve_take(&reserve), pieces[2]);
    ck_assert_ptr_eq(weft_reserve_take(&reserve), pieces[0]);
    ck_assert_ptr_null(weft_reserve_take(&reserve));
}
END_TEST

START_TEST(rows_come_and_go_with_their_piece)
{
    struct weft_reserve reserve = fresh(4, WEFT_ROWS_BYTES);
    void *pieces[4] = {NULL};
    for (uint32_t count = 0; count < 10; count++) {
        ck_assert(weft_rows_grow(&reserve, pieces, count, 3));
        ck_assert_uint_eq(held(&reserve), count / 3 + 1);
    }
    for (uint32_t count = 10; count-- > 0;) {
        weft_rows_shrink(&reserve, pieces, count, 3);
        ck_assert_uint_eq(held(&reserve), (count + 2) / 3);
    }
    ck_assert(weft_rows_grow(&reserve, pieces, 0, 3));
    ck_assert(weft_rows_grow(&reserve, pieces, 0, 3)); /* nothing came of it: the same piece */
    weft_rows_end(&reserve, pieces, 4);
    ck_assert_uint_eq(held(&reserve), 0);
}
END_TEST

START_TEST(a_log_keeps_what_is_not_dropped)
{
    enum { MOST = 320 };
    struct weft_reserve reserve = fresh(8, WEFT_ROWS_BYTES);
    void *ring[8] = {NULL};
    struct weft_log log = {
        .pieces = ring, .piece_count = weft_log_pieces(MOST), .entries_max = MOST};
    ck_assert_uint_le(log.piece_count, 8);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        weft_log_append(&log, &reserve, (uint16_t)(7 * i));
        kept = kept < MOST ? kept + 1 : MOST;
        ck_assert_uint_eq(log.count - log.first, kept);
        ck_assert_uint_eq(*weft_log_at(&log, log.first), (uint16_t)(7 * log.first));
        ck_assert_uint_eq(*weft_log_at(&log, i), (uint16_t)(7 * i));
        ck_assert_uint_le(held(&reserve), kept / 128 + 2);
        if (i % 701 == 700) {
            uint32_t drop = i % 2 == 0 ? kept : kept / 2;
            weft_log_drop(&log, &reserve, log.first + drop);
            kept -= drop;
            ck_assert(kept > 0 || held(&reserve) == 0);
        }
    }
    weft_log_reset(&log, &reserve);
    ck_assert_uint_eq(log.count, 0);
    ck_assert_uint_eq(held(&reserve), 0);
}
END_TEST

static void stream_up(struct fixture *fixture, weft_node_id id)
{
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_UP};
    event.stream.peer = (struct weft_endpoint){
        .id = id,
        .address = weft_member_said(fixture->core, weft_member_find(fixture->core, id))->address};
    fixture_step(fixture, 0, event);
}

START_TEST(a_stream_that_takes_the_place_of_another_works)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, false);
    fixture_release(&fixture, 64);
    stream_up(&fixture, 2);
    fixture_peer_has(&fixture, 2, 0, 8);
    uint32_t held_before = held(&fixture.core->reserves->links);
    stream_up(&fixture, 2);
    const struct weft_link *link = weft_link_find(fixture.core, 2);
    ck_assert_ptr_nonnull(link);
    ck_assert(link->up);
    ck_assert_uint_eq(link->maps[0].have_count, 0);
    ck_assert_uint_eq(held(&fixture.core->reserves->links), held_before);
    fixture_peer_has(&fixture, 2, 0, 8);
    ck_assert_uint_eq(link->maps[0].have_count, 8);
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_core_gives_back_all_it_took)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_become_agent(&fixture);
    for (weft_node_id id = 2; id < 12; id++) {
        fixture_member(&fixture, id, false);
        stream_up(&fixture, id);
    }
    fixture_release(&fixture, 1000);
    fixture_link(&fixture, 1000);
    fixture_peer_has(&fixture, 1000, 0, 1000);
    for (weft_node_id id = 2; id < 12; id++) {
        fixture_peer_has(&fixture, id, 0, 900);
    }
    for (uint32_t i = 0; i < 20; i++) {
        const struct weft_want *want = weft_want_at(&fixture.core->wants, 0);
        fixture_chunk(&fixture, want->peer, 0, want->chunk, WEFT_ERR_OK);
    }
    weft_penalty_add(fixture.core, 77, WEFT_OFFENCE_CHUNK);
    weft_link_pause_failed(fixture.core, 78);
    const struct weft_reserves *reserves = fixture.core->reserves;
    ck_assert_uint_gt(held(&reserves->rows), 8);
    ck_assert_uint_gt(held(&reserves->links), 11);
    weft_core_end(fixture.core);
    ck_assert_uint_eq(held(&reserves->rows), 0);
    ck_assert_uint_eq(held(&reserves->links), 1); /* the one that stands for no link */
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_core_that_shares_needs_reserves)
{
    struct weft_config config = fixture_config();
    size_t own = weft_core_size(&config);
    config.shares_reserves = true;
    size_t bytes = weft_core_size(&config);
    ck_assert_uint_lt(bytes, own);
    ck_assert_uint_le(bytes + weft_core_share_size(&config, 1), own);
    ck_assert_uint_gt(weft_core_share_size(&config, 2), weft_core_share_size(&config, 1));
    struct weft_host host = {0};
    void *block = calloc(1, bytes);
    void *pieces = calloc(1, weft_core_share_size(&config, 2));
    struct weft_reserves reserves;
    ck_assert_ptr_null(weft_core_init(block, bytes, &config, &host));
    weft_core_share(&reserves, pieces, &config, 2);
    host.reserves = &reserves;
    ck_assert_ptr_nonnull(weft_core_init(block, bytes, &config, &host));
    config.chunks_max = 1;
    ck_assert_uint_eq(weft_core_share_size(&config, 1), 0);
    free(pieces);
    free(block);
}
END_TEST

/* Largest place: of one byte, and of two. */
static const uint32_t largest[] = {200, 255, 256, 512};

START_TEST(every_member_is_found_by_its_place)
{
    struct weft_config config = fixture_config();
    config.members_max = largest[_i];
    struct fixture fixture = fixture_new(&config);
    struct weft_slots *index = &fixture.core->members.index;
    ck_assert((index->bytes != NULL) == (largest[_i] <= 255));
    for (weft_node_id id = 2; id < 200; id++) {
        fixture_member(&fixture, id, false);
    }
    for (weft_node_id id = 2; id < 200; id++) {
        uint32_t slot = weft_member_slot(fixture.core, id);
        ck_assert_uint_lt(slot, fixture.core->members.count);
        ck_assert_uint_eq(weft_member_record(fixture.core, slot).id, id);
    }
    ck_assert_uint_eq(weft_member_slot(fixture.core, 200), WEFT_MEMBER_NONE);
    weft_slots_set(index, 0, largest[_i]);
    ck_assert_uint_eq(weft_slots_get(index, 0), largest[_i]);
    fixture_free(&fixture);
}
END_TEST

static Suite *reserve_suite(void)
{
    Suite *suite = suite_create("reserve");
    WEFT_ADD(suite, every_piece_has_one_owner);
    WEFT_ADD(suite, rows_come_and_go_with_their_piece);
    WEFT_ADD(suite, a_log_keeps_what_is_not_dropped);
    WEFT_ADD(suite, a_stream_that_takes_the_place_of_another_works);
    WEFT_ADD(suite, a_core_gives_back_all_it_took);
    WEFT_ADD(suite, a_core_that_shares_needs_reserves);
    WEFT_ADD_ROWS(suite, every_member_is_found_by_its_place, largest);
    return suite;
}

WEFT_CHECK_MAIN(reserve_suite)
