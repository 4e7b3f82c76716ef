/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the demo's processes up and down. Measures nothing. */
#include "demo_stage.h"

#include "demo_poll.h"
#include "demo_view.h"
#include "units.h"

#include "protocol/amount.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PAUSE_MS = 50,       /* between two looks at a process */
    SOURCE_MS = 10000,   /* for the source to answer */
    MESH_MS = 60000,     /* for the nodes to come up */
    ACQUAINT_MS = 15000, /* of it, for them to know each other */
    POLL_MS = 500,       /* for one round of answers */
    END_MS = 5000        /* for nodes to leave by themselves */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void weft_demo_stage_catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
    }
}

bool weft_demo_stage_interrupted(void)
{
    return interrupted != 0;
}

void weft_demo_stage_complain(const char *format, ...)
{
    va_list values;
    if (interrupted != 0) {
        return;
    }
    fputs("weft demo: ", stderr);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
}

void weft_demo_stage_pause(int ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

static void quote(const struct weft_demo_child *child)
{
    if (interrupted == 0) {
        weft_demo_child_quote(child);
    }
}

/* Start a command of weft, with a log of its own. */
static bool start(struct weft_demo_mesh *mesh, struct weft_demo_child *child,
                  struct weft_demo_command *command, const char *name)
{
    char log[1200];
    snprintf(log, sizeof(log), "%s/%s.log", mesh->place.directory, name);
    if (!weft_demo_child_start(child, command, log)) {
        weft_demo_stage_complain("cannot start 'weft %s': %s", command->arguments[1],
                                 strerror(errno));
        return false;
    }
    return true;
}

/* Run a command of weft to its end; |name| is that of its log. */
static bool finish(struct weft_demo_mesh *mesh, struct weft_demo_command *command, const char *name)
{
    struct weft_demo_child child;
    if (!start(mesh, &child, command, name)) {
        return false;
    }
    while (weft_demo_child_runs(&child)) {
        if (interrupted != 0) {
            weft_demo_child_signal(&child, SIGKILL);
        }
        weft_demo_stage_pause(PAUSE_MS / 5);
    }
    if (child.exit_code != 0) {
        weft_demo_stage_complain("'weft %s' failed:", command->arguments[1]);
        quote(&child);
    }
    return child.exit_code == 0 && interrupted == 0;
}

bool weft_demo_stage_prepare(struct weft_demo_mesh *mesh)
{
    char message[1024];
    const struct weft_demo_options *options = &mesh->options;
    if (!weft_demo_place_open(&mesh->place, options, message, sizeof(message))) {
        weft_demo_stage_complain("%s", message);
        return false;
    }
    mesh->port = weft_demo_net_claim(options, &mesh->port_lock);
    if (mesh->port == 0) {
        weft_demo_stage_complain("no port from 7767 on is free on all of 127.77.0.0/16");
        return false;
    }
    weft_demo_mesh_lay_out(mesh);
    weft_demo_view_step("files", "%s%s", mesh->place.directory,
                        options->keep ? "" : ", removed at the end");
    return true;
}

static bool publish(struct weft_demo_mesh *mesh, const char *version, const char *path)
{
    struct weft_demo_command command;
    weft_demo_command_begin(&command, "publish");
    weft_demo_command_add(&command, "--repo");
    weft_demo_command_add(&command, "%s/repo", mesh->place.directory);
    weft_demo_command_add(&command, "--keys");
    weft_demo_command_add(&command, "%s/keys", mesh->place.directory);
    weft_demo_command_add(&command, "--version");
    weft_demo_command_add(&command, "%s", version);
    weft_demo_command_add(&command, "--");
    weft_demo_command_add(&command, "%s", WEFT_DEMO_COMPONENT);
    weft_demo_command_add(&command, "%s", path);
    return finish(mesh, &command, version[0] == WEFT_DEMO_FIRST[0] ? "first" : "second");
}

static bool write_first(const char *path)
{
    FILE *file = fopen(path, "wxe");
    bool written = file != NULL && fputs("The release before the demo's release.\n", file) >= 0;
    return file != NULL && fclose(file) == 0 && written;
}

bool weft_demo_stage_repository(struct weft_demo_mesh *mesh)
{
    struct weft_demo_command command;
    char first[1200];
    snprintf(first, sizeof(first), "%s/first.txt", mesh->place.directory);
    if (!write_first(first)) {
        weft_demo_stage_complain("cannot write %s: %s", first, strerror(errno));
        return false;
    }
    weft_demo_command_begin(&command, "keygen");
    weft_demo_command_add(&command, "--keys");
    weft_demo_command_add(&command, "%s/keys", mesh->place.directory);
    if (!finish(mesh, &command, "keygen") || !publish(mesh, WEFT_DEMO_FIRST, first)) {
        return false;
    }
    weft_demo_view_step("publisher", "keys made; a first, small release is published and signed");
    return true;
}

static bool source_comes_up(struct weft_demo_mesh *mesh)
{
    int64_t deadline_ms = weft_demo_now_ms() + SOURCE_MS;
    while (!weft_demo_net_answers(weft_demo_net_source(), mesh->port)) {
        if (!weft_demo_child_runs(&mesh->source) || weft_demo_now_ms() > deadline_ms) {
            weft_demo_stage_complain("the source does not answer:");
            quote(&mesh->source);
            return false;
        }
        if (interrupted != 0) {
            return false;
        }
        weft_demo_stage_pause(PAUSE_MS);
    }
    return true;
}

bool weft_demo_stage_source(struct weft_demo_mesh *mesh)
{
    char buffer[64];
    struct weft_demo_command command;
    uint32_t rate = mesh->options.source_rate_bytes_per_s;
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    weft_text_add_amount(&text, rate, WEFT_UNIT_RATE);
    weft_demo_command_begin(&command, "source");
    weft_demo_command_add(&command, "--repo");
    weft_demo_command_add(&command, "%s/repo", mesh->place.directory);
    weft_demo_command_add(&command, "--listen");
    weft_demo_command_add(&command, "%s:%u", weft_demo_net_source(), (unsigned)mesh->port);
    if (rate > 0) {
        weft_demo_command_add(&command, "--rate");
        weft_demo_command_add(&command, "%s", buffer);
    }
    if (!start(mesh, &mesh->source, &command, "source") || !source_comes_up(mesh)) {
        return false;
    }
    weft_demo_view_step("source", "http://%s:%u/, %s%s", weft_demo_net_source(),
                        (unsigned)mesh->port, rate > 0 ? "limited to " : "not limited",
                        rate > 0 ? weft_units_bitrate(rate).text : "");
    return true;
}

/* Tuning flags that differ from their defaults. */
static void add_tuning(struct weft_demo_command *command, const struct weft_tuning *tuning)
{
    const struct weft_tuning standard = weft_tuning_default();
#define X(flag, field, unit, value, minimum, maximum, help)                                        \
    if (tuning->field != standard.field) {                                                         \
        char buffer[64];                                                                           \
        struct weft_text text = weft_text_into(buffer, sizeof(buffer));                            \
        weft_text_add_amount(&text, tuning->field, WEFT_UNIT_##unit);                              \
        weft_demo_command_add(command, "--%s=%s", flag, buffer);                                   \
    }
    WEFT_TUNING_MAP(X)
#undef X
}

/* Seeds are the first nodes of all segments: whoever they are, the others are met through them. */
static void add_seeds(struct weft_demo_command *command, const struct weft_demo_mesh *mesh,
                      const struct weft_demo_node *node)
{
    for (uint32_t s = 0; s < mesh->options.segments && s < 8; s++) {
        const struct weft_demo_node *first = &mesh->nodes[mesh->segments[s].first];
        if (first != node) {
            weft_demo_command_add(command, "--seed=%s:%u", first->address, (unsigned)mesh->port);
        }
    }
    const struct weft_demo_node *own = &mesh->nodes[mesh->segments[node->segment].first];
    if (node->segment >= 8 && own != node) {
        weft_demo_command_add(command, "--seed=%s:%u", own->address, (unsigned)mesh->port);
    }
}

static bool start_node(struct weft_demo_mesh *mesh, struct weft_demo_node *node)
{
    static struct weft_demo_command command;
    weft_demo_command_begin(&command, "run");
    weft_demo_command_add(&command, "--data=%s", node->data);
    weft_demo_command_add(&command, "--root=%s/repo/metadata/1.root.json", mesh->place.directory);
    weft_demo_command_add(&command, "--source=http://%s:%u", weft_demo_net_source(),
                          (unsigned)mesh->port);
    weft_demo_command_add(&command, "--listen=%s:%u", node->address, (unsigned)mesh->port);
    weft_demo_command_add(&command, "--subnet=%s", mesh->segments[node->segment].prefix);
    weft_demo_command_add(&command, "--component=%s=%s", WEFT_DEMO_COMPONENT, node->link);
    if (mesh->options.trace) {
        weft_demo_command_add(&command, "--trace=%s/%s.trace", mesh->place.directory,
                              node->address);
    }
    add_seeds(&command, mesh, node);
    add_tuning(&command, &mesh->options.tuning);
    return start(mesh, &node->child, &command, node->address);
}

bool weft_demo_stage_all_run(struct weft_demo_mesh *mesh)
{
    if (!weft_demo_child_runs(&mesh->source)) {
        weft_demo_stage_complain("the source ended (exit code %d):", mesh->source.exit_code);
        quote(&mesh->source);
        return false;
    }
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        struct weft_demo_node *node = &mesh->nodes[i];
        if (!weft_demo_child_runs(&node->child)) {
            weft_demo_stage_complain("node %s ended (exit code %d):", node->address,
                                     node->child.exit_code);
            quote(&node->child);
            return false;
        }
    }
    return true;
}

/* Nodes that have the first release. */
static uint32_t count_ready(const struct weft_demo_mesh *mesh)
{
    uint32_t ready = 0;
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        ready += mesh->nodes[i].has_first ? 1 : 0;
    }
    return ready;
}

/* Every node sees its whole segment, and an agent in it knows somebody outside. */
static bool are_acquainted(const struct weft_demo_mesh *mesh)
{
    for (uint32_t s = 0; s < mesh->options.segments; s++) {
        const struct weft_demo_segment *segment = &mesh->segments[s];
        bool has_agent = false;
        for (uint32_t i = segment->first; i < segment->first + segment->count; i++) {
            const struct weft_demo_node *node = &mesh->nodes[i];
            if (node->alive != segment->count) {
                return false;
            }
            has_agent = has_agent ||
                        (node->is_agent && (node->remote_known > 0 || mesh->options.segments == 1));
        }
        if (!has_agent) {
            return false;
        }
    }
    return true;
}

static void complain_of_missing(const struct weft_demo_mesh *mesh)
{
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        const struct weft_demo_node *node = &mesh->nodes[i];
        if (!node->has_first) {
            weft_demo_stage_complain("node %s %s; its output:", node->address,
                                     node->answers ? "has no release yet" : "does not answer");
            quote(&node->child);
            return;
        }
    }
}

static bool wait_for_nodes(struct weft_demo_mesh *mesh)
{
    int64_t start_ms = weft_demo_now_ms();
    for (;;) {
        weft_demo_poll(mesh, POLL_MS);
        if (interrupted != 0 || !weft_demo_stage_all_run(mesh)) {
            return false;
        }
        int64_t waited_ms = weft_demo_now_ms() - start_ms;
        bool ready = count_ready(mesh) == mesh->options.nodes;
        if (ready && (are_acquainted(mesh) || waited_ms > ACQUAINT_MS)) {
            weft_demo_view_step("nodes", "%u processes in %s, %s after %s",
                                (unsigned)mesh->options.nodes,
                                weft_units_count(mesh->options.segments, "segment").text,
                                are_acquainted(mesh) ? "all know each other"
                                                     : "which do not all know each other yet,",
                                weft_units_duration((uint64_t)waited_ms).text);
            return true;
        }
        if (waited_ms > MESH_MS) {
            complain_of_missing(mesh);
            return false;
        }
        weft_demo_stage_pause(PAUSE_MS * 2);
    }
}

bool weft_demo_stage_nodes(struct weft_demo_mesh *mesh)
{
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        if (!start_node(mesh, &mesh->nodes[i])) {
            return false;
        }
    }
    return wait_for_nodes(mesh);
}

bool weft_demo_stage_publish(struct weft_demo_mesh *mesh)
{
    int64_t start_ms = weft_demo_now_ms();
    if (!publish(mesh, WEFT_DEMO_SECOND, mesh->place.payload)) {
        return false;
    }
    weft_demo_view_step("release", "%s, %s, published in %s",
                        mesh->options.path != NULL ? mesh->options.path : "a random file",
                        weft_units_bytes(mesh->place.bytes).text,
                        weft_units_duration((uint64_t)(weft_demo_now_ms() - start_ms)).text);
    return true;
}

static void signal_nodes(struct weft_demo_mesh *mesh, int number)
{
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        weft_demo_child_signal(&mesh->nodes[i].child, number);
    }
}

static uint32_t count_running(struct weft_demo_mesh *mesh)
{
    uint32_t running = weft_demo_child_runs(&mesh->source) ? 1 : 0;
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        running += weft_demo_child_runs(&mesh->nodes[i].child) ? 1 : 0;
    }
    return running;
}

void weft_demo_stage_end(struct weft_demo_mesh *mesh)
{
    int64_t deadline_ms = weft_demo_now_ms() + END_MS;
    signal_nodes(mesh, SIGTERM);
    weft_demo_child_signal(&mesh->source, SIGTERM);
    while (count_running(mesh) > 0 && weft_demo_now_ms() < deadline_ms) {
        weft_demo_stage_pause(PAUSE_MS);
    }
    signal_nodes(mesh, SIGKILL);
    weft_demo_child_signal(&mesh->source, SIGKILL);
    while (count_running(mesh) > 0) {
        weft_demo_stage_pause(PAUSE_MS);
    }
}
