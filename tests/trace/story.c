/* SPDX-License-Identifier: Apache-2.0 */
/* Stories that weft-sim has no flags for, told by the test cluster: what happens to the control
 * plane when the network falls apart, when an agent says goodbye, when a node stands still.
 *
 *   story NAME FILE      plays it and writes every record into FILE, for scripts/trace-check */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/trace.h"
#include "tests/support/cluster.h"

#define SEED 1
#define SETTLE_NS (30 * WEFT_NS_PER_S)
#define LINE_BYTES 256

/* Four nodes of one segment are cut into halves, and joined again while a bulletin is out. */
static void partition(struct weft_cluster *cluster)
{
    cluster->nodes[2].group = 1;
    cluster->nodes[3].group = 1;
    weft_cluster_run(cluster, SETTLE_NS);
    weft_cluster_publish(cluster, 0, 2 /* version */);
    weft_cluster_run(cluster, WEFT_NS_PER_S);
    cluster->nodes[2].group = 0;
    cluster->nodes[3].group = 0;
    weft_cluster_run(cluster, SETTLE_NS);
}

/* The agent is told to stop, and is switched off a second later. */
static void leave(struct weft_cluster *cluster)
{
    struct weft_event event = {.kind = WEFT_EVENT_LEAVE};
    uint32_t agent = 0;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        agent = weft_view_node(cluster->nodes[i].core).is_agent ? i : agent;
    }
    weft_cluster_step(cluster, agent, &event);
    weft_cluster_run(cluster, WEFT_NS_PER_S);
    weft_cluster_kill(cluster, agent);
    weft_cluster_run(cluster, SETTLE_NS);
}

/* A node handles nothing for longer than others wait, and refutes what they say then. */
static void stall(struct weft_cluster *cluster)
{
    weft_cluster_stall(cluster, 2, 6 * WEFT_NS_PER_S);
    weft_cluster_run(cluster, SETTLE_NS);
}

static const struct story {
    const char *name;                           /* in the trace's "# story:" */
    void (*play)(struct weft_cluster *cluster); /* from a settled cluster on */
} stories[] = {{"partition", partition}, {"leave", leave}, {"stall", stall}};

/* Nodes are named by their places, from 1. */
static weft_node_id short_name(const struct weft_cluster *cluster, weft_node_id id)
{
    return id == 0 ? 0 : weft_cluster_index(cluster, id) + 1U;
}

/* The records since |since_ns|, which is zero for the reader. */
static int write_log(const struct weft_cluster *cluster, weft_ns since_ns, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    for (uint64_t i = 0; i < cluster->log_count && i < WEFT_CLUSTER_LOG_MAX; i++) {
        char line[LINE_BYTES];
        struct weft_trace_record record = cluster->log[i];
        if (record.time_ns < since_ns) {
            continue;
        }
        record.time_ns -= since_ns;
        record.node = short_name(cluster, record.node);
        record.peer = short_name(cluster, record.peer);
        weft_trace_format(&record, line, sizeof(line));
        fprintf(file, "%s\n", line);
    }
    return fclose(file) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof(stories) / sizeof(stories[0]); i++) {
        if (strcmp(stories[i].name, argv[1]) == 0) {
            struct weft_cluster *cluster = weft_cluster_new(4, 4 /* per segment */, SEED);
            cluster->config.tuning.agents = 1;
            weft_cluster_start_all(cluster);
            weft_cluster_run(cluster, SETTLE_NS);
            weft_ns since_ns = cluster->now_ns;
            stories[i].play(cluster);
            int code = write_log(cluster, since_ns, argv[2]);
            weft_cluster_free(cluster);
            return code;
        }
    }
    fprintf(stderr, "usage: story partition|leave|stall FILE\n");
    return 2;
}
