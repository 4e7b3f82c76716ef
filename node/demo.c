/* SPDX-License-Identifier: Apache-2.0 */
/* `weft demo` from its first line to its last: stages, the measured run, the check of contents.
 *
 * Timers: a run in which nothing moves for STUCK_MS is given up. */
#include "demo.h"

#include "demo_poll.h"
#include "demo_stage.h"
#include "demo_summary.h"
#include "demo_verify.h"
#include "demo_view.h"
#include "exit.h"
#include "units.h"

#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    POLL_MS = 500,     /* for one round of answers */
    PAUSE_MS = 150,    /* between two rounds */
    STUCK_MS = 180000, /* without any progress: give up */
    SHOW_MAX = 3,      /* nodes that are complained of */
    MANY_FILES = 1000  /* of a tree: removing them is worth a word */
};

/* One node is told; the others hear of it from each other. */
static void tell_one(struct weft_demo_mesh *mesh)
{
    struct weft_demo_node *told = &mesh->nodes[mesh->options.nodes - 1];
    mesh->zero_ms = weft_demo_now_ms();
    weft_demo_child_signal(&told->child, SIGHUP);
    weft_demo_view_step("news", "only node %s is told to look at the source", told->address);
}

/* Grows with everything that can move. */
static uint64_t progress_of(const struct weft_demo_mesh *mesh)
{
    struct weft_demo_sum sum = weft_demo_mesh_total(mesh);
    uint64_t progress = sum.bytes_have + sum.active;
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        progress += mesh->nodes[i].knows ? 1 : 0;
    }
    return progress;
}

static void complain_of_stuck(const struct weft_demo_mesh *mesh)
{
    uint32_t shown = 0;
    weft_demo_stage_complain("nothing moved for %s:", weft_units_duration(STUCK_MS).text);
    for (uint32_t i = 0; i < mesh->options.nodes && shown < SHOW_MAX; i++) {
        const struct weft_demo_node *node = &mesh->nodes[i];
        if (!node->active) {
            shown++;
            weft_demo_stage_complain("node %s has %s of %s and waits: %s. %s", node->address,
                                     weft_units_bytes(node->bytes_have).text,
                                     weft_units_bytes(mesh->bytes).text, node->waits, node->error);
            weft_demo_child_quote(&node->child);
        }
    }
}

/* Watches until every node has activated the release. */
static bool watch(struct weft_demo_mesh *mesh)
{
    static struct weft_demo_view view;
    uint64_t progress = 0;
    int64_t moved_ms = weft_demo_now_ms();
    view.line_ms = moved_ms;
    for (;;) {
        weft_demo_poll(mesh, POLL_MS);
        bool done = weft_demo_mesh_total(mesh).active == mesh->options.nodes;
        weft_demo_view_show(&view, mesh, done);
        if (done) {
            return true;
        }
        if (weft_demo_stage_interrupted() || !weft_demo_stage_all_run(mesh)) {
            return false;
        }
        if (progress_of(mesh) != progress) {
            progress = progress_of(mesh);
            moved_ms = weft_demo_now_ms();
        }
        if (weft_demo_now_ms() - moved_ms > STUCK_MS) {
            complain_of_stuck(mesh);
            return false;
        }
        weft_demo_stage_pause(PAUSE_MS);
    }
}

static void show_summary(const struct weft_demo_mesh *mesh)
{
    struct weft_page page = weft_page_new(weft_terminal_look(STDOUT_FILENO));
    weft_demo_summary_draw(&page, mesh);
    weft_page_show(&page, stdout, NULL);
    weft_page_free(&page);
}

/* Where a node's copy is: a single file keeps its name below the link. */
static void path_of_copy(const struct weft_demo_mesh *mesh, const struct weft_demo_node *node,
                         char *path, size_t size)
{
    char payload[sizeof(mesh->place.payload)];
    snprintf(payload, sizeof(payload), "%s", mesh->place.payload);
    if (mesh->place.payload_is_tree) {
        snprintf(path, size, "%s", node->link);
    } else {
        snprintf(path, size, "%s/%s", node->link, basename(payload));
    }
}

static bool is_identical(const struct weft_demo_mesh *mesh, const struct weft_demo_node *node,
                         const uint8_t *digest)
{
    char path[8192];
    uint8_t copy[WEFT_SHA256_BYTES];
    path_of_copy(mesh, node, path, sizeof(path));
    enum weft_err err = weft_demo_verify_hash(path, copy);
    if (err != WEFT_ERR_OK) {
        weft_demo_stage_complain("cannot read what node %s has, %s: %s", node->address, path,
                                 weft_err_text(err));
        return false;
    }
    if (memcmp(copy, digest, sizeof(copy)) != 0) {
        weft_demo_stage_complain("node %s has other content than was published: %s", node->address,
                                 path);
        return false;
    }
    return true;
}

static void say_checking(const struct weft_demo_mesh *mesh, uint32_t node)
{
    if (weft_terminal_look(STDOUT_FILENO).is_terminal) {
        printf("\r  content    comparing node %u of %u\033[K", (unsigned)node + 1,
               (unsigned)mesh->options.nodes);
        fflush(stdout);
    }
}

/* Compares what every node activated with what was published. */
static bool check_content(const struct weft_demo_mesh *mesh)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    uint32_t identical = 0;
    enum weft_err err = weft_demo_verify_hash(mesh->place.payload, digest);
    if (err != WEFT_ERR_OK) {
        weft_demo_stage_complain("cannot read %s: %s", mesh->place.payload, weft_err_text(err));
        return false;
    }
    for (uint32_t i = 0; i < mesh->options.nodes && !weft_demo_stage_interrupted(); i++) {
        say_checking(mesh, i);
        identical += is_identical(mesh, &mesh->nodes[i], digest) ? 1 : 0;
    }
    printf("%s", weft_terminal_look(STDOUT_FILENO).is_terminal ? "\r\033[K" : "");
    weft_demo_view_step("content", "identical on %u of %u nodes (SHA-256 %02x%02x%02x%02x...)",
                        (unsigned)identical, (unsigned)mesh->options.nodes, digest[0], digest[1],
                        digest[2], digest[3]);
    return identical == mesh->options.nodes;
}

static void say_news(const struct weft_demo_mesh *mesh)
{
    printf("\n");
    weft_demo_view_step("news", "every node knew of the release within %s",
                        weft_units_duration(mesh->heard_ms).text);
}

static bool show(struct weft_demo_mesh *mesh)
{
    const struct weft_demo_options *options = &mesh->options;
    printf("weft demo: %s in %s on this machine\n\n", weft_units_count(options->nodes, "node").text,
           weft_units_count(options->segments, "segment").text);
    if (!weft_demo_stage_prepare(mesh) || !weft_demo_stage_repository(mesh) ||
        !weft_demo_stage_admit(mesh) || !weft_demo_stage_source(mesh) ||
        !weft_demo_stage_nodes(mesh) || !weft_demo_stage_publish(mesh)) {
        return false;
    }
    tell_one(mesh);
    if (!watch(mesh)) {
        return false;
    }
    say_news(mesh);
    weft_demo_stage_end(mesh);
    bool identical = check_content(mesh);
    if (!weft_demo_stage_interrupted()) {
        show_summary(mesh);
    }
    return identical;
}

/* Thousands of files take their time. */
static void say_removing(const struct weft_demo_mesh *mesh)
{
    if (!mesh->options.keep && mesh->place.files > MANY_FILES) {
        printf("  removing %llu files...\n",
               (unsigned long long)mesh->place.files * (mesh->options.nodes + 1));
        fflush(stdout);
    }
}

int weft_command_demo(int argc, char **argv)
{
    static struct weft_demo_mesh mesh; /* large, and there is one */
    int exit_code;
    mesh.port_lock = -1;
    if (!weft_demo_options_read(&mesh.options, argc, argv, &exit_code)) {
        return exit_code;
    }
    weft_demo_stage_catch_signals();
    exit_code = show(&mesh) ? WEFT_EXIT_OK : WEFT_EXIT_FAILED;
    weft_demo_stage_end(&mesh);
    say_removing(&mesh);
    weft_demo_place_leave(&mesh.place, mesh.options.keep);
    if (mesh.port_lock >= 0) {
        close(mesh.port_lock);
    }
    if (weft_demo_stage_interrupted()) {
        fprintf(stderr, "\nweft demo: interrupted; everything it started has ended\n");
        return WEFT_EXIT_INTERRUPTED;
    }
    if (mesh.options.keep && mesh.place.directory[0] != '\0') {
        printf("  kept       %s\n", mesh.place.directory);
    }
    return exit_code;
}
