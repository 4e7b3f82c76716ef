/* SPDX-License-Identifier: Apache-2.0 */
/* Max-min fair rates: small networks whose answer is known, and random ones held against a solver
 * that rates everything anew by the definition, after every change. */
#include "tests/support/check_main.h"

#include "protocol/rng.h"
#include "sim/fair.h"

#include <string.h>

enum { LINKS_MAX = 12, FLOWS_MAX = 40, CHANGES = 60, NETWORKS = 400, WEIGHT_MAX = 4 };

#define MB (UINT64_C(1000000) * WEFT_SIM_FAIR_UNIT)

static uint64_t rate_of(const struct weft_sim_fair *fair, uint32_t flow)
{
    return weft_sim_fair_rate(fair, flow) / WEFT_SIM_FAIR_UNIT;
}

START_TEST(test_one_flow_takes_the_narrowest_link)
{
    struct weft_sim_fair *fair = weft_sim_fair_new();
    uint32_t path[] = {weft_sim_fair_add_link(fair, 10 * MB), weft_sim_fair_add_link(fair, 3 * MB)};
    uint32_t flow = weft_sim_fair_add(fair, path, 2, 77);
    ck_assert_uint_eq(rate_of(fair, flow), 0);
    ck_assert_uint_eq(weft_sim_fair_solve(fair), 1);
    ck_assert_uint_eq(weft_sim_fair_changed(fair, 0), flow);
    ck_assert_uint_eq(weft_sim_fair_owner(fair, flow), 77);
    ck_assert_uint_eq(rate_of(fair, flow), 3000000);
    ck_assert_uint_eq(weft_sim_fair_load(fair, path[0]), 3 * MB);
    ck_assert_uint_eq(weft_sim_fair_solve(fair), 0);
    weft_sim_fair_free(fair);
}
END_TEST

/* The textbook case: a long flow over two links, a short one on each. */
START_TEST(test_the_wider_link_is_used_up)
{
    struct weft_sim_fair *fair = weft_sim_fair_new();
    uint32_t links[] = {weft_sim_fair_add_link(fair, 10 * MB),
                        weft_sim_fair_add_link(fair, 4 * MB)};
    uint32_t both = weft_sim_fair_add(fair, links, 2, 0);
    uint32_t wide = weft_sim_fair_add(fair, &links[0], 1, 0);
    uint32_t narrow = weft_sim_fair_add(fair, &links[1], 1, 0);
    ck_assert_uint_eq(weft_sim_fair_solve(fair), 3);
    ck_assert_uint_eq(rate_of(fair, both), 2000000);
    ck_assert_uint_eq(rate_of(fair, narrow), 2000000);
    ck_assert_uint_eq(rate_of(fair, wide), 8000000);
    weft_sim_fair_remove(fair, narrow);
    weft_sim_fair_solve(fair);
    ck_assert_uint_eq(rate_of(fair, both), 4000000);
    ck_assert_uint_eq(rate_of(fair, wide), 6000000);
    weft_sim_fair_set_capacity(fair, links[0], 2 * MB);
    weft_sim_fair_solve(fair);
    ck_assert_uint_eq(rate_of(fair, both), 1000000);
    ck_assert_uint_eq(rate_of(fair, wide), 1000000);
    weft_sim_fair_free(fair);
}
END_TEST

/* Two to one on the link that both have, and what the heavy one cannot use is the light one's. */
START_TEST(test_a_link_is_shared_by_weight)
{
    struct weft_sim_fair *fair = weft_sim_fair_new();
    uint32_t links[] = {weft_sim_fair_add_link(fair, 9 * MB), weft_sim_fair_add_link(fair, 9 * MB)};
    uint32_t heavy = weft_sim_fair_add_weighted(fair, links, 2, 0, 2);
    uint32_t light = weft_sim_fair_add_weighted(fair, links, 1, 0, 1);
    weft_sim_fair_solve(fair);
    ck_assert_uint_eq(rate_of(fair, heavy), 6000000);
    ck_assert_uint_eq(rate_of(fair, light), 3000000);
    weft_sim_fair_set_capacity(fair, links[1], 4 * MB);
    weft_sim_fair_solve(fair);
    ck_assert_uint_eq(rate_of(fair, heavy), 4000000);
    ck_assert_uint_eq(rate_of(fair, light), 5000000);
    weft_sim_fair_free(fair);
}
END_TEST

START_TEST(test_a_flow_without_links_is_unlimited)
{
    struct weft_sim_fair *fair = weft_sim_fair_new();
    uint32_t flow = weft_sim_fair_add(fair, NULL, 0, 0);
    weft_sim_fair_solve(fair);
    ck_assert_uint_eq(weft_sim_fair_rate(fair, flow), WEFT_SIM_FAIR_UNLIMITED);
    weft_sim_fair_remove(fair, flow);
    ck_assert_uint_eq(weft_sim_fair_solve(fair), 0);
    weft_sim_fair_free(fair);
}
END_TEST

START_TEST(test_a_link_of_capacity_zero_stops_its_flows)
{
    struct weft_sim_fair *fair = weft_sim_fair_new();
    uint32_t link = weft_sim_fair_add_link(fair, 5 * MB);
    uint32_t flow = weft_sim_fair_add(fair, &link, 1, 0);
    weft_sim_fair_solve(fair);
    weft_sim_fair_set_capacity(fair, link, 0);
    ck_assert_uint_eq(weft_sim_fair_solve(fair), 1);
    ck_assert_uint_eq(rate_of(fair, flow), 0);
    weft_sim_fair_set_capacity(fair, link, 5 * MB);
    weft_sim_fair_solve(fair);
    ck_assert_uint_eq(rate_of(fair, flow), 5000000);
    weft_sim_fair_free(fair);
}
END_TEST

/* A change at one end of a network does not rate the other end anew. */
START_TEST(test_only_what_a_change_reaches_is_rated)
{
    struct weft_sim_fair *fair = weft_sim_fair_new();
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t path[] = {weft_sim_fair_add_link(fair, 4 * MB),
                           weft_sim_fair_add_link(fair, 4 * MB)};
        weft_sim_fair_add(fair, path, 2, i);
    }
    ck_assert_uint_eq(weft_sim_fair_solve(fair), 20);
    uint32_t again[] = {0, 3}; /* up of the first pair, down of the second */
    weft_sim_fair_add(fair, again, 2, 99);
    ck_assert_uint_eq(weft_sim_fair_solve(fair), 3);
    weft_sim_fair_free(fair);
}
END_TEST

/* --- against the definition --- */

struct model_flow {
    uint32_t id;                        /* in the solver */
    uint32_t links[WEFT_SIM_FAIR_HOPS]; /* path */
    uint32_t count;                     /* entries of links */
    uint32_t weight;                    /* share of a full link */
    uint64_t rate;                      /* by the model */
    bool stopped;                       /* while filling */
};

struct model {
    uint64_t capacity[LINKS_MAX];
    uint32_t link_count;
    struct model_flow flows[FLOWS_MAX];
    uint32_t flow_count;
};

static bool crosses(const struct model_flow *flow, uint32_t link)
{
    for (uint32_t i = 0; i < flow->count; i++) {
        if (flow->links[i] == link) {
            return true;
        }
    }
    return false;
}

/* Progressive filling over everything, link by link, without any cleverness. */
static void rate_all(struct model *model)
{
    uint64_t left[LINKS_MAX];
    memcpy(left, model->capacity, sizeof(left));
    for (uint32_t f = 0; f < model->flow_count; f++) {
        model->flows[f].stopped = false;
    }
    for (;;) {
        uint32_t narrowest = UINT32_MAX;
        uint64_t level = UINT64_MAX;
        for (uint32_t l = 0; l < model->link_count; l++) {
            uint64_t rising = 0;
            for (uint32_t f = 0; f < model->flow_count; f++) {
                const struct model_flow *flow = &model->flows[f];
                rising += !flow->stopped && crosses(flow, l) ? flow->weight : 0;
            }
            if (rising > 0 && left[l] / rising < level) {
                level = left[l] / rising;
                narrowest = l;
            }
        }
        if (narrowest == UINT32_MAX) {
            return;
        }
        for (uint32_t f = 0; f < model->flow_count; f++) {
            struct model_flow *flow = &model->flows[f];
            if (flow->stopped || !crosses(flow, narrowest)) {
                continue;
            }
            flow->stopped = true;
            flow->rate = level * flow->weight;
            for (uint32_t i = 0; i < flow->count; i++) {
                left[flow->links[i]] -= flow->rate;
            }
        }
    }
}

static void add_flow(struct model *model, struct weft_sim_fair *fair, uint64_t *rng)
{
    struct model_flow *flow = &model->flows[model->flow_count++];
    memset(flow, 0, sizeof(*flow));
    uint32_t wanted = 1 + weft_rng_below(rng, 4);
    while (flow->count < wanted && flow->count < model->link_count) {
        uint32_t link = weft_rng_below(rng, model->link_count);
        if (!crosses(flow, link)) {
            flow->links[flow->count++] = link;
        }
    }
    flow->weight = 1 + weft_rng_below(rng, WEIGHT_MAX);
    flow->id = weft_sim_fair_add_weighted(fair, flow->links, flow->count, 0, flow->weight);
}

static void change(struct model *model, struct weft_sim_fair *fair, uint64_t *rng)
{
    uint32_t what = weft_rng_below(rng, 5);
    if (model->flow_count == 0 || (what < 2 && model->flow_count < FLOWS_MAX)) {
        add_flow(model, fair, rng);
    } else if (what < 4) {
        uint32_t gone = weft_rng_below(rng, model->flow_count);
        weft_sim_fair_remove(fair, model->flows[gone].id);
        model->flows[gone] = model->flows[--model->flow_count];
    } else {
        uint32_t link = weft_rng_below(rng, model->link_count);
        model->capacity[link] = weft_rng_below(rng, 10) * MB / 3;
        weft_sim_fair_set_capacity(fair, link, model->capacity[link]);
    }
}

static void compare(const struct model *model, const struct weft_sim_fair *fair)
{
    uint64_t loads[LINKS_MAX] = {0};
    for (uint32_t f = 0; f < model->flow_count; f++) {
        const struct model_flow *flow = &model->flows[f];
        uint64_t rate = weft_sim_fair_rate(fair, flow->id);
        uint64_t difference = rate > flow->rate ? rate - flow->rate : flow->rate - rate;
        ck_assert_uint_le(difference, 2 * WEFT_SIM_FAIR_SLACK * FLOWS_MAX * WEIGHT_MAX);
        for (uint32_t i = 0; i < flow->count; i++) {
            loads[flow->links[i]] += rate;
        }
    }
    for (uint32_t l = 0; l < model->link_count; l++) {
        ck_assert_uint_eq(weft_sim_fair_load(fair, l), loads[l]);
        ck_assert_uint_le(loads[l], model->capacity[l]);
    }
}

START_TEST(test_random_networks_agree_with_the_definition)
{
    for (uint32_t number = 1; number <= NETWORKS; number++) {
        uint64_t rng = number;
        struct model model = {.link_count = 2 + weft_rng_below(&rng, LINKS_MAX - 1)};
        struct weft_sim_fair *fair = weft_sim_fair_new();
        for (uint32_t l = 0; l < model.link_count; l++) {
            model.capacity[l] = (1 + weft_rng_below(&rng, 30)) * MB / 3;
            weft_sim_fair_add_link(fair, model.capacity[l]);
        }
        for (uint32_t i = 0; i < CHANGES; i++) {
            for (uint32_t n = 1 + weft_rng_below(&rng, 3); n > 0; n--) {
                change(&model, fair, &rng);
            }
            weft_sim_fair_solve(fair);
            rate_all(&model);
            compare(&model, fair);
        }
        weft_sim_fair_free(fair);
    }
}
END_TEST

static Suite *fair_suite(void)
{
    Suite *suite = suite_create("sim fair");
    WEFT_ADD(suite, test_one_flow_takes_the_narrowest_link);
    WEFT_ADD(suite, test_the_wider_link_is_used_up);
    WEFT_ADD(suite, test_a_link_is_shared_by_weight);
    WEFT_ADD(suite, test_a_flow_without_links_is_unlimited);
    WEFT_ADD(suite, test_a_link_of_capacity_zero_stops_its_flows);
    WEFT_ADD(suite, test_only_what_a_change_reaches_is_rated);
    WEFT_ADD(suite, test_random_networks_agree_with_the_definition);
    return suite;
}

WEFT_CHECK_MAIN(fair_suite)
