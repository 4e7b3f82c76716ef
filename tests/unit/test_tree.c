/* SPDX-License-Identifier: Apache-2.0 */
/* The trees of a segment, as its nodes compute them one by one. */
#include "tests/support/check_main.h"

#include <stdlib.h>

#include "protocol/state.h"
#include "tests/support/cluster.h"

/* Sizes of segments: linked all with all up to 33, then each with some. */
static const uint32_t sizes[] = {2, 3, 5, 6, 17, 33, 34, 60, 250};

static struct weft_cluster *cluster;
static uint32_t *children[WEFT_STRIPES]; /* by node */

/* A segment that agrees on its members and agents, and the children of each node. */
static void grow(uint32_t size)
{
    cluster = weft_cluster_new(size, size, 71);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 60 * WEFT_NS_PER_S);
    ck_assert(weft_cluster_is_agreed(cluster));
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        children[stripe] = calloc(size, sizeof(uint32_t));
        for (uint32_t i = 0; i < size; i++) {
            weft_node_id parent = weft_tree_parent(cluster->nodes[i].core, stripe);
            if (parent != 0) {
                children[stripe][weft_cluster_index(cluster, parent)]++;
            }
        }
    }
}

static void fell(void)
{
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        free(children[stripe]);
    }
    weft_cluster_free(cluster);
}

/* Steps from node |index| up to a node without parent; more than there are nodes: a circle. */
static uint32_t depth_of(uint32_t index, uint32_t stripe, uint32_t *root)
{
    uint32_t depth = 0;
    while (depth <= cluster->node_count) {
        weft_node_id parent = weft_tree_parent(cluster->nodes[index].core, stripe);
        if (parent == 0) {
            break;
        }
        index = weft_cluster_index(cluster, parent);
        depth++;
    }
    *root = index;
    return depth;
}

START_TEST(all_paths_lead_to_one_root)
{
    uint32_t size = sizes[_i];
    grow(size);
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        uint32_t first = 0;
        (void)depth_of(0, stripe, &first);
        for (uint32_t i = 0; i < size; i++) {
            uint32_t root = 0;
            ck_assert_uint_le(depth_of(i, stripe, &root), 12);
            ck_assert_uint_eq(root, first);
        }
    }
    fell();
}
END_TEST

START_TEST(agents_have_no_children)
{
    grow(sizes[_i]);
    uint32_t agents = 0;
    for (uint32_t i = 0; i < sizes[_i]; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        for (uint32_t stripe = 0; weft_election_self(core) && stripe < WEFT_STRIPES; stripe++) {
            ck_assert_uint_eq(children[stripe][i], 0);
        }
        agents += weft_election_self(core);
    }
    ck_assert_uint_gt(agents, 0);
    fell();
}
END_TEST

/* In all stripes together a node has about as many children as it has parents. */
START_TEST(the_load_is_spread)
{
    uint32_t size = sizes[_i];
    grow(size);
    uint32_t over = 0;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t all = 0;
        for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
            all += children[stripe][i];
        }
        over += all > 2 * WEFT_TREE_FANOUT;
    }
    ck_assert_uint_le(over, size / 8);
    fell();
}
END_TEST

START_TEST(a_parent_stays_until_the_view_changes)
{
    grow(40);
    struct weft_core *core = cluster->nodes[7].core;
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        weft_node_id parent = weft_tree_parent(core, stripe);
        ck_assert_uint_ne(parent, core->self.id);
        if (parent == 0) {
            continue;
        }
        weft_cluster_kill(cluster, weft_cluster_index(cluster, parent));
        ck_assert_uint_eq(weft_tree_parent(core, stripe), parent);
        weft_cluster_run(cluster, 30 * WEFT_NS_PER_S);
        ck_assert_uint_ne(weft_tree_parent(core, stripe), parent);
    }
    fell();
}
END_TEST

static Suite *tree_suite(void)
{
    Suite *suite = suite_create("tree");
    WEFT_ADD_ROWS(suite, all_paths_lead_to_one_root, sizes);
    WEFT_ADD_ROWS(suite, agents_have_no_children, sizes);
    WEFT_ADD_ROWS(suite, the_load_is_spread, sizes);
    WEFT_ADD(suite, a_parent_stays_until_the_view_changes);
    return suite;
}

WEFT_CHECK_MAIN(tree_suite)
