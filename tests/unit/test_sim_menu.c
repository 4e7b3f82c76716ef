/* SPDX-License-Identifier: Apache-2.0 */
/* The menu of mishaps: how orders are read, and that taking one away leaves the others alone. */
#include "tests/support/check_main.h"

#include "sim/hostile.h"
#include "sim/menu.h"
#include "sim/options.h"
#include "sim/world.h"

#include <stdio.h>
#include <string.h>

static struct weft_sim_options options;
static struct weft_sim_world world;

static void parse(int argc, const char *const *argv)
{
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    enum weft_err err =
        weft_sim_options_parse(&options, argc, (char *const *)(uintptr_t)argv, &message);
    ck_assert_msg(err == WEFT_ERR_OK, "%s", buffer);
}

START_TEST(test_orders_are_read)
{
    struct weft_sim_order order;
    ck_assert(weft_sim_menu_read("0", &order));
    ck_assert_uint_eq(order.numbers, 0);
    ck_assert(weft_sim_menu_read("3", &order));
    ck_assert_uint_eq(order.numbers, 7);
    ck_assert(!order.is_timed);
    ck_assert_uint_eq(order.segment, WEFT_SIM_ANY_SEGMENT);
    ck_assert(weft_sim_menu_read("64", &order));
    ck_assert_uint_eq(order.numbers, UINT64_MAX);
    ck_assert(weft_sim_menu_read("#1,#4@2.5s+30s:7", &order));
    ck_assert_uint_eq(order.numbers, 0x12);
    ck_assert(order.is_timed);
    ck_assert_uint_eq(order.after_ns, 2500 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(order.length_ns, 30 * WEFT_NS_PER_S);
    ck_assert_uint_eq(order.segment, 7);
    ck_assert(weft_sim_menu_read("20%", &order));
    ck_assert_uint_eq(order.percent, 20);
    ck_assert_uint_eq(order.numbers, 0);
}
END_TEST

START_TEST(test_what_is_no_order_is_refused)
{
    static const char *const wrong[] = {"",    "65", "-1",  "#",   "#64",  "#1,2",
                                        "#1,", "1@", "1+",  "1@x", "1:",   "1:-1",
                                        "x",   "1 ", "1@5", "0%",  "101%", "5%:1"};
    struct weft_sim_order order;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!weft_sim_menu_read(wrong[i], &order), "\"%s\" was accepted", wrong[i]);
    }
}
END_TEST

START_TEST(test_taking_one_away_leaves_the_others)
{
    const char *const all[] = {"--sleep", "5", "--partition", "3", "--seed", "9"};
    const char *const some[] = {"--sleep", "#0,#3", "--seed", "9"};
    struct weft_sim_mishap before;
    struct weft_sim_mishap after;
    parse(6, all);
    ck_assert(weft_sim_menu_draw(&options, WEFT_SIM_MISHAP_SLEEP, 3, &before));
    parse(4, some);
    ck_assert(weft_sim_menu_draw(&options, WEFT_SIM_MISHAP_SLEEP, 3, &after));
    ck_assert_uint_eq(before.after_ns, after.after_ns);
    ck_assert_uint_eq(before.length_ns, after.length_ns);
    ck_assert_uint_eq(before.victim, after.victim);
    ck_assert(!weft_sim_menu_draw(&options, WEFT_SIM_MISHAP_SLEEP, 1, &after));
    ck_assert(!weft_sim_menu_draw(&options, WEFT_SIM_MISHAP_PARTITION, 0, &after));
}
END_TEST

/* Parse, and give what was said against it. */
static const char *refused(int argc, const char *const *argv)
{
    static char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    enum weft_err err =
        weft_sim_options_parse(&options, argc, (char *const *)(uintptr_t)argv, &message);
    ck_assert_int_eq(err, WEFT_ERR_ARGUMENT);
    return buffer;
}

START_TEST(test_shares_that_cannot_be_are_refused)
{
    const char *const sleepy[] = {"--sleep", "20%"};
    const char *const clones[] = {"--clone", "20%"};
    const char *const many[] = {"--corrupt", "60%", "--slow-loris", "41%"};
    ck_assert_ptr_nonnull(strstr(refused(2, sleepy), "--sleep: \"20%\""));
    ck_assert_ptr_nonnull(strstr(refused(2, clones), "--clone: \"20%\""));
    ck_assert_ptr_nonnull(strstr(refused(4, many), "more than 100%"));
}
END_TEST

/* Of every segment so many, and nobody is two of them. */
START_TEST(test_shares_are_exact_and_apart)
{
    const char *const argv[] = {"--nodes", "60",           "--segments", "3",           "--corrupt",
                                "20%",     "--slow-loris", "10%",        "--false-map", "5%"};
    uint32_t counts[3][3] = {{0}};
    uint32_t roles[60] = {0};
    parse(10, argv);
    ck_assert(weft_sim_world_begin(&world, &options));
    for (uint32_t i = 0; i < world.mishaps.hostile_count; i++) {
        const struct weft_sim_hostile *hostile = &world.mishaps.hostiles[i];
        uint32_t kind = hostile->class == WEFT_SIM_MISHAP_CORRUPT     ? 0
                        : hostile->class == WEFT_SIM_MISHAP_FALSE_MAP ? 1
                                                                      : 2;
        counts[world.topology.segment_of[hostile->node]][kind]++;
        roles[hostile->node]++;
    }
    ck_assert_uint_eq(world.hostile_count, 21);
    for (uint32_t s = 0; s < 3; s++) {
        ck_assert_uint_eq(counts[s][0], 4);
        ck_assert_uint_eq(counts[s][1], 1);
        ck_assert_uint_eq(counts[s][2], 2);
    }
    for (uint32_t i = 0; i < 60; i++) {
        ck_assert_uint_le(roles[i], 1);
    }
    weft_sim_world_end(&world);
}
END_TEST

static uint64_t makespan_ns(void)
{
    weft_ns last_ns = 0;
    for (uint32_t i = 0; i < world.node_count; i++) {
        weft_ns at_ns = world.nodes[i].complete_ns;
        last_ns = !world.nodes[i].hostile && at_ns > last_ns ? at_ns : last_ns;
    }
    return last_ns - world.releases.items[0].publish_ns;
}

/* Every class, twice of it: the run ends well, and is another one than without. */
START_TEST(test_each_class_is_survived_and_does_something)
{
    char flag[64];
    const char *const argv[] = {"--nodes", "16", "--segments", "2", "--size", "4MiB", flag, "2"};
    const volatile int stop = 0;
    parse(6, argv);
    ck_assert(weft_sim_world_begin(&world, &options));
    weft_sim_world_run(&world, &stop);
    weft_ns calm_ns = world.now_ns;
    uint64_t calm_steps = weft_sim_world_totals(&world).steps;
    weft_sim_world_end(&world);

    snprintf(flag, sizeof(flag), "--%s", weft_sim_menu_flag((enum weft_sim_mishap_class)_i));
    parse(8, argv);
    ck_assert(weft_sim_world_begin(&world, &options));
    weft_sim_world_run(&world, &stop);
    ck_assert_msg(!world.checks.failed, "%s: %s: %s", flag, weft_sim_check_name(world.checks.check),
                  world.checks.detail);
    ck_assert_uint_gt(makespan_ns(), 0);
    bool differs = world.now_ns != calm_ns || weft_sim_world_totals(&world).steps != calm_steps;
    for (uint32_t i = 0; i < world.mishaps.hostile_count; i++) {
        differs |= world.mishaps.hostiles[i].changed > 0;
    }
    ck_assert_msg(differs, "%s changed nothing", flag);
    weft_sim_world_end(&world);
}
END_TEST

static Suite *menu_suite(void)
{
    Suite *suite = suite_create("sim menu");
    WEFT_ADD(suite, test_orders_are_read);
    WEFT_ADD(suite, test_what_is_no_order_is_refused);
    WEFT_ADD(suite, test_taking_one_away_leaves_the_others);
    WEFT_ADD(suite, test_shares_that_cannot_be_are_refused);
    WEFT_ADD(suite, test_shares_are_exact_and_apart);
    weft_check_add_rows(suite, "each class", test_each_class_is_survived_and_does_something,
                        WEFT_SIM_MISHAP_CLASS_COUNT);
    return suite;
}

WEFT_CHECK_MAIN(menu_suite)
