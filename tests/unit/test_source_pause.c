/* SPDX-License-Identifier: Apache-2.0 */
/* What a source that fails is asked for afterwards, and when. */
#include "tests/support/check_main.h"

#include "tests/support/fixture.h"

static struct fixture fixture;

/* A node alone is its own agent. */
static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_run(&fixture, 5 * WEFT_NS_PER_S);
    ck_assert(weft_election_self(fixture.core));
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

START_TEST(a_failure_pauses_and_doubles)
{
    fixture_release(&fixture, 64);
    uint64_t first = fetch(0)->token;
    uint64_t second = fetch(1)->token;
    end(first, WEFT_ERR_HTTP_STATUS, 0);
    ck_assert_ptr_null(fetch(0));
    weft_ns pause = fixture.core->source.retry_ns - fixture.now_ns;
    ck_assert_uint_ge(pause, 500 * WEFT_NS_PER_MS);
    ck_assert_uint_le(pause, 626 * WEFT_NS_PER_MS);
    end(second, WEFT_ERR_HTTP_STATUS, 0); /* under way at the same time: the same failure */
    ck_assert_uint_le(fixture.core->source.retry_ns - fixture.now_ns, 626 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(weft_view_counters(fixture.core).source_failures, 2);
    fixture_step(&fixture, pause, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_ptr_nonnull(fetch(0));
    end(fetch(0)->token, WEFT_ERR_HTTP_STATUS, 0);
    ck_assert_uint_ge(fixture.core->source.retry_ns - fixture.now_ns, 1000 * WEFT_NS_PER_MS);
}
END_TEST

/* More ask than it can serve: who asks again does so later and later, and not with the others. */
START_TEST(requests_that_take_too_long_pause_for_longer)
{
    fixture_release(&fixture, 64);
    weft_ns pause = 0;
    for (uint32_t round = 0; round < 12; round++) {
        ck_assert_ptr_nonnull(fetch(0));
        end(fetch(0)->token, WEFT_ERR_TIMEOUT, 0);
        pause = fixture.core->source.retry_ns - fixture.now_ns;
        fixture.now_ns += pause;
        weft_core_stir_content(fixture.core);
        fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
    }
    ck_assert_uint_ge(pause, 60 * WEFT_NS_PER_S);
    ck_assert_uint_le(pause, 120 * WEFT_NS_PER_S);
}
END_TEST

/* Wait for the end of a pause; what is asked for then fails. */
static void fail_again(void)
{
    weft_ns rest = fixture.core->source.retry_ns - fixture.now_ns;
    fixture_step(&fixture, rest, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_ptr_nonnull(fetch(0));
    end(fetch(0)->token, WEFT_ERR_UNREACHABLE, 0);
}

/* |peer| says that it has |chunk| now; returns how long the pause still lasts. */
static weft_ns rest_after_news(weft_node_id peer, uint8_t chunk)
{
    uint8_t list[] = {0, chunk};
    struct weft_frame frame = {.kind = WEFT_FRAME_HAVE,
                               .list = {.bytes = list, .length = sizeof(list)}};
    fixture_frame(&fixture, peer, frame);
    return fixture.core->source.retry_ns - fixture.now_ns;
}

/* Neighbours of another segment tell of chunks while the source is down for long. */
START_TEST(news_of_a_chunk_that_nobody_had_ends_a_pause)
{
    fixture_link(&fixture, 1000);
    fixture_link(&fixture, 1001);
    fixture_link(&fixture, 1002);
    fixture_release(&fixture, 64);
    end(fetch(0)->token, WEFT_ERR_UNREACHABLE, 0);
    for (uint32_t i = 0; i < 4; i++) {
        fail_again();
    }
    fixture_peer_has(&fixture, 1001, 30, 1);                         /* a MAP is no news */
    ck_assert_uint_ge(rest_after_news(1000, 30), 8 * WEFT_NS_PER_S); /* that one was known */
    weft_ns rest = rest_after_news(1000, 40);
    ck_assert_uint_ge(rest, 490 * WEFT_NS_PER_MS); /* never shorter than the first pause */
    ck_assert_uint_le(rest, 626 * WEFT_NS_PER_MS);
    fail_again();
    ck_assert_uint_ge(rest_after_news(1001, 41), 9 * WEFT_NS_PER_S); /* the next one is whole */
    fail_again();
    /* This one was asked for chunks, and sends none. */
    ck_assert_uint_ge(rest_after_news(1000, 42), 9 * WEFT_NS_PER_S);
    ck_assert_uint_le(rest_after_news(1002, 42), 626 * WEFT_NS_PER_MS);
}
END_TEST

START_TEST(does_what_retry_after_says)
{
    fixture_link(&fixture, 1000);
    fixture_release(&fixture, 64);
    end(fetch(0)->token, WEFT_ERR_HTTP_STATUS, 30000);
    ck_assert_uint_ge(fixture.core->source.retry_ns - fixture.now_ns, 30 * WEFT_NS_PER_S);
    ck_assert_uint_ge(rest_after_news(1000, 40), 29 * WEFT_NS_PER_S);
}
END_TEST

START_TEST(a_server_that_sends_only_bad_chunks_is_not_asked_in_a_loop)
{
    fixture_release(&fixture, 1);
    uint64_t token = fetch(0)->token;
    fixture_chunk(&fixture, 0, token, 0, WEFT_ERR_MISMATCH);
    end(token, WEFT_ERR_OK, 0);
    ck_assert_ptr_null(fetch(0));
    ck_assert_uint_gt(fixture.core->source.retry_ns, fixture.now_ns);
}
END_TEST

START_TEST(a_server_without_ranges_sends_the_whole)
{
    fixture_release(&fixture, 64);
    uint64_t second = fetch(1)->token;
    end(fetch(0)->token, WEFT_ERR_HTTP_NO_RANGES, 0);
    end(second, WEFT_ERR_HTTP_NO_RANGES, 0);
    ck_assert_ptr_nonnull(fetch(0));
    ck_assert_uint_eq(fetch(0)->first_chunk, 0);
    ck_assert_uint_eq(fetch(0)->chunk_count, 64);
    ck_assert_ptr_null(fetch(1));
}
END_TEST

START_TEST(a_server_that_fails_with_the_whole_too_is_not_asked_in_a_loop)
{
    fixture_release(&fixture, 64);
    while (fetch(0) != NULL && fetch(0)->chunk_count < 64) {
        end(fetch(0)->token, WEFT_ERR_HTTP_NO_RANGES, 0);
    }
    for (uint32_t i = 0; i < 8 && fetch(0) == NULL; i++) {
        end(weft_source_at(&fixture.core->source, i)->token, WEFT_ERR_HTTP_NO_RANGES, 0);
    }
    ck_assert_ptr_nonnull(fetch(0));
    ck_assert_uint_eq(fetch(0)->chunk_count, 64);
    end(fetch(0)->token, WEFT_ERR_HTTP_NO_RANGES, 0);
    ck_assert_ptr_null(fetch(0));
    ck_assert_uint_gt(fixture.core->source.retry_ns, fixture.now_ns);
    fixture_step(&fixture, WEFT_NS_PER_S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_ptr_nonnull(fetch(0)); /* with ranges again */
    ck_assert_uint_lt(fetch(0)->chunk_count, 64);
}
END_TEST

static Suite *source_pause_suite(void)
{
    const TTest *const tests[] = {
        a_failure_pauses_and_doubles,
        requests_that_take_too_long_pause_for_longer,
        news_of_a_chunk_that_nobody_had_ends_a_pause,
        does_what_retry_after_says,
        a_server_that_sends_only_bad_chunks_is_not_asked_in_a_loop,
        a_server_without_ranges_sends_the_whole,
        a_server_that_fails_with_the_whole_too_is_not_asked_in_a_loop,
    };
    Suite *suite = suite_create("source pause");
    weft_check_case(suite, "alone", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(source_pause_suite)
