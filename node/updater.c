/* SPDX-License-Identifier: Apache-2.0 */
/* One update at a time: a look at the source, the check of what a peer announced, or at the start
 * what subscriptions need. Who has to wait is a look (at most one) and the newest announcement. No
 * timers: the driver ends every want. */
#include "node/updater_state.h"

#include "protocol/trust/sha256.h"
#include "protocol/trust/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t weft_updater_version_of(const struct weft_metadata *document)
{
    return document ? document->version : 0;
}

static void copy_config(struct weft_updater *updater, const struct weft_updater_config *config)
{
    snprintf(updater->directory, sizeof updater->directory, "%s", config->directory);
    updater->wants_no_index = config->wants_no_index;
    for (uint32_t i = 0; i < config->subscription_count && i < WEFT_COMPONENTS_MAX; i++) {
        struct weft_updater_component *component = &updater->components[i];
        snprintf(component->name, sizeof component->name, "%s", config->subscriptions[i].name);
        component->is_target = config->subscriptions[i].is_target;
        component->seek_err = WEFT_ERR_PENDING;
        updater->component_count++;
    }
}

enum weft_err weft_updater_open(const struct weft_updater_config *config,
                                const struct weft_updater_host *host, struct weft_updater **updater,
                                char *text, size_t text_bytes)
{
    struct weft_message message = {.text = ""};
    struct weft_updater *opened = calloc(1, sizeof *opened);
    *updater = NULL;
    if (!opened || (opened->trust = weft_trust_new()) == NULL) {
        free(opened);
        snprintf(text, text_bytes, "out of memory");
        return WEFT_ERR_MEMORY;
    }
    opened->host = *host;
    copy_config(opened, config);
    enum weft_err err = weft_updater_disk_load(opened, config->root_file, &message);
    if (err != WEFT_ERR_OK) {
        snprintf(text, text_bytes, "%s", message.text);
        weft_updater_free(opened);
        return err;
    }
    weft_updater_role_load(opened);
    weft_updater_clock_load(opened);
    *updater = opened;
    return WEFT_ERR_OK;
}

void weft_updater_clear(struct weft_announcement *announcement)
{
    free(announcement->bytes);
    *announcement = (struct weft_announcement){.peer = 0};
}

void weft_updater_free(struct weft_updater *updater)
{
    if (!updater) {
        return;
    }
    for (uint32_t i = 0; i < updater->component_count; i++) {
        free(updater->components[i].derived);
    }
    weft_updater_clear(&updater->update.announced);
    weft_updater_clear(&updater->next_check);
    weft_shelf_clear(&updater->shelf);
    weft_trust_free(updater->trust);
    free(updater);
}

static weft_bulletin bulletin_of(const struct weft_metadata *root,
                                 const struct weft_metadata *timestamp)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    if (!timestamp || timestamp->version > WEFT_BULLETIN_VERSION_MAX ||
        root->version > WEFT_BULLETIN_ROOT_MAX ||
        !weft_sha256_of(timestamp->bytes, timestamp->length, digest)) {
        return 0;
    }
    return weft_bulletin_of((uint32_t)root->version, (uint32_t)timestamp->version,
                            (uint16_t)(digest[0] << 8 | digest[1]));
}

weft_bulletin weft_updater_bulletin(const struct weft_updater *updater)
{
    return bulletin_of(weft_trust_document(updater->trust, WEFT_ROLE_ROOT),
                       weft_trust_current(updater->trust, WEFT_ROLE_TIMESTAMP));
}

weft_bulletin weft_updater_pursued(const struct weft_updater *updater)
{
    return bulletin_of(weft_trust_document(updater->trust, WEFT_ROLE_ROOT),
                       weft_trust_document(updater->trust, WEFT_ROLE_TIMESTAMP));
}

void weft_updater_start(struct weft_updater *updater)
{
    updater->started = true;
    weft_updater_shelve_generation(updater);
    weft_updater_announce(updater, /* waits */ false);
    if (weft_trust_current(updater->trust, WEFT_ROLE_TARGETS)) {
        weft_updater_begin(updater, WEFT_UPDATE_SEEK, (struct weft_announcement){.peer = 0});
    }
}

/* The source does not answer a look, and a peer has news: the peer's word is checked first, and the
 * look begins anew behind it. Once only, or who announces forged news again and again would keep
 * this node from ever looking. */
static void put_off_late_look(struct weft_updater *updater)
{
    const struct weft_update *update = &updater->update;
    bool late = update->kind == WEFT_UPDATE_LOOK && update->source_only &&
                update->wakes >= WEFT_UPDATER_LATE_WAKES;
    bool news = updater->check_waits && weft_bulletin_is_newer(updater->next_check.bulletin,
                                                               weft_updater_bulletin(updater));
    if (late && news && !updater->look_was_late) {
        updater->update = (struct weft_update){.kind = WEFT_UPDATE_NONE};
        updater->look_was_late = true;
        updater->look_waits = true;
        weft_updater_next(updater);
    }
}

void weft_updater_wake(struct weft_updater *updater)
{
    updater->update.wakes++;
    put_off_late_look(updater);
    if (updater->started && updater->update.kind == WEFT_UPDATE_NONE) {
        updater->held_wakes++;
        weft_updater_announce(updater, updater->held_wakes < WEFT_UPDATER_HELD_WAKES);
        weft_updater_release_wake(updater);
    }
}

static const char old_news[] = "it is not newer than what is trusted";

void weft_updater_refuse(struct weft_updater *updater, const struct weft_announcement *announced,
                         enum weft_err err, const char *text)
{
    const struct weft_updater_host *host = &updater->host;
    if (host->refused != NULL) {
        host->refused(host->context, announced->peer, announced->bulletin, err, text);
    }
}

/* A peer has other bytes of the versions that are trusted: are they signed as well? */
static void check_contradiction(struct weft_updater *updater,
                                const struct weft_announcement *announced)
{
    struct weft_fault fault;
    enum weft_err err = weft_witness_check(weft_trust_document(updater->trust, WEFT_ROLE_ROOT),
                                           weft_trust_current(updater->trust, WEFT_ROLE_TIMESTAMP),
                                           announced->bytes, announced->length, &fault);
    if (err == WEFT_ERR_EXISTS) {
        snprintf(updater->alarm, sizeof updater->alarm, "%s", fault.text);
    }
    weft_updater_refuse(updater, announced, err, err == WEFT_ERR_OK ? old_news : fault.text);
}

/* Begin a check, or refuse at once what is old meanwhile. Takes over |announced|. */
static void begin_check(struct weft_updater *updater, struct weft_announcement announced)
{
    weft_bulletin own = weft_updater_bulletin(updater);
    if (weft_bulletin_is_newer(announced.bulletin, own)) {
        weft_updater_begin(updater, WEFT_UPDATE_CHECK, announced);
        return;
    }
    if (weft_bulletin_contradicts(announced.bulletin, own) && announced.length > 0) {
        check_contradiction(updater, &announced);
    } else {
        weft_updater_refuse(updater, &announced, WEFT_ERR_OK, old_news);
    }
    weft_updater_clear(&announced);
}

void weft_updater_next(struct weft_updater *updater)
{
    if (updater->update.kind != WEFT_UPDATE_NONE) {
        return;
    }
    if (updater->check_waits) {
        struct weft_announcement announced = updater->next_check;
        updater->check_waits = false;
        updater->next_check = (struct weft_announcement){.peer = 0};
        begin_check(updater, announced);
    }
    if (updater->look_waits && updater->update.kind == WEFT_UPDATE_NONE) {
        updater->look_waits = false;
        weft_updater_begin(updater, WEFT_UPDATE_LOOK, (struct weft_announcement){.peer = 0});
    }
}

void weft_updater_look(struct weft_updater *updater)
{
    struct weft_trust_want want;
    if (updater->update.kind != WEFT_UPDATE_LOOK) {
        updater->look_waits = true;
        weft_updater_next(updater);
    } else if (updater->update.source_only && weft_trust_wanted(updater->trust, &want)) {
        const struct weft_updater_host *host = &updater->host;
        host->want_source(host->context, updater->update.token, want.path, want.bytes_max);
    }
}

/* Of the announcements that wait only the newest is worth its documents. */
static void wait_in_turn(struct weft_updater *updater, struct weft_announcement announced)
{
    bool running = updater->update.kind == WEFT_UPDATE_CHECK &&
                   !weft_bulletin_is_newer(announced.bulletin, updater->update.announced.bulletin);
    bool waiting = updater->check_waits &&
                   !weft_bulletin_is_newer(announced.bulletin, updater->next_check.bulletin);
    if (running || waiting) {
        weft_updater_refuse(updater, &announced, WEFT_ERR_CANCELLED,
                            "another announcement is being checked");
        weft_updater_clear(&announced);
        return;
    }
    if (updater->check_waits) {
        weft_updater_refuse(updater, &updater->next_check, WEFT_ERR_CANCELLED,
                            "a newer one was announced");
        weft_updater_clear(&updater->next_check);
    }
    updater->next_check = announced;
    updater->check_waits = true;
}

void weft_updater_check(struct weft_updater *updater, weft_node_id peer, weft_bulletin bulletin,
                        const uint8_t *bytes, size_t length)
{
    struct weft_announcement announced = {.peer = peer, .bulletin = bulletin, .length = length};
    if (length > 0) {
        announced.bytes = malloc(length);
        if (!announced.bytes) {
            weft_updater_refuse(updater, &announced, WEFT_ERR_MEMORY,
                                weft_err_text(WEFT_ERR_MEMORY));
            return;
        }
        memcpy(announced.bytes, bytes, length);
    }
    if (updater->update.kind == WEFT_UPDATE_NONE) {
        begin_check(updater, announced);
    } else {
        wait_in_turn(updater, announced);
        put_off_late_look(updater);
    }
}

enum weft_err weft_updater_document(struct weft_updater *updater, uint64_t token, weft_node_id from,
                                    enum weft_err result, const uint8_t *bytes, size_t length)
{
    if (token == 0) {
        return WEFT_ERR_CANCELLED;
    }
    if (token != updater->update.token) {
        enum weft_err err =
            weft_updater_release_document(updater, token, from, result, bytes, length);
        weft_updater_announce(updater, /* waits */ true);
        return err;
    }
    return updater->update.seeks ? weft_updater_seek_take(updater, result, bytes, length)
                                 : weft_updater_take(updater, result, bytes, length);
}

bool weft_updater_document_find(const struct weft_updater *updater, const char *path,
                                const uint8_t **bytes, size_t *length)
{
    const struct weft_shelf_item *item = weft_shelf_find(&updater->shelf, path);
    if (item) {
        *bytes = item->bytes;
        *length = item->length;
    }
    return item != NULL;
}

enum weft_err weft_updater_signed(const struct weft_updater *updater, uint32_t number,
                                  struct weft_release_info *info, struct weft_fault *fault)
{
    const struct weft_updater_component *component = &updater->components[number];
    *fault = component->seek_fault;
    if (component->seek_err == WEFT_ERR_OK) {
        *info = component->found;
    }
    return component->seek_err;
}

enum weft_err weft_updater_lookup(struct weft_updater *updater, const char *path,
                                  struct weft_release_info *info, struct weft_fault *fault)
{
    if (updater->update.kind != WEFT_UPDATE_NONE) {
        return weft_fault_set(fault, WEFT_ERR_PENDING,
                              "the metadata is being brought up to date; try again");
    }
    enum weft_err err = weft_trust_seek_target(updater->trust, path, info);
    *fault = *weft_trust_fault(updater->trust);
    return err;
}

const struct weft_trust *weft_updater_trust(const struct weft_updater *updater)
{
    return updater->trust;
}
