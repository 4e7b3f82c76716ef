/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "when does a node's shell know of a release, and what does it tell the core?".
 *
 * A newer timestamp, from the source or from a peer's bulletin, starts an update: snapshot, targets
 * and chunk index are asked of the core one after the other; then the core is told of the bulletin
 * and of the release. One update at a time; a failed one ends, and the next bulletin or look starts
 * again. An older release is served until the new one is active, and dropped at once if it is not
 * whole. */
#include "shell.h"
#include "canary.h"
#include "document.h"
#include "random.h"
#include "stream.h"

#include "protocol/limits.h"

#include <stdio.h>
#include <string.h>

#define ROOT_VERSION 1
#define COMPONENT 1

/* The path of a document, as a TUF repository lays it out. */
static void path_of(enum weft_sim_document_kind kind, uint32_t version,
                    char path[WEFT_SIM_PATH_BYTES])
{
    static const char *const before[] = {"metadata/timestamp.json", "metadata/", "metadata/",
                                         "targets/pattern/"};
    static const char *const behind[] = {"", ".snapshot.json", ".targets.json", "/pattern.index"};
    if (kind == WEFT_SIM_DOCUMENT_TIMESTAMP) {
        snprintf(path, WEFT_SIM_PATH_BYTES, "%s", before[kind]);
    } else {
        snprintf(path, WEFT_SIM_PATH_BYTES, "%s%u%s", before[kind], version, behind[kind]);
    }
}

/* Bytes of the bulletin of |version|: the same everywhere, different from version to version. */
static void bulletin_of(const struct weft_sim_world *world, uint32_t version,
                        uint8_t bytes[WEFT_SIM_BULLETIN_BYTES])
{
    for (uint32_t i = 0; i < WEFT_SIM_BULLETIN_BYTES; i += sizeof(uint64_t)) {
        uint64_t word = weft_sim_random(world->options->seed, WEFT_SIM_FOR_CONTENT, version, i + 1);
        uint32_t length = WEFT_SIM_BULLETIN_BYTES - i;
        for (uint32_t b = 0; b < sizeof(word) && b < length; b++) {
            bytes[i + b] = (uint8_t)(word >> (8 * b));
        }
    }
}

bool weft_sim_shell_holds(const struct weft_sim_updater *updater, uint32_t kind, uint32_t version)
{
    if (kind >= WEFT_SIM_DOCUMENT_KIND_COUNT) {
        return false;
    }
    if (version == updater->version) {
        return true;
    }
    return version == updater->wanted && ((updater->holds >> kind) & 1) != 0;
}

/* --- what the core is told --- */

static void tell_bulletin(struct weft_sim_shard *shard, uint32_t node)
{
    uint8_t bytes[WEFT_SIM_BULLETIN_BYTES];
    uint32_t version = shard->world->nodes[node].updater.version;
    bulletin_of(shard->world, version, bytes);
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN};
    event.bulletin.bulletin = weft_bulletin_of(ROOT_VERSION, version, 0);
    event.bulletin.fresh_ns = WEFT_NS_NEVER;
    event.bulletin.bytes = bytes;
    event.bulletin.length = sizeof(bytes);
    weft_sim_node_step(shard, node, &event);
}

static void tell_release(struct weft_sim_shard *shard, uint32_t node, uint32_t number)
{
    uint8_t have[WEFT_CHUNKS_MAX / 8] = {0};
    const struct weft_sim_node *self = &shard->world->nodes[node];
    const struct weft_sim_release *release = &shard->world->releases.items[number];
    bool any = self->held == number || self->have_count > 0;
    for (uint32_t i = 0; any && i < release->chunk_count; i++) {
        have[i / 8] |= (uint8_t)(weft_sim_node_has(self, number, i) << (i % 8));
    }
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE};
    event.release.id = release->id;
    event.release.component = COMPONENT;
    event.release.chunk_count = release->chunk_count;
    event.release.bytes = release->bytes;
    event.release.have = any ? have : NULL;
    event.release.wanted = self->held != number;
    weft_sim_node_step(shard, node, &event);
}

static void tell_gone(struct weft_sim_shard *shard, uint32_t node, uint32_t number)
{
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE_GONE};
    event.release_gone.id = shard->world->releases.items[number].id;
    weft_sim_node_step(shard, node, &event);
}

void weft_sim_shell_on_start(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_node *self = &shard->world->nodes[node];
    self->updater.wanted = 0;
    self->updater.looks = 0;
    self->updater.is_looking = false;
    weft_sim_check_version(shard, node);
    tell_bulletin(shard, node);
    if (self->held != WEFT_SIM_NO_RELEASE) {
        tell_release(shard, node, self->held);
    }
    if (self->fetching != WEFT_SIM_NO_RELEASE) {
        tell_release(shard, node, self->fetching);
    }
}

/* --- one update --- */

static void want_document(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_updater *updater = &world->nodes[node].updater;
    enum weft_sim_document_kind kind = (enum weft_sim_document_kind)updater->stage;
    char path[WEFT_SIM_PATH_BYTES];
    path_of(kind, updater->wanted, path);
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT_WANTED};
    event.document_wanted.token = ++updater->token;
    event.document_wanted.path = path;
    event.document_wanted.bytes_max =
        weft_sim_publish_document_bytes(&world->releases, kind, updater->wanted);
    event.document_wanted.bulletin = weft_bulletin_of(ROOT_VERSION, updater->wanted, 0);
    event.document_wanted.hint =
        updater->hint == WEFT_SIM_NOBODY ? 0 : world->nodes[updater->hint].id;
    weft_sim_node_step(shard, node, &event);
}

static void begin_update(struct weft_sim_shard *shard, uint32_t node, uint32_t version,
                         uint32_t hint)
{
    struct weft_sim_updater *updater = &shard->world->nodes[node].updater;
    if (version <= updater->version || version <= updater->wanted) {
        return;
    }
    updater->wanted = version;
    updater->hint = hint;
    updater->holds = 1u << WEFT_SIM_DOCUMENT_TIMESTAMP;
    updater->stage = WEFT_SIM_DOCUMENT_SNAPSHOT;
    want_document(shard, node);
}

/* The look that is going on, if one is, is over. */
static void tell_looked(struct weft_sim_shard *shard, uint32_t node, enum weft_err result)
{
    struct weft_sim_updater *updater = &shard->world->nodes[node].updater;
    if (updater->is_looking) {
        updater->is_looking = false;
        struct weft_event event = {.kind = WEFT_EVENT_LOOKED, .looked = {result}};
        weft_sim_node_step(shard, node, &event);
    }
}

/* All documents are here: forget what was not finished, and begin the new release. */
static void end_update(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_node *self = &world->nodes[node];
    self->updater.version = self->updater.wanted;
    self->updater.wanted = 0;
    weft_sim_check_version(shard, node);
    uint32_t number = self->updater.version - WEFT_SIM_VERSION_OLD - 1;
    uint32_t stale = self->fetching;
    self->fetching = (uint16_t)number;
    self->have_count = 0;
    self->completing = false;
    memset(self->have, 0, world->have_words * sizeof(self->have[0]));
    if (number == world->releases.newest) {
        weft_ns now_ns = weft_sim_now(shard);
        shard->first_known_ns = shard->first_known_ns == 0 ? now_ns : shard->first_known_ns;
        shard->last_known_ns = now_ns;
    }
    if (stale != WEFT_SIM_NO_RELEASE) {
        tell_gone(shard, node, stale);
    }
    tell_bulletin(shard, node);
    tell_release(shard, node, number);
    tell_looked(shard, node, WEFT_ERR_OK);
}

/* The document of the current stage is here: go on. */
static void next_stage(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_updater *updater = &shard->world->nodes[node].updater;
    updater->holds |= (uint8_t)(1u << updater->stage);
    updater->stage++;
    if (updater->stage < WEFT_SIM_DOCUMENT_KIND_COUNT) {
        want_document(shard, node);
    } else {
        end_update(shard, node);
    }
}

/* The source has answered a look, or not in time. The look is over when the update is that begins
 * with it; if another request is open, that may bring it. */
static void on_timestamp(struct weft_sim_shard *shard, const struct weft_sim_document *document)
{
    uint32_t node = document->node;
    struct weft_sim_updater *updater = &shard->world->nodes[node].updater;
    updater->looks = (uint8_t)(updater->looks - (updater->looks > 0));
    bool may_come = document->result == WEFT_ERR_TIMEOUT && updater->looks > 0;
    if (!updater->is_looking || may_come) {
        return;
    }
    if (document->result == WEFT_ERR_OK && !weft_sim_ailment_is_clock_wrong(shard->world, node)) {
        begin_update(shard, node, document->version, WEFT_SIM_NOBODY);
    }
    if (document->result != WEFT_ERR_OK || updater->wanted == 0) {
        tell_looked(shard, node, document->result);
    }
}

void weft_sim_shell_on_document(struct weft_sim_shard *shard,
                                const struct weft_sim_document *document)
{
    uint32_t node = document->node;
    if (document->token == 0) {
        on_timestamp(shard, document);
        return;
    }
    bool is_source = document->from == WEFT_SIM_SOURCE;
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT};
    event.document.token = document->token;
    event.document.result = document->result;
    event.document.from = is_source ? 0 : shard->world->nodes[document->from].id;
    weft_sim_node_step(shard, node, &event);
    const struct weft_sim_updater *updater = &shard->world->nodes[node].updater;
    bool current = updater->wanted != 0 && updater->token == document->token;
    if (current && document->result == WEFT_ERR_OK) {
        next_stage(shard, node);
    }
}

/* --- actions --- */

void weft_sim_shell_look(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_updater *updater = &shard->world->nodes[node].updater;
    updater->looks = (uint8_t)(updater->looks + (updater->looks < UINT8_MAX));
    updater->is_looking = true;
    struct weft_sim_document wanted = {
        .node = node, .from = WEFT_SIM_SOURCE, .kind = WEFT_SIM_DOCUMENT_TIMESTAMP};
    weft_sim_document_fetch(shard, &wanted);
}

/* Words of a VERDICT: version, error, life. The shell answers after the step. */
static void push_verdict(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                         uint32_t version, enum weft_err err)
{
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, weft_sim_now(shard), WEFT_SIM_VERDICT, node);
    entry->peer = peer;
    entry->words[0] = version;
    entry->words[1] = err;
    entry->words[2] = shard->world->nodes[node].life;
}

void weft_sim_shell_check(struct weft_sim_shard *shard, uint32_t node,
                          const struct weft_action_bulletin *bulletin)
{
    const struct weft_sim_world *world = shard->world;
    uint8_t expected[WEFT_SIM_BULLETIN_BYTES];
    uint32_t version = weft_bulletin_version(bulletin->bulletin);
    bulletin_of(world, version, expected);
    bool genuine =
        version <= world->source_version &&
        (bulletin->length == 0 || (bulletin->length == sizeof(expected) &&
                                   memcmp(bulletin->bytes, expected, sizeof(expected)) == 0));
    uint32_t peer = weft_sim_topology_by_id(&world->topology, bulletin->peer.id);
    enum weft_err err = genuine ? WEFT_ERR_OK : WEFT_ERR_SIGNATURE;
    if (genuine && weft_sim_ailment_is_clock_wrong(world, node)) {
        err = WEFT_ERR_EXPIRED;
    }
    push_verdict(shard, node, peer, version, err);
}

void weft_sim_shell_on_verdict(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_world *world = shard->world;
    const struct weft_sim_node *node = &world->nodes[entry->node];
    if (!node->alive || node->life != entry->words[2]) {
        return;
    }
    uint32_t version = (uint32_t)entry->words[0];
    enum weft_err err = (enum weft_err)entry->words[1];
    if (err == WEFT_ERR_OK && version > node->updater.version) {
        begin_update(shard, entry->node, version, entry->peer);
        return;
    }
    if (err == WEFT_ERR_OK && version == node->updater.version) {
        tell_bulletin(shard, entry->node);
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN_REFUSED};
    event.bulletin_refused.peer = entry->peer == WEFT_SIM_NOBODY ? 0 : world->nodes[entry->peer].id;
    event.bulletin_refused.bulletin = weft_bulletin_of(ROOT_VERSION, version, 0);
    event.bulletin_refused.result = err == WEFT_ERR_OK ? WEFT_ERR_ROLLBACK : err;
    weft_sim_node_step(shard, entry->node, &event);
}

void weft_sim_shell_fetch(struct weft_sim_shard *shard, uint32_t node,
                          const struct weft_action_document *document)
{
    const struct weft_sim_world *world = shard->world;
    struct weft_sim_document wanted = {.node = node,
                                       .from = WEFT_SIM_SOURCE,
                                       .kind = WEFT_SIM_DOCUMENT_KIND_COUNT,
                                       .token = document->token};
    if (document->from != 0) {
        wanted.from = weft_sim_stream_peer(world, node, document->from);
    }
    if (document->from != 0 && wanted.from == WEFT_SIM_NOBODY) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_STREAM_KNOWN, node,
                            "document asked of %016llx, which does not exist",
                            (unsigned long long)document->from);
        return;
    }
    for (uint32_t kind = 0; kind < WEFT_SIM_DOCUMENT_KIND_COUNT; kind++) {
        char path[WEFT_SIM_PATH_BYTES];
        path_of((enum weft_sim_document_kind)kind, world->nodes[node].updater.wanted, path);
        if (strcmp(path, document->path) == 0) {
            wanted.kind = kind;
            wanted.version = world->nodes[node].updater.wanted;
        }
    }
    weft_sim_document_fetch(shard, &wanted);
}

void weft_sim_shell_failed(struct weft_sim_shard *shard, uint32_t node, uint64_t token)
{
    struct weft_sim_updater *updater = &shard->world->nodes[node].updater;
    if (updater->wanted == 0 || updater->token != token) {
        return;
    }
    uint32_t version = updater->wanted;
    updater->wanted = 0;
    if (updater->hint != WEFT_SIM_NOBODY) {
        push_verdict(shard, node, updater->hint, version, WEFT_ERR_UNREACHABLE);
    }
    tell_looked(shard, node, WEFT_ERR_UNREACHABLE);
}

void weft_sim_shell_complete(struct weft_sim_shard *shard, uint32_t node, weft_release_id id)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_node *self = &world->nodes[node];
    uint32_t number = weft_sim_publish_find(&world->releases, id);
    if (number != self->fetching || self->held == number || self->completing) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_COMPLETE_WHOLE, node,
                            "completion asked twice or of an unknown release");
        return;
    }
    if (weft_sim_canary(world->options, WEFT_SIM_CHECK_BELIEVES_DISK)) {
        self->have[0] &= ~UINT64_C(2);
    }
    weft_sim_check_complete(shard, node);
    self->completing = true;
    uint64_t rate = world->options->hash_bytes_per_s;
    uint64_t bytes = world->releases.items[number].bytes;
    weft_ns long_ns = 0;
    if (rate != 0) {
        long_ns = bytes / rate * WEFT_NS_PER_S + bytes % rate * WEFT_NS_PER_S / rate;
    }
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, weft_sim_now(shard) + long_ns, WEFT_SIM_ACTIVATED, node);
    entry->words[0] = self->life;
    entry->words[1] = number;
}

/* The whole does not verify: the release is told anew, with what still holds. */
static void refuse_whole(struct weft_sim_shard *shard, uint32_t node)
{
    uint32_t number = shard->world->nodes[node].fetching;
    struct weft_event event = {.kind = WEFT_EVENT_COMPLETED};
    event.completed.id = shard->world->releases.items[number].id;
    event.completed.result = WEFT_ERR_MISMATCH;
    weft_sim_node_step(shard, node, &event);
    tell_release(shard, node, number);
}

/* The last check fails for a reason of this machine: the core is told, the shell tries again. */
static void check_again(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_entry *again =
        weft_sim_shard_push(shard, entry->time_ns + WEFT_NS_PER_S, WEFT_SIM_ACTIVATED, entry->node);
    memcpy(again->words, entry->words, sizeof(again->words));
    struct weft_event event = {.kind = WEFT_EVENT_COMPLETED};
    event.completed.id = shard->world->releases.items[entry->words[1]].id;
    event.completed.result = WEFT_ERR_IO;
    weft_sim_node_step(shard, entry->node, &event);
}

/* A planted bug: the core is told of the active release as if its first chunk were missing. */
static void forget_chunk(struct weft_sim_shard *shard, uint32_t node)
{
    uint8_t have[WEFT_CHUNKS_MAX / 8];
    uint32_t number = shard->world->nodes[node].held;
    const struct weft_sim_release *release = &shard->world->releases.items[number];
    memset(have, UINT8_MAX, sizeof(have));
    have[0] &= (uint8_t)~1u;
    tell_gone(shard, node, number);
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE};
    event.release.id = release->id;
    event.release.component = COMPONENT;
    event.release.chunk_count = release->chunk_count;
    event.release.bytes = release->bytes;
    event.release.have = have;
    weft_sim_node_step(shard, node, &event);
}

void weft_sim_shell_on_activated(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_node *self = &world->nodes[entry->node];
    if (!self->alive || self->life != entry->words[0] || self->fetching != entry->words[1]) {
        return;
    }
    if (weft_sim_world_fails(world)) {
        check_again(shard, entry);
        return;
    }
    self->completing = false;
    if (weft_sim_ailment_finds_all_rot(world, entry->node) > 0) {
        refuse_whole(shard, entry->node);
        return;
    }
    uint32_t old = self->held;
    self->held = self->fetching;
    if (self->held == 2 && weft_sim_canary(world->options, WEFT_SIM_CHECK_NO_ROLLBACK)) {
        self->held = 0;
    }
    self->fetching = WEFT_SIM_NO_RELEASE;
    self->complete_ns = entry->time_ns;
    weft_sim_check_activated(shard, entry->node);
    if (weft_sim_publish_counts(world, self)) {
        shard->totals.complete++;
        shard->last_complete_ns = entry->time_ns;
    }
    struct weft_event event = {.kind = WEFT_EVENT_COMPLETED};
    event.completed.id = world->releases.items[self->held].id;
    event.completed.result = WEFT_ERR_OK;
    weft_sim_node_step(shard, entry->node, &event);
    if (old != WEFT_SIM_NO_RELEASE) {
        tell_gone(shard, entry->node, old);
    }
    if (weft_sim_canary(world->options, WEFT_SIM_CHECK_STAYS_COMPLETE)) {
        forget_chunk(shard, entry->node);
    }
}
