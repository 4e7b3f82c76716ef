/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's event queue against a sorted reference: exact order of (time, insertion). */
#include "tests/support/check_main.h"

#include "protocol/rng.h"
#include "sim/queue.h"

#include <stdlib.h>

struct reference {
    weft_ns time_ns; /* key */
    uint64_t order;  /* insertion number */
    bool gone;       /* popped */
};

/* The earliest entry of |list| that is left. */
static size_t earliest(const struct reference *list, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (!list[i].gone && (best == count || list[i].time_ns < list[best].time_ns)) {
            best = i;
        }
    }
    return best;
}

/* A delay of one of several sizes, from equal times to years. */
static weft_ns draw_delay(uint64_t *rng)
{
    static const uint64_t spans[] = {
        1, 3, 1000, 200000, 5000000, 1000000000, 90000000000, UINT64_C(1) << 40, UINT64_C(1) << 55};
    uint64_t span = spans[weft_rng_below(rng, sizeof(spans) / sizeof(spans[0]))];
    return weft_rng_next(rng) % span;
}

START_TEST(test_order_is_exact)
{
    enum { COUNT = 3000 };
    static struct reference list[COUNT];
    uint64_t rng = (uint64_t)_i + 1;
    struct weft_sim_queue *queue = weft_sim_queue_new();
    size_t pushed = 0;
    size_t popped = 0;
    while (popped < COUNT) {
        bool push = pushed < COUNT && (pushed == popped || weft_rng_below(&rng, 100) < 60);
        if (push) {
            weft_ns time_ns = weft_sim_queue_now(queue) + draw_delay(&rng);
            list[pushed] = (struct reference){time_ns, pushed, false};
            weft_sim_queue_push(queue, time_ns)->words[0] = pushed;
            pushed++;
            continue;
        }
        size_t expected = earliest(list, pushed);
        struct weft_sim_entry *entry = weft_sim_queue_pop(queue, WEFT_NS_NEVER);
        ck_assert_ptr_nonnull(entry);
        ck_assert_uint_eq(entry->words[0], expected);
        ck_assert_uint_eq(entry->time_ns, list[expected].time_ns);
        list[expected].gone = true;
        weft_sim_queue_drop(queue, entry);
        popped++;
    }
    ck_assert_uint_eq(weft_sim_queue_count(queue), 0);
    ck_assert_ptr_null(weft_sim_queue_pop(queue, WEFT_NS_NEVER));
    ck_assert_uint_eq(weft_sim_queue_popped(queue), COUNT);
    weft_sim_queue_free(queue);
}
END_TEST

START_TEST(test_past_counts_as_now)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    weft_sim_queue_push(queue, 5000)->words[0] = 1;
    struct weft_sim_entry *entry = weft_sim_queue_pop(queue, WEFT_NS_NEVER);
    weft_sim_queue_push(queue, 5000)->words[0] = 2;
    weft_sim_queue_push(queue, 10)->words[0] = 3;
    weft_sim_queue_drop(queue, entry);
    for (uint64_t i = 2; i <= 3; i++) {
        entry = weft_sim_queue_pop(queue, WEFT_NS_NEVER);
        ck_assert_uint_eq(entry->words[0], i);
        ck_assert_uint_eq(entry->time_ns, 5000);
        weft_sim_queue_drop(queue, entry);
    }
    weft_sim_queue_free(queue);
}
END_TEST

START_TEST(test_many_at_once_keep_insertion_order)
{
    enum { MANY = 200000 };
    struct weft_sim_queue *queue = weft_sim_queue_new();
    for (uint64_t i = 0; i < MANY; i++) {
        weft_sim_queue_push(queue, WEFT_NS_PER_S)->words[0] = i;
    }
    for (uint64_t i = 0; i < MANY; i++) {
        struct weft_sim_entry *entry = weft_sim_queue_pop(queue, WEFT_NS_NEVER);
        ck_assert_uint_eq(entry->words[0], i);
        weft_sim_queue_drop(queue, entry);
    }
    weft_sim_queue_free(queue);
}
END_TEST

/* Pop |count| entries, each later than the one before, or as late and younger. */
static void pop_in_order(struct weft_sim_queue *queue, uint32_t count)
{
    weft_ns last_ns = 0;
    uint64_t last_order = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct weft_sim_entry *entry = weft_sim_queue_pop(queue, WEFT_NS_NEVER);
        ck_assert_ptr_nonnull(entry);
        ck_assert_uint_eq(entry->words[0], entry->time_ns ^ 77); /* its bytes are its own */
        bool later = entry->time_ns > last_ns ||
                     (entry->time_ns == last_ns && (i == 0 || entry->order > last_order));
        ck_assert(later);
        last_ns = entry->time_ns;
        last_order = entry->order;
        weft_sim_queue_drop(queue, entry);
    }
}

START_TEST(test_order_survives_the_end_of_a_storm)
{
    enum { STORM = 30000, LEFT = 1500 };
    uint64_t rng = (uint64_t)_i + 1;
    struct weft_sim_queue *queue = weft_sim_queue_new();
    for (uint32_t round = 0; round < 3; round++) {
        weft_ns now_ns = weft_sim_queue_now(queue);
        for (uint32_t i = 0; i < STORM; i++) {
            weft_ns time_ns = now_ns + draw_delay(&rng) % (UINT64_C(1) << 50);
            weft_sim_queue_push(queue, time_ns)->words[0] = time_ns ^ 77;
        }
        pop_in_order(queue, STORM - LEFT);
        weft_sim_queue_advance(queue, weft_sim_queue_now(queue));
        ck_assert_uint_eq(weft_sim_queue_count(queue), LEFT);
        now_ns = weft_sim_queue_now(queue);
        for (uint32_t i = 0; i < LEFT; i++) { /* among those that were moved */
            weft_ns time_ns = now_ns + draw_delay(&rng) % (UINT64_C(1) << 50);
            weft_sim_queue_push(queue, time_ns)->words[0] = time_ns ^ 77;
        }
        pop_in_order(queue, 2 * LEFT);
        ck_assert_uint_eq(weft_sim_queue_count(queue), 0);
    }
    weft_sim_queue_free(queue);
}
END_TEST

START_TEST(test_last_moment_of_time)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    weft_sim_queue_push(queue, WEFT_NS_NEVER - 1)->words[0] = 2;
    weft_sim_queue_push(queue, WEFT_NS_NEVER - 2)->words[0] = 1;
    weft_sim_queue_push(queue, WEFT_NS_NEVER - 1)->words[0] = 3;
    weft_sim_queue_push(queue, WEFT_NS_NEVER)->words[0] = 4;
    for (uint64_t i = 1; i <= 3; i++) {
        struct weft_sim_entry *entry = weft_sim_queue_pop(queue, WEFT_NS_NEVER);
        ck_assert_uint_eq(entry->words[0], i);
        weft_sim_queue_drop(queue, entry);
    }
    ck_assert_ptr_null(weft_sim_queue_pop(queue, WEFT_NS_NEVER)); /* never comes */
    weft_sim_queue_free(queue);
}
END_TEST

START_TEST(test_nothing_is_popped_before_its_time)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    ck_assert_uint_eq(weft_sim_queue_next_ns(queue), WEFT_NS_NEVER);
    weft_sim_queue_push(queue, 7 * WEFT_NS_PER_S)->words[0] = 2;
    ck_assert_ptr_null(weft_sim_queue_pop(queue, 7 * WEFT_NS_PER_S));
    ck_assert_uint_eq(weft_sim_queue_next_ns(queue), 7 * WEFT_NS_PER_S);
    ck_assert_uint_eq(weft_sim_queue_now(queue), 0);
    weft_sim_queue_advance(queue, 2 * WEFT_NS_PER_S);
    weft_sim_queue_push(queue, 3 * WEFT_NS_PER_S)->words[0] = 1; /* before what was looked at */
    for (uint64_t i = 1; i <= 2; i++) {
        struct weft_sim_entry *entry = weft_sim_queue_pop(queue, 7 * WEFT_NS_PER_S + 1);
        ck_assert_uint_eq(entry->words[0], i);
        weft_sim_queue_drop(queue, entry);
    }
    weft_sim_queue_advance(queue, WEFT_NS_PER_S);
    ck_assert_uint_eq(weft_sim_queue_now(queue), 7 * WEFT_NS_PER_S);
    weft_sim_queue_free(queue);
}
END_TEST

static Suite *sim_queue_suite(void)
{
    Suite *suite = suite_create("sim_queue");
    weft_check_add_rows(suite, "test_order_is_exact", test_order_is_exact, 20);
    WEFT_ADD(suite, test_past_counts_as_now);
    WEFT_ADD(suite, test_many_at_once_keep_insertion_order);
    weft_check_add_rows(suite, "test_order_survives_the_end_of_a_storm",
                        test_order_survives_the_end_of_a_storm, 5);
    WEFT_ADD(suite, test_last_moment_of_time);
    WEFT_ADD(suite, test_nothing_is_popped_before_its_time);
    return suite;
}

WEFT_CHECK_MAIN(sim_queue_suite)
