/* SPDX-License-Identifier: Apache-2.0 */
/* What other segments bring from the source is waited for, but not for long. */
#include "tests/support/check_main.h"

#include "protocol/coming.h"
#include "protocol/draw.h"
#include "protocol/rng.h"
#include "tests/support/fixture.h"

#define FAR UINT64_C(1000)
#define OTHER UINT64_C(1001)
#define NEAR 2
#define CHUNKS 64

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_become_agent(&fixture);
    fixture_link(&fixture, FAR);
    fixture_link(&fixture, OTHER);
    fixture.core->source.retry_ns = WEFT_NS_NEVER; /* it was away until now */
    fixture_release(&fixture, CHUNKS);
    for (weft_node_id id = FAR; id <= OTHER; id++) {
        fixture_frame(
            &fixture, id,
            (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = CHUNKS, .flags = WEFT_MAP_WANTED});
    }
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* FAR says that all chunks from |first| on are coming. */
static void tell_from(uint32_t first)
{
    uint8_t list[2 * CHUNKS];
    uint32_t length = 0;
    for (uint32_t chunk = first; chunk < CHUNKS; chunk++) {
        list[length++] = 0;
        list[length++] = (uint8_t)chunk;
    }
    fixture_frame(
        &fixture, FAR,
        (struct weft_frame){.kind = WEFT_FRAME_COMING, .list = {.bytes = list, .length = length}});
}

/* The source is there, as slow as ever. */
static void open_source(void)
{
    fixture.core->source.retry_ns = fixture.core->now_ns;
    fixture.core->source.chunk_ns = 10 * WEFT_NS_PER_S;
    weft_core_stir_content(fixture.core);
    fixture_step(&fixture, 20 * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
}

static bool is_coming(uint32_t chunk)
{
    return weft_coming_is(fixture.core, &fixture.core->releases.downloads[0], chunk);
}

START_TEST(what_nobody_brings_is_fetched)
{
    tell_from(1);
    open_source();
    ck_assert_uint_eq(fixture.core->source.fetch_count, 1);
    ck_assert_uint_eq(weft_source_at(&fixture.core->source, 0)->first, 0);
    ck_assert_uint_eq(weft_source_at(&fixture.core->source, 0)->count, 1);
}
END_TEST

START_TEST(a_claim_lasts_for_one_lease)
{
    tell_from(0);
    ck_assert(is_coming(0));
    open_source();
    ck_assert_uint_eq(fixture.core->source.fetch_count, 0);
    for (uint32_t i = 0; i < 40; i++) {
        fixture_run(&fixture, 100 * WEFT_NS_PER_MS);
        tell_from(0); /* said again, it changes nothing */
    }
    ck_assert(!is_coming(0));
    fixture_run(&fixture, 3 * WEFT_NS_PER_S); /* nothing happens, but that it looks again */
    ck_assert_uint_gt(fixture.core->source.fetch_count, 0);
}
END_TEST

START_TEST(news_is_passed_on_once)
{
    tell_from(CHUNKS - 2);
    fixture_run(&fixture, 10 * WEFT_NS_PER_MS);
    struct weft_frame told = fixture_sent(&fixture, OTHER, WEFT_FRAME_COMING, 0);
    ck_assert_int_eq(told.kind, WEFT_FRAME_COMING);
    ck_assert_uint_eq(told.list.length, 4);
    tell_from(CHUNKS - 2);
    fixture_run(&fixture, 10 * WEFT_NS_PER_MS);
    ck_assert_int_eq(fixture_sent(&fixture, OTHER, WEFT_FRAME_COMING, 0).kind, 0);
}
END_TEST

/* Something happens to |chunk|: one of many things, as |what| says. */
static void happen(uint32_t what, uint32_t chunk)
{
    weft_node_id far = FAR + (what & 1);
    uint8_t list[2] = {0, (uint8_t)chunk};
    struct weft_span span = {.bytes = list, .length = sizeof(list)};
    switch (what / 2 % 9) {
    case 0:
    case 1:
        fixture_frame(&fixture, far, (struct weft_frame){.kind = WEFT_FRAME_COMING, .list = span});
        break;
    case 2:
        fixture_frame(&fixture, far, (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = span});
        break;
    case 3:
        fixture_frame(&fixture, far,
                      (struct weft_frame){.kind = WEFT_FRAME_REFUSE, .chunk = chunk});
        break;
    case 4:
        fixture_chunk(&fixture, 0, 0, chunk, WEFT_ERR_OK);
        break;
    case 5:
        weft_release_lose(fixture.core, &fixture.core->releases.items[0], chunk);
        break;
    case 6:
        fixture_frame(&fixture, NEAR, (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = span});
        break;
    case 7:
        fixture_frame(&fixture, NEAR,
                      (struct weft_frame){.kind = WEFT_FRAME_REFUSE, .chunk = chunk});
        break;
    default:
        fixture_run(&fixture, 100 * WEFT_NS_PER_MS);
    }
}

/* What is counted and drawn step by step is what a look at all chunks finds. */
static void check_against_all(void)
{
    struct weft_core *core = fixture.core;
    const struct weft_download *download = &core->releases.downloads[0];
    uint32_t coming = 0;
    uint32_t best = CHUNKS;
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
        coming += is_coming(chunk) && !weft_bitmap_has(core->releases.items[0].have, chunk) &&
                  weft_download_far_copies(download, chunk) == 0;
        bool can = weft_lease_owns(core, 0, chunk / download->extent_chunks) &&
                   weft_draw_is_open(core, download, chunk, /* rare */ true);
        bool heavier =
            best == CHUNKS || weft_mix(core->self.id + chunk) > weft_mix(core->self.id + best);
        best = can && heavier ? chunk : best;
    }
    (void)weft_coming_is_crowded(core, 0); /* as before each draw: drops what is over by now */
    ck_assert_uint_eq(download->coming_count, coming);
    struct weft_run run = weft_draw_rare(core, 0, 1);
    ck_assert_uint_eq(run.count == 0 ? CHUNKS : run.first, best);
}

START_TEST(what_is_counted_and_drawn_agrees_with_a_look_at_all)
{
    uint64_t state = 1;
    for (uint32_t i = 0; i < 4000; i++) {
        if (i % 400 == 0) {
            teardown();
            setup();
            fixture_member(&fixture, NEAR, /* agent */ false);
            fixture_link(&fixture, NEAR);
            fixture_frame(&fixture, NEAR,
                          (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = CHUNKS});
        }
        happen(weft_rng_below(&state, 18), weft_rng_below(&state, CHUNKS));
        check_against_all();
    }
}
END_TEST

START_TEST(an_index_out_of_range_is_a_breach)
{
    uint8_t list[2] = {0, CHUNKS};
    fixture_frame(&fixture, FAR,
                  (struct weft_frame){.kind = WEFT_FRAME_COMING,
                                      .list = {.bytes = list, .length = sizeof(list)}});
    ck_assert_uint_gt(weft_penalty_owed_ns(fixture.core, FAR), 0);
}
END_TEST

static Suite *coming_suite(void)
{
    const TTest *const tests[] = {
        what_nobody_brings_is_fetched,
        a_claim_lasts_for_one_lease,
        news_is_passed_on_once,
        what_is_counted_and_drawn_agrees_with_a_look_at_all,
        an_index_out_of_range_is_a_breach,
    };
    Suite *suite = suite_create("coming");
    weft_check_case(suite, "coming", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(coming_suite)
