/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the demo that need no processes: layout, sums, lower bound, comparison of contents,
 * and the pages it shows. */
#include "tests/support/check_main.h"

#include "node/demo_summary.h"
#include "node/demo_verify.h"
#include "node/demo_view.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct weft_demo_mesh mesh;

static void lay_out(uint32_t nodes, uint32_t segments)
{
    memset(&mesh, 0, sizeof(mesh));
    mesh.options.nodes = nodes;
    mesh.options.segments = segments;
    mesh.options.source_rate_bytes_per_s = 20000000;
    snprintf(mesh.place.directory, sizeof(mesh.place.directory), "/tmp/x");
    weft_demo_mesh_lay_out(&mesh);
}

static const uint32_t shapes[][2] = {{1, 1}, {12, 3}, {7, 3}, {200, 200}, {200, 1}, {11, 4}};

START_TEST(test_every_node_has_a_segment)
{
    uint32_t nodes = shapes[_i][0];
    uint32_t segments = shapes[_i][1];
    uint32_t next = 0;
    lay_out(nodes, segments);
    for (uint32_t s = 0; s < segments; s++) {
        const struct weft_demo_segment *segment = &mesh.segments[s];
        ck_assert_uint_eq(segment->first, next);
        ck_assert_uint_ge(segment->count, nodes / segments);
        ck_assert_uint_le(segment->count, nodes / segments + 1);
        for (uint32_t i = next; i < next + segment->count; i++) {
            char address[WEFT_DEMO_ADDRESS_BYTES];
            snprintf(address, sizeof(address), "127.77.%u.%u", s + 1, 10 + i - next);
            ck_assert_uint_eq(mesh.nodes[i].segment, s);
            ck_assert_str_eq(mesh.nodes[i].address, address);
        }
        next += segment->count;
    }
    ck_assert_uint_eq(next, nodes);
}
END_TEST

START_TEST(test_bound)
{
    ck_assert_uint_eq(weft_demo_summary_bound_ms(67108864, 20000000), 3355);
    ck_assert_uint_eq(weft_demo_summary_bound_ms(UINT64_C(1) << 50, 1), (UINT64_C(1) << 50) * 1000);
    ck_assert_uint_eq(weft_demo_summary_bound_ms(5, 0), 0);
}
END_TEST

START_TEST(test_sums)
{
    lay_out(4, 2);
    for (uint32_t i = 0; i < 4; i++) {
        mesh.nodes[i].bytes_have = 100 + i;
        mesh.nodes[i].active = i > 1;
        mesh.nodes[i].tiers[WEFT_TIER_PEER] = 10;
        mesh.nodes[i].tiers[WEFT_TIER_REMOTE] = 3;
        mesh.nodes[i].tiers[WEFT_TIER_SOURCE] = i;
    }
    struct weft_demo_sum second = weft_demo_mesh_sum(&mesh, 2, 2);
    ck_assert_uint_eq(second.bytes_have, 205);
    ck_assert_uint_eq(second.active, 2);
    ck_assert_uint_eq(second.tiers[WEFT_TIER_PEER], 20);
    ck_assert_uint_eq(second.wan_bytes, 11);
    ck_assert_uint_eq(weft_demo_mesh_total(&mesh).wan_bytes, 18);
}
END_TEST

/* What nodes of a running demo may look like: no page passes its width or height. */
START_TEST(test_pages_fit)
{
    static const uint32_t widths[] = {40, 80, 120, 500};
    for (size_t w = 0; w < WEFT_ROWS(widths); w++) {
        struct weft_terminal terminal = {.is_terminal = true, .width = widths[w], .height = 24};
        struct weft_page page = weft_page_new(terminal);
        lay_out(shapes[_i][0], shapes[_i][1]);
        weft_demo_view_draw(&page, &mesh, 0);
        mesh.bytes = UINT64_C(5) << 40;
        mesh.nodes[0].bytes_have = mesh.bytes;
        mesh.nodes[0].is_agent = true;
        weft_demo_view_draw(&page, &mesh, 12345678);
        weft_demo_summary_draw(&page, &mesh);
        ck_assert(!page.failed);
        size_t column = 0;
        for (size_t i = 0; i < page.length; i++) {
            column = page.text[i] == '\n' ? 0 : column + 1;
            ck_assert_uint_le(column, widths[w]);
        }
        weft_page_free(&page);
    }
}
END_TEST

static void put(const char *directory, const char *name, const char *content, mode_t mode)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    fclose(file);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static void make_tree(char *directory)
{
    char path[512];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/sub", directory);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    put(directory, "sub/a", "hello", 0644);
    put(directory, "run", "#!", 0755);
    snprintf(path, sizeof(path), "%s/link", directory);
    ck_assert_int_eq(symlink("sub/a", path), 0);
}

static void remove_tree(const char *directory)
{
    static const char *const names[] = {"sub/a", "sub/b", "sub/c", "sub", "run", "link", "."};
    for (size_t i = 0; i < WEFT_ROWS(names); i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        remove(i + 1 < WEFT_ROWS(names) ? path : directory);
    }
}

static bool are_same(const char *a, const char *b)
{
    uint8_t first[WEFT_SHA256_BYTES];
    uint8_t second[WEFT_SHA256_BYTES];
    ck_assert_int_eq(weft_demo_verify_hash(a, first), WEFT_ERR_OK);
    ck_assert_int_eq(weft_demo_verify_hash(b, second), WEFT_ERR_OK);
    return memcmp(first, second, sizeof(first)) == 0;
}

START_TEST(test_comparison_sees_every_difference)
{
    char one[] = "/tmp/weft-test.XXXXXX";
    char other[] = "/tmp/weft-test.XXXXXX";
    char from[64];
    char to[64];
    uint8_t digest[WEFT_SHA256_BYTES];
    make_tree(one);
    make_tree(other);
    ck_assert(are_same(one, other));
    put(other, "sub/a", "hellp", 0644);
    ck_assert(!are_same(one, other));
    put(other, "sub/a", "hello", 0600);
    ck_assert(are_same(one, other));
    put(other, "run", "#!", 0644);
    ck_assert(!are_same(one, other));
    put(other, "run", "#!", 0755);
    put(other, "sub/b", "", 0644);
    ck_assert(!are_same(one, other));
    put(one, "sub/c", "", 0644);
    ck_assert(!are_same(one, other));
    snprintf(from, sizeof(from), "%s/sub/c", one);
    snprintf(to, sizeof(to), "%s/sub/b", one);
    ck_assert_int_eq(rename(from, to), 0);
    ck_assert(are_same(one, other));
    snprintf(to, sizeof(to), "%s/link", other);
    ck_assert_int_eq(unlink(to), 0);
    ck_assert_int_eq(symlink("sub/b", to), 0);
    ck_assert(!are_same(one, other));
    ck_assert_int_eq(weft_demo_verify_hash("/nonexistent", digest), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_demo_verify_hash("/dev/null", digest), WEFT_ERR_UNSUPPORTED);
    remove_tree(one);
    remove_tree(other);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("demo");
    WEFT_ADD_ROWS(suite, test_every_node_has_a_segment, shapes);
    WEFT_ADD(suite, test_bound);
    WEFT_ADD(suite, test_sums);
    WEFT_ADD_ROWS(suite, test_pages_fit, shapes);
    WEFT_ADD(suite, test_comparison_sees_every_difference);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
