/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "when does a node's shell know of a release, and what does it tell the core?".
 *
 * A newer timestamp, from the source or from a peer's bulletin, starts an update: snapshot, targets
 * and chunk index are asked of the core one after the other; then the core is told of the bulletin
 * and of the release. One update at a time; a failed one ends, and the next bulletin or look starts
 * again. */
#include "publish.h"
#include "document.h"
#include "random.h"
#include "world.h"

#include "protocol/limits.h"
#include "protocol/view.h"

#include <stdio.h>
#include <string.h>

/* Lengths of documents as weft publish makes them. */
#define SNAPSHOT_BYTES 600
#define TARGETS_BYTES 900
#define INDEX_BYTES_PER_CHUNK 36
#define INDEX_HEAD_BYTES 40

/* The rule of weft publish: about 512 chunks, but not too small and not too large. */
#define CHUNKS_AIM 512
#define CHUNK_BYTES_MIN 32768

#define ROOT_VERSION 1
#define COMPONENT 1
#define PATH_BYTES 64

/* --- the release and its documents --- */

struct weft_sim_release weft_sim_publish_cut(uint64_t bytes, uint32_t chunk_bytes, uint64_t seed)
{
    struct weft_sim_release release = {.bytes = bytes, .chunk_bytes = chunk_bytes};
    release.id = weft_sim_random(seed, WEFT_SIM_FOR_CONTENT, 0, bytes) | 1;
    if (chunk_bytes == 0) {
        release.chunk_bytes = CHUNK_BYTES_MIN;
        while (release.chunk_bytes < WEFT_CHUNK_BYTES_MAX &&
               (uint64_t)release.chunk_bytes * CHUNKS_AIM < bytes) {
            release.chunk_bytes *= 2;
        }
    }
    uint64_t count = (bytes + release.chunk_bytes - 1) / release.chunk_bytes;
    count = count == 0 ? 1 : count;
    release.chunk_count = count > WEFT_CHUNKS_MAX ? 0 : (uint32_t)count;
    return release;
}

uint32_t weft_sim_publish_chunk_bytes(const struct weft_sim_release *release, uint32_t chunk)
{
    uint64_t left = release->bytes - (uint64_t)chunk * release->chunk_bytes;
    return left < release->chunk_bytes ? (uint32_t)left : release->chunk_bytes;
}

uint32_t weft_sim_publish_document_bytes(const struct weft_sim_release *release,
                                         enum weft_sim_document_kind kind)
{
    switch (kind) {
    case WEFT_SIM_DOCUMENT_TIMESTAMP:
        return WEFT_SIM_BULLETIN_BYTES;
    case WEFT_SIM_DOCUMENT_SNAPSHOT:
        return SNAPSHOT_BYTES;
    case WEFT_SIM_DOCUMENT_TARGETS:
        return TARGETS_BYTES;
    case WEFT_SIM_DOCUMENT_INDEX:
        return INDEX_HEAD_BYTES + INDEX_BYTES_PER_CHUNK * release->chunk_count;
    case WEFT_SIM_DOCUMENT_KIND_COUNT:
        break;
    }
    return 0;
}

/* The path of a document, as a TUF repository lays it out. */
static void path_of(enum weft_sim_document_kind kind, uint32_t version, char path[PATH_BYTES])
{
    static const char *const shapes[] = {
        "metadata/timestamp.json",
        "metadata/%u.snapshot.json",
        "metadata/%u.targets.json",
        "targets/pattern/%u/pattern.index",
    };
    if (kind == WEFT_SIM_DOCUMENT_TIMESTAMP) {
        snprintf(path, PATH_BYTES, "%s", shapes[kind]);
        return;
    }
    const char *shape = shapes[kind];
    const char *number = strchr(shape, '%');
    snprintf(path, PATH_BYTES, "%.*s%u%s", (int)(number - shape), shape, version, number + 2);
}

/* Bytes of the bulletin of |version|: the same everywhere, different from version to version. */
static void bulletin_of(const struct weft_sim_world *world, uint32_t version,
                        uint8_t bytes[WEFT_SIM_BULLETIN_BYTES])
{
    for (uint32_t i = 0; i < WEFT_SIM_BULLETIN_BYTES; i++) {
        bytes[i] =
            (uint8_t)weft_sim_random(world->options->seed, WEFT_SIM_FOR_CONTENT, version, i + 1);
    }
}

bool weft_sim_publish_holds(const struct weft_sim_world *world, uint32_t node,
                            const struct weft_sim_document *document)
{
    const struct weft_sim_updater *updater = &world->nodes[node].updater;
    if (document->kind >= WEFT_SIM_DOCUMENT_KIND_COUNT) {
        return false;
    }
    if (document->version == updater->version) {
        return true;
    }
    return document->version == updater->wanted && ((updater->holds >> document->kind) & 1) != 0;
}

/* --- what the core is told --- */

static void tell_bulletin(struct weft_sim_world *world, uint32_t node)
{
    uint8_t bytes[WEFT_SIM_BULLETIN_BYTES];
    uint32_t version = world->nodes[node].updater.version;
    bulletin_of(world, version, bytes);
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN};
    event.bulletin.version = version;
    event.bulletin.root_version = ROOT_VERSION;
    event.bulletin.bytes = bytes;
    event.bulletin.length = sizeof(bytes);
    weft_sim_node_step(world, node, &event);
}

static void tell_release(struct weft_sim_world *world, uint32_t node)
{
    static uint8_t have[WEFT_CHUNKS_MAX / 8];
    const struct weft_sim_node *self = &world->nodes[node];
    const struct weft_sim_release *release = &world->release;
    memset(have, 0, sizeof(have));
    for (uint32_t i = 0; i < release->chunk_count; i++) {
        have[i / 8] |= (uint8_t)(weft_sim_node_has(self, i) << (i % 8));
    }
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE};
    event.release.id = release->id;
    event.release.component = COMPONENT;
    event.release.chunk_count = release->chunk_count;
    event.release.bytes = release->bytes;
    event.release.have = self->have_count > 0 ? have : NULL;
    event.release.wanted = !self->complete;
    weft_sim_node_step(world, node, &event);
}

void weft_sim_publish_on_start(struct weft_sim_world *world, uint32_t node)
{
    struct weft_sim_updater *updater = &world->nodes[node].updater;
    updater->wanted = 0;
    tell_bulletin(world, node);
    if (updater->has_release) {
        tell_release(world, node);
    }
}

/* --- one update --- */

static void want_document(struct weft_sim_world *world, uint32_t node)
{
    struct weft_sim_updater *updater = &world->nodes[node].updater;
    enum weft_sim_document_kind kind = (enum weft_sim_document_kind)updater->stage;
    char path[PATH_BYTES];
    path_of(kind, updater->wanted, path);
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT_WANTED};
    event.document_wanted.token = ++updater->token;
    event.document_wanted.path = path;
    event.document_wanted.bytes_max = weft_sim_publish_document_bytes(&world->release, kind);
    event.document_wanted.bulletin = updater->wanted;
    event.document_wanted.hint =
        updater->hint == WEFT_SIM_NOBODY ? 0 : world->nodes[updater->hint].id;
    weft_sim_node_step(world, node, &event);
}

static void begin_update(struct weft_sim_world *world, uint32_t node, uint32_t version,
                         uint32_t hint)
{
    struct weft_sim_updater *updater = &world->nodes[node].updater;
    if (version <= updater->version || version <= updater->wanted) {
        return;
    }
    updater->wanted = version;
    updater->hint = hint;
    updater->holds = 1u << WEFT_SIM_DOCUMENT_TIMESTAMP;
    updater->stage = WEFT_SIM_DOCUMENT_SNAPSHOT;
    want_document(world, node);
}

/* The document of the current stage is here: go on, or tell the core that all of them are. */
static void next_stage(struct weft_sim_world *world, uint32_t node)
{
    struct weft_sim_updater *updater = &world->nodes[node].updater;
    updater->holds |= 1u << updater->stage;
    updater->stage++;
    if (updater->stage < WEFT_SIM_DOCUMENT_KIND_COUNT) {
        want_document(world, node);
        return;
    }
    updater->version = updater->wanted;
    updater->wanted = 0;
    updater->has_release = true;
    weft_ns now_ns = weft_sim_world_now(world);
    world->first_known_ns = world->first_known_ns == 0 ? now_ns : world->first_known_ns;
    world->last_known_ns = now_ns;
    tell_bulletin(world, node);
    tell_release(world, node);
}

void weft_sim_publish_on_document(struct weft_sim_world *world,
                                  const struct weft_sim_document *document)
{
    uint32_t node = document->node;
    if (document->token == 0) {
        struct weft_event event = {.kind = WEFT_EVENT_LOOKED, .looked = {document->result}};
        weft_sim_node_step(world, node, &event);
        if (document->result == WEFT_ERR_OK) {
            begin_update(world, node, document->version, WEFT_SIM_NOBODY);
        }
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT};
    event.document.token = document->token;
    event.document.result = document->result;
    weft_sim_node_step(world, node, &event);
    const struct weft_sim_updater *updater = &world->nodes[node].updater;
    bool current = updater->wanted != 0 && updater->token == document->token;
    if (current && document->result == WEFT_ERR_OK) {
        next_stage(world, node);
    }
}

/* --- actions --- */

void weft_sim_publish_look(struct weft_sim_world *world, uint32_t node)
{
    struct weft_sim_document wanted = {
        .node = node, .from = WEFT_SIM_SOURCE, .kind = WEFT_SIM_DOCUMENT_TIMESTAMP};
    weft_sim_document_fetch(world, &wanted);
}

/* Words of a VERDICT: version, error, life. The shell answers after the step. */
static void push_verdict(struct weft_sim_world *world, uint32_t node, uint32_t peer,
                         uint32_t version, enum weft_err err)
{
    struct weft_sim_entry *entry =
        weft_sim_world_push(world, weft_sim_world_now(world), WEFT_SIM_VERDICT, node);
    entry->peer = peer;
    entry->words[0] = version;
    entry->words[1] = err;
    entry->words[2] = world->nodes[node].life;
}

void weft_sim_publish_check(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_bulletin *bulletin)
{
    uint8_t expected[WEFT_SIM_BULLETIN_BYTES];
    bulletin_of(world, bulletin->version, expected);
    bool genuine =
        bulletin->version <= WEFT_SIM_VERSION_NEW &&
        (bulletin->length == 0 || (bulletin->length == sizeof(expected) &&
                                   memcmp(bulletin->bytes, expected, sizeof(expected)) == 0));
    uint32_t peer = weft_sim_topology_by_id(&world->topology, bulletin->peer.id);
    push_verdict(world, node, peer, bulletin->version, genuine ? WEFT_ERR_OK : WEFT_ERR_SIGNATURE);
}

void weft_sim_publish_on_verdict(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    const struct weft_sim_node *node = &world->nodes[entry->node];
    if (!node->alive || node->life != entry->words[2]) {
        return;
    }
    uint32_t version = (uint32_t)entry->words[0];
    enum weft_err err = (enum weft_err)entry->words[1];
    if (err == WEFT_ERR_OK && version > node->updater.version) {
        begin_update(world, entry->node, version, entry->peer);
        return;
    }
    if (err == WEFT_ERR_OK && version == node->updater.version) {
        tell_bulletin(world, entry->node);
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN_REFUSED};
    event.bulletin_refused.peer = entry->peer == WEFT_SIM_NOBODY ? 0 : world->nodes[entry->peer].id;
    event.bulletin_refused.version = version;
    event.bulletin_refused.result = err == WEFT_ERR_OK ? WEFT_ERR_ROLLBACK : err;
    weft_sim_node_step(world, entry->node, &event);
}

void weft_sim_publish_fetch(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_document *document)
{
    struct weft_sim_document wanted = {.node = node,
                                       .from = WEFT_SIM_SOURCE,
                                       .kind = WEFT_SIM_DOCUMENT_KIND_COUNT,
                                       .token = document->token};
    if (document->from != 0) {
        wanted.from = weft_sim_topology_by_id(&world->topology, document->from);
    }
    if (document->from != 0 && wanted.from == WEFT_SIM_NOBODY) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_STREAM_KNOWN, node,
                            "document asked of %016llx, which does not exist",
                            (unsigned long long)document->from);
        return;
    }
    for (uint32_t kind = 0; kind < WEFT_SIM_DOCUMENT_KIND_COUNT; kind++) {
        char path[PATH_BYTES];
        path_of((enum weft_sim_document_kind)kind, world->nodes[node].updater.wanted, path);
        if (strcmp(path, document->path) == 0) {
            wanted.kind = kind;
            wanted.version = world->nodes[node].updater.wanted;
        }
    }
    weft_sim_document_fetch(world, &wanted);
}

void weft_sim_publish_failed(struct weft_sim_world *world, uint32_t node, uint64_t token)
{
    struct weft_sim_updater *updater = &world->nodes[node].updater;
    if (updater->wanted == 0 || updater->token != token) {
        return;
    }
    uint32_t version = updater->wanted;
    updater->wanted = 0;
    if (updater->hint != WEFT_SIM_NOBODY) {
        push_verdict(world, node, updater->hint, version, WEFT_ERR_UNREACHABLE);
    }
}

void weft_sim_publish_complete(struct weft_sim_world *world, uint32_t node, weft_release_id id)
{
    struct weft_sim_node *self = &world->nodes[node];
    if (id != world->release.id || self->complete || self->completing) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_COMPLETE_WHOLE, node,
                            "completion asked twice or of an unknown release");
        return;
    }
    weft_sim_check_complete(world, node);
    self->completing = true;
    uint64_t rate = world->options->hash_bytes_per_s;
    weft_ns long_ns = 0;
    if (rate != 0) {
        long_ns = world->release.bytes / rate * WEFT_NS_PER_S +
                  world->release.bytes % rate * WEFT_NS_PER_S / rate;
    }
    struct weft_sim_entry *entry =
        weft_sim_world_push(world, weft_sim_world_now(world) + long_ns, WEFT_SIM_ACTIVATED, node);
    entry->words[0] = self->life;
}

void weft_sim_publish_on_activated(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_node *self = &world->nodes[entry->node];
    if (!self->alive || self->life != entry->words[0]) {
        return;
    }
    self->completing = false;
    self->complete = true;
    self->complete_ns = entry->time_ns;
    world->complete_count++;
    struct weft_event event = {.kind = WEFT_EVENT_COMPLETED};
    event.completed.id = world->release.id;
    event.completed.result = WEFT_ERR_OK;
    weft_sim_node_step(world, entry->node, &event);
}

/* --- time zero --- */

/* Who is told when one node is: an agent if there is one, as an administrator would choose. */
static uint32_t told_node(const struct weft_sim_world *world)
{
    for (uint32_t i = 0; i < world->node_count; i++) {
        if (world->nodes[i].alive && weft_view_node(world->nodes[i].core).is_agent) {
            return i;
        }
    }
    return 0;
}

void weft_sim_publish_on_zero(struct weft_sim_world *world)
{
    world->published = true;
    world->source_version = WEFT_SIM_VERSION_NEW;
    bool all = world->options->announce == WEFT_SIM_ANNOUNCE_ALL;
    uint32_t one = all ? 0 : told_node(world);
    for (uint32_t i = 0; i < world->node_count; i++) {
        world->control_zero[i] = weft_sim_network_host(world->network, i, true).control_bytes;
        if (world->nodes[i].alive && (all || i == one)) {
            struct weft_event event = {.kind = WEFT_EVENT_LOOK};
            weft_sim_node_step(world, i, &event);
        }
    }
}
