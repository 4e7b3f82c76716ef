/* SPDX-License-Identifier: Apache-2.0 */
/* What is fetched from the source, and when a plain node may use it. What becomes of one that fails
 * is in test_source_pause.c. */
#include "tests/support/check_main.h"

#include "protocol/fallback.h"
#include "tests/support/fixture.h"

static struct fixture fixture;

/* A node alone is its own agent. */
static void setup_alone(void)
{
    fixture = fixture_new(NULL);
    fixture_run(&fixture, 5 * WEFT_NS_PER_S);
    ck_assert(weft_election_self(fixture.core));
}

/* A plain node in a segment with an agent. */
static void setup_plain(void)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ true);
    fixture_member(&fixture, 3, /* agent */ true);
    fixture_link(&fixture, 2);
    fixture_link(&fixture, 3);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static const struct weft_action_source *fetch(uint32_t nth)
{
    const struct weft_action *action = fixture_action(&fixture, WEFT_ACTION_SOURCE_FETCH, nth);
    return action == NULL ? NULL : &action->source;
}

static void end(uint64_t token, enum weft_err result, uint32_t retry_after_ms)
{
    struct weft_event event = {
        .kind = WEFT_EVENT_SOURCE,
        .source = {.token = token, .result = result, .retry_after_ms = retry_after_ms}};
    fixture_step(&fixture, WEFT_NS_PER_MS, event);
}

START_TEST(a_node_alone_fetches_everything_once)
{
    struct weft_release *release = fixture_release(&fixture, 64);
    struct weft_action_source open[16];
    uint32_t first = 0;
    uint32_t last = 0;
    uint32_t asked = 0;
    for (uint32_t round = 0; round < 200 && release->have_count < 64; round++) {
        for (uint32_t i = 0; fetch(i) != NULL; i++) {
            open[last++ % 16] = *fetch(i);
            asked += fetch(i)->chunk_count;
        }
        ck_assert_uint_lt(first, last);
        struct weft_action_source now = open[first++ % 16];
        for (uint32_t i = 0; i < now.chunk_count; i++) {
            fixture_chunk(&fixture, 0, now.token, now.first_chunk + i, WEFT_ERR_OK);
            ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_FETCH), 0);
        }
        if (release->have_count < 64) {
            end(now.token, WEFT_ERR_OK, 0);
        }
    }
    ck_assert_uint_eq(release->have_count, 64);
    ck_assert_uint_eq(asked, 64);
    ck_assert_uint_eq(release->bytes_by_tier[WEFT_TIER_SOURCE], 64 * FIXTURE_CHUNK_BYTES);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_COMPLETE), 1);
}
END_TEST

START_TEST(asks_for_more_at_a_time_while_the_source_is_fast)
{
    struct weft_release *release = fixture_release(&fixture, 1000);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_FETCH), 2);
    for (uint32_t round = 0; round < 40; round++) {
        struct weft_fetch now = *weft_source_at(&fixture.core->source, round % 2);
        for (uint32_t i = 0; i < now.count; i++) {
            fixture_chunk(&fixture, 0, now.token, now.first + i, WEFT_ERR_OK);
        }
        end(now.token, WEFT_ERR_OK, 0);
    }
    ck_assert_uint_eq(fixture.core->source.fetch_count, fixture.core->config.tuning.source_fetches);
    uint32_t budget = fixture.core->source.budget;
    ck_assert_uint_gt(budget, 16);
    fixture.now_ns += 4 * WEFT_NS_PER_S; /* and for less when it is slow */
    end(weft_source_at(&fixture.core->source, 2)->token, WEFT_ERR_OK, 0);
    ck_assert_uint_lt(fixture.core->source.budget, budget / 2);
    ck_assert_uint_gt(release->have_count, 40);
}
END_TEST

/* The disk was full for a moment: the source is asked for the rest as soon as it may be again. */
START_TEST(a_disk_that_fails_once_is_tried_again)
{
    fixture_release(&fixture, 1);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_FETCH), 1);
    uint64_t token = fetch(0)->token;
    fixture_chunk(&fixture, 0, token, 0, WEFT_ERR_IO);
    end(token, WEFT_ERR_OK, 0);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_FETCH), 0);
    for (uint32_t i = 0; i < 100 && fetch(0) == NULL; i++) {
        fixture_run(&fixture, 100 * WEFT_NS_PER_MS);
    }
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_FETCH), 1);
}
END_TEST

/* A node of another segment tells that it has everything, and answers nothing. */
START_TEST(a_silent_node_of_another_segment_is_not_waited_for)
{
    fixture_release(&fixture, 8);
    for (uint32_t i = 0; fetch(0) != NULL && i < 8; i++) {
        end(fetch(0)->token, WEFT_ERR_CANCELLED, 0);
    }
    struct weft_link *link = fixture_link(&fixture, 1000);
    fixture_peer_has(&fixture, 1000, 0, 8);
    ck_assert_uint_eq(link->maps[0].have_count, 8);
    ck_assert_uint_eq(link->asked, 1); /* it has to show first that it sends */
    uint32_t silent = 0;
    for (uint32_t i = 0; i < 400 && link->maps[0].have_count > 0; i++) {
        fixture_run(&fixture, 100 * WEFT_NS_PER_MS);
        silent = link->slow > silent ? link->slow : silent;
    }
    ck_assert_uint_eq(silent, 1);
    ck_assert_uint_eq(link->maps[0].have_count, 0);
    ck_assert_uint_eq(weft_download_far_copies(&fixture.core->releases.downloads[0], 5), 0);
}
END_TEST

/* Who is asked for two chunks takes no more: the source, which has nothing else to do, sends the
 * rest, but nothing that was asked of the neighbour. */
START_TEST(what_other_segments_do_not_take_comes_from_the_source)
{
    struct weft_release *release = fixture_release(&fixture, 8);
    uint64_t tokens[] = {fetch(0)->token, fetch(1)->token};
    struct weft_link *link = fixture_link(&fixture, 1000);
    link->sends = true;
    fixture.core->source.chunk_ns = WEFT_NS_PER_MS; /* it sent some already */
    fixture_peer_has(&fixture, 1000, 0, 8);
    ck_assert_uint_eq(link->asked, 2);
    end(tokens[0], WEFT_ERR_CANCELLED, 0);
    end(tokens[1], WEFT_ERR_CANCELLED, 0);
    const struct weft_core *core = fixture.core;
    ck_assert_uint_eq(core->source.fetch_count, 2);
    for (uint32_t i = 0; i < core->source.end; i++) {
        const struct weft_fetch *now = weft_source_at(&core->source, i);
        for (uint32_t c = 0; now->token != 0 && c < now->count; c++) {
            uint32_t index = (uint32_t)(release - core->releases.items);
            ck_assert_ptr_null(weft_want_find(fixture.core, 1000, index, now->first + c));
        }
    }
}
END_TEST

/* The last two chunks are asked of another segment, and the source stands idle. */
static struct weft_link *wait_for_another_segment(void)
{
    fixture_release(&fixture, 2);
    uint64_t tokens[] = {fetch(0)->token, fetch(1)->token};
    struct weft_link *link = fixture_link(&fixture, 1000);
    link->sends = true;
    fixture_peer_has(&fixture, 1000, 0, 2);
    ck_assert_uint_eq(link->asked, 0); /* both are under way from the source */
    end(tokens[0], WEFT_ERR_CANCELLED, 0);
    end(tokens[1], WEFT_ERR_CANCELLED, 0);
    ck_assert_uint_eq(link->asked, 2);
    return link;
}

START_TEST(what_other_segments_can_be_asked_for_does_not_come_from_the_source)
{
    wait_for_another_segment();
    fixture_run(&fixture, 50 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->source.fetch_count, 0);
}
END_TEST

START_TEST(the_source_helps_with_one_late_chunk_at_a_time)
{
    const struct weft_link *link = wait_for_another_segment();
    const struct weft_sources *source = &fixture.core->source;
    for (uint32_t i = 0; i < 20 && source->fetch_count == 0; i++) {
        fixture_run(&fixture, 10 * WEFT_NS_PER_MS);
    }
    ck_assert_uint_eq(source->fetch_count, 1);
    ck_assert_uint_eq(link->asked, 1); /* the other request was taken back */
    fixture_run(&fixture, 500 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(source->fetch_count, 1);
    for (uint32_t i = 0; i < source->end; i++) {
        const struct weft_fetch *now = weft_source_at(source, i);
        if (now->token != 0) {
            fixture_chunk(&fixture, 0, now->token, now->first, WEFT_ERR_OK);
        }
    }
    ck_assert_uint_eq(fixture.core->releases.items[0].have_count, 1);
}
END_TEST

/* What has begun to arrive may come any moment: it is not taken back, what comes first counts. */
START_TEST(a_late_chunk_that_has_begun_is_not_taken_back)
{
    const struct weft_link *link = wait_for_another_segment();
    for (uint32_t i = 0; i < 2; i++) {
        weft_want_offered(fixture.core, weft_want_at(&fixture.core->wants, i));
    }
    fixture_run(&fixture, 200 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->source.fetch_count, 1);
    ck_assert_uint_eq(link->asked, 2);
}
END_TEST

START_TEST(an_extent_that_another_agent_takes_is_cancelled)
{
    struct weft_release *release = fixture_release(&fixture, 64);
    uint32_t extent_chunks = weft_release_download(fixture.core, release)->extent_chunks;
    uint32_t extent = fetch(0)->first_chunk / extent_chunks;
    uint64_t token = fetch(0)->token;
    fixture.core->actions = fixture.queue;
    weft_source_yield(fixture.core, release->download, extent);
    ck_assert_uint_ge(fixture_count(&fixture, WEFT_ACTION_SOURCE_CANCEL), 1);
    end(token, WEFT_ERR_CANCELLED, 0);
    ck_assert_uint_le(fixture.core->source.retry_ns, fixture.now_ns);
}
END_TEST

START_TEST(a_release_that_goes_is_cancelled)
{
    fixture_release(&fixture, 64);
    uint64_t token = fetch(0)->token;
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE_GONE,
                               .release_gone = {.id = FIXTURE_RELEASE}};
    fixture_step(&fixture, 0, event);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_CANCEL), 2);
    end(token, WEFT_ERR_CANCELLED, 0);
    ck_assert_uint_eq(fixture.core->source.fetch_count, 1);
}
END_TEST

START_TEST(a_plain_node_leaves_the_source_to_its_agents)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 0, 0);
    fixture_peer_has(&fixture, 3, 0, 0);
    ck_assert_ptr_null(fetch(0));
    fixture_step(&fixture, 29 * WEFT_NS_PER_S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_uint_eq(fixture.core->source.fetch_count, 1); /* a test, see test_fallback.c */
    ck_assert_uint_eq(weft_source_at(&fixture.core->source, 0)->count, 1);
    ck_assert(!weft_release_find(fixture.core, FIXTURE_RELEASE)->falls_back);
}
END_TEST

START_TEST(a_plain_node_helps_itself_without_progress)
{
    struct weft_release *release = fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 0, 0);
    fixture_peer_has(&fixture, 3, 0, 0);
    release->progress_ns -= 60 * WEFT_NS_PER_S;
    weft_fallback_plan(fixture.core);
    weft_core_stir_content(fixture.core); /* what content waits for was changed behind its back */
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}); /* new deadline */
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_ptr_nonnull(fetch(0));
    uint64_t token = fetch(0)->token;
    uint32_t chunk = fetch(0)->first_chunk;
    fixture_chunk(&fixture, 0, token, chunk, WEFT_ERR_OK);
    ck_assert(release->falls_back);
    fixture_chunk(&fixture, 3, 0, (chunk + 40) % 64, WEFT_ERR_OK);
    ck_assert(!release->falls_back);
}
END_TEST

START_TEST(a_plain_node_waits_little_if_no_agent_knows_the_release)
{
    struct weft_release *release = fixture_release(&fixture, 64);
    ck_assert_uint_le(fixture.core->fallback_ns - fixture.now_ns, 5 * WEFT_NS_PER_S);
    (void)release;
}
END_TEST

/* Trials of several nodes are to bring different chunks: of the extent that nobody holds, each is
 * as likely as the others, wherever it lies. */
START_TEST(a_trial_asks_for_any_chunk_that_nobody_brings)
{
    fixture_release(&fixture, 64);
    struct weft_download *download = &fixture.core->releases.downloads[0];
    uint32_t last = download->extent_count - 1;
    for (uint32_t extent = 0; extent < last; extent++) {
        download->extents[extent].holder = 2;
    }
    uint32_t first = last * download->extent_chunks;
    uint32_t draws = 0;
    for (uint32_t round = 0; round < 32; round++) {
        fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
        fixture.core->actions = fixture.queue; /* as in a step */
        weft_source_try(fixture.core, 0);
        ck_assert_ptr_nonnull(fetch(0));
        struct weft_action_source asked = *fetch(0);
        ck_assert_uint_ge(asked.first_chunk, first);
        draws += asked.first_chunk == first;
        end(asked.token, WEFT_ERR_CANCELLED, 0);
        fixture.core->source.retry_ns = 0;
    }
    ck_assert_uint_gt(download->extent_chunks, 4);
    ck_assert_uint_lt(draws, 16);
}
END_TEST

static Suite *source_suite(void)
{
    const TTest *const alone[] = {
        a_node_alone_fetches_everything_once,
        asks_for_more_at_a_time_while_the_source_is_fast,
        a_disk_that_fails_once_is_tried_again,
        a_silent_node_of_another_segment_is_not_waited_for,
        what_other_segments_do_not_take_comes_from_the_source,
        what_other_segments_can_be_asked_for_does_not_come_from_the_source,
        the_source_helps_with_one_late_chunk_at_a_time,
        a_late_chunk_that_has_begun_is_not_taken_back,
        an_extent_that_another_agent_takes_is_cancelled,
        a_release_that_goes_is_cancelled,
    };
    const TTest *const plain[] = {
        a_trial_asks_for_any_chunk_that_nobody_brings,
        a_plain_node_leaves_the_source_to_its_agents,
        a_plain_node_helps_itself_without_progress,
        a_plain_node_waits_little_if_no_agent_knows_the_release,
    };
    Suite *suite = suite_create("source");
    weft_check_case(suite, "alone", setup_alone, teardown, alone, WEFT_ROWS(alone));
    weft_check_case(suite, "plain", setup_plain, teardown, plain, WEFT_ROWS(plain));
    return suite;
}

WEFT_CHECK_MAIN(source_suite)
