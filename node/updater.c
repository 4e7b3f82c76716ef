/* SPDX-License-Identifier: Apache-2.0 */
/* One update at a time: a look at the source, or the check of what a peer announced. The update
 * asks for one document after the other; each is verified, then stored, then counted.
 *
 * States: no update; update with an open want. Whoever has to wait is a look (at most one) and the
 * announcement with the highest version. No timers: the driver ends every want. */
#include "node/updater.h"

#include "node/updater_state.h"
#include "protocol/trust/date.h"
#include "protocol/trust/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin_next(struct weft_updater *updater);

static uint32_t as_u32(uint64_t version)
{
    return version > UINT32_MAX ? UINT32_MAX : (uint32_t)version;
}

static uint64_t version_of(const struct weft_metadata *document)
{
    return document ? document->version : 0;
}

static void copy_config(struct weft_updater *updater, const struct weft_updater_config *config)
{
    snprintf(updater->directory, sizeof updater->directory, "%s", config->directory);
    for (uint32_t i = 0; i < config->component_count && i < WEFT_COMPONENTS_MAX; i++) {
        struct weft_updater_component *component = &updater->components[i];
        snprintf(component->name, sizeof component->name, "%s", config->components[i]);
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
    *updater = opened;
    return WEFT_ERR_OK;
}

static void clear_announcement(struct weft_announcement *announcement)
{
    free(announcement->bytes);
    *announcement = (struct weft_announcement){.peer = 0};
}

void weft_updater_free(struct weft_updater *updater)
{
    if (updater) {
        clear_announcement(&updater->update.announced);
        clear_announcement(&updater->next_check);
        weft_shelf_clear(&updater->shelf);
        weft_trust_free(updater->trust);
        free(updater);
    }
}

static bool is_expired(const struct weft_updater *updater)
{
    return updater->host.now_s(updater->host.context) >= weft_trust_expires_s(updater->trust);
}

static enum weft_err shelve(struct weft_updater *updater, enum weft_role role)
{
    char path[WEFT_PATH_BYTES_MAX];
    const struct weft_metadata *document = weft_trust_current(updater->trust, role);
    bool numbered = role != WEFT_ROLE_TIMESTAMP &&
                    weft_root_is_consistent(weft_trust_document(updater->trust, WEFT_ROLE_ROOT));
    if (!document) {
        return WEFT_ERR_OK;
    }
    if (numbered) {
        snprintf(path, sizeof path, "metadata/%llu.%s.json", (unsigned long long)document->version,
                 weft_role_name(role));
    } else {
        snprintf(path, sizeof path, "metadata/%s.json", weft_role_name(role));
    }
    return weft_shelf_put(&updater->shelf, path, document->bytes, document->length);
}

static bool is_not_generation(void *context, const char *path)
{
    (void)context;
    return strncmp(path, "metadata/", 9) != 0 || strstr(path, ".root.json") != NULL;
}

/* Peers may ask for the current set, and for no older one. */
static enum weft_err shelve_generation(struct weft_updater *updater)
{
    enum weft_err err = WEFT_ERR_OK;
    weft_shelf_sweep(&updater->shelf, is_not_generation, NULL);
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        err = shelve(updater, (enum weft_role)role);
    }
    return err;
}

/* Tell of the current set, if it was not told before. Result: true if it is news. */
static bool announce(struct weft_updater *updater)
{
    const struct weft_metadata *timestamp = weft_trust_current(updater->trust, WEFT_ROLE_TIMESTAMP);
    const struct weft_metadata *root = weft_trust_document(updater->trust, WEFT_ROLE_ROOT);
    if (!timestamp || is_expired(updater) ||
        (timestamp->version == updater->announced_version &&
         root->version == updater->announced_root)) {
        return false;
    }
    updater->announced_version = timestamp->version;
    updater->announced_root = root->version;
    updater->host.accepted(updater->host.context, as_u32(timestamp->version), as_u32(root->version),
                           timestamp->bytes, timestamp->length);
    return true;
}

void weft_updater_start(struct weft_updater *updater)
{
    updater->started = true;
    shelve_generation(updater);
    announce(updater);
    weft_updater_release_all(updater);
}

/* Gossip counts versions in 32 bits; a publisher that counts further cannot be followed. */
static enum weft_err check_range(struct weft_updater *updater)
{
    const struct weft_metadata *timestamp =
        weft_trust_document(updater->trust, WEFT_ROLE_TIMESTAMP);
    const struct weft_metadata *root = weft_trust_document(updater->trust, WEFT_ROLE_ROOT);
    if (version_of(timestamp) <= UINT32_MAX && version_of(root) <= UINT32_MAX) {
        return WEFT_ERR_OK;
    }
    return weft_fault_set(&updater->update.refusal, WEFT_ERR_LIMIT,
                          "versions above 4294967295 are not supported");
}

/* What is trusted and what peers may ask for, after a successful update. */
static enum weft_err conclude(struct weft_updater *updater)
{
    enum weft_err err = check_range(updater);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_updater_disk_store(updater);
    if (err == WEFT_ERR_OK) {
        err = shelve_generation(updater);
    }
    if (err != WEFT_ERR_OK) {
        return weft_fault_set(&updater->update.refusal, err,
                              "cannot store metadata in the trust directory: %s",
                              weft_err_text(err));
    }
    weft_updater_disk_tidy(updater);
    return WEFT_ERR_OK;
}

static void report(struct weft_updater *updater, const struct weft_update *update,
                   enum weft_err err, bool is_news)
{
    const struct weft_updater_host *host = &updater->host;
    if (update->kind == WEFT_UPDATE_LOOK) {
        host->looked(host->context, err, updater->last.text);
    } else if (!is_news) {
        host->refused(host->context, update->announced.peer, update->announced.version, err,
                      err == WEFT_ERR_OK ? "it is not newer than what is trusted"
                                         : updater->last.text);
    }
}

/* The update is over; tell everybody and begin what waits. */
static void finish(struct weft_updater *updater, enum weft_err err)
{
    bool is_news = false;
    if (err == WEFT_ERR_OK) {
        err = conclude(updater);
    }
    if (err == WEFT_ERR_OK) {
        weft_fault_clear(&updater->last);
        is_news = announce(updater);
    } else {
        updater->last = updater->update.refusal.err != WEFT_ERR_OK
                            ? updater->update.refusal
                            : *weft_trust_fault(updater->trust);
    }
    weft_updater_release_all(updater);
    struct weft_update over = updater->update;
    updater->update = (struct weft_update){.kind = WEFT_UPDATE_NONE};
    report(updater, &over, err, is_news);
    clear_announcement(&over.announced);
    begin_next(updater);
}

/* Ask for the document that the update wants. */
static void ask(struct weft_updater *updater, const struct weft_trust_want *want)
{
    struct weft_update *update = &updater->update;
    const struct weft_updater_host *host = &updater->host;
    bool is_head = want->role == WEFT_ROLE_ROOT || want->role == WEFT_ROLE_TIMESTAMP;
    update->token = ++updater->token_last;
    update->source_only = update->kind == WEFT_UPDATE_LOOK && is_head;
    if (update->source_only) {
        host->want_source(host->context, update->token, want->path, want->bytes_max);
        return;
    }
    uint32_t bulletin = update->announced.version;
    if (!is_head) {
        bulletin = as_u32(version_of(weft_trust_document(updater->trust, WEFT_ROLE_TIMESTAMP)));
    }
    host->want(host->context, update->token, want->path, want->bytes_max, bulletin,
               update->announced.peer);
}

static enum weft_err feed(struct weft_updater *updater, const uint8_t *bytes, size_t length)
{
    enum weft_err err = weft_trust_feed(updater->trust, bytes, length);
    if (err != WEFT_ERR_OK) {
        updater->update.refusal = *weft_trust_fault(updater->trust);
        return err;
    }
    /* Verified. Floors are stored at once; if that fails, the end of the update tries again. */
    weft_fault_clear(&updater->update.refusal);
    weft_updater_disk_store(updater);
    return WEFT_ERR_OK;
}

/* Go on until a document has to be fetched or the update is over. */
static void pursue(struct weft_updater *updater)
{
    struct weft_update *update = &updater->update;
    struct weft_trust_want want;
    while (weft_trust_wanted(updater->trust, &want)) {
        if (want.role != WEFT_ROLE_TIMESTAMP || update->announced.length == 0) {
            ask(updater, &want);
            return;
        }
        /* The announcement brought the timestamp along. */
        enum weft_err err = feed(updater, update->announced.bytes, update->announced.length);
        if (err != WEFT_ERR_OK) {
            finish(updater, err);
            return;
        }
    }
    bool done = weft_trust_stage(updater->trust) == WEFT_TRUST_DONE;
    finish(updater, done ? WEFT_ERR_OK : weft_trust_fault(updater->trust)->err);
}

static void begin(struct weft_updater *updater, enum weft_update_kind kind,
                  struct weft_announcement announced)
{
    updater->update = (struct weft_update){.kind = kind, .announced = announced};
    uint64_t root_version_max = kind == WEFT_UPDATE_LOOK ? UINT64_MAX : announced.root_version;
    weft_trust_begin(updater->trust, updater->host.now_s(updater->host.context), root_version_max);
    pursue(updater);
}

static bool is_newer(const struct weft_updater *updater, uint32_t version, uint32_t root_version)
{
    return version > version_of(weft_trust_current(updater->trust, WEFT_ROLE_TIMESTAMP)) ||
           root_version > version_of(weft_trust_document(updater->trust, WEFT_ROLE_ROOT));
}

static void refuse(struct weft_updater *updater, const struct weft_announcement *announced,
                   enum weft_err err, const char *text)
{
    updater->host.refused(updater->host.context, announced->peer, announced->version, err, text);
}

/* Begin a check, or refuse at once what is old meanwhile. Takes over |announced|. */
static void begin_check(struct weft_updater *updater, struct weft_announcement announced)
{
    if (!is_newer(updater, announced.version, announced.root_version)) {
        refuse(updater, &announced, WEFT_ERR_OK, "it is not newer than what is trusted");
        clear_announcement(&announced);
        return;
    }
    begin(updater, WEFT_UPDATE_CHECK, announced);
}

static void begin_next(struct weft_updater *updater)
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
        begin(updater, WEFT_UPDATE_LOOK, (struct weft_announcement){.peer = 0});
    }
}

void weft_updater_look(struct weft_updater *updater)
{
    if (updater->update.kind != WEFT_UPDATE_LOOK) {
        updater->look_waits = true;
        begin_next(updater);
    }
}

/* Of the announcements that wait only the newest is worth its documents. */
static void wait_in_turn(struct weft_updater *updater, struct weft_announcement announced)
{
    bool running = updater->update.kind == WEFT_UPDATE_CHECK &&
                   updater->update.announced.version >= announced.version &&
                   updater->update.announced.root_version >= announced.root_version;
    if (running || (updater->check_waits && updater->next_check.version >= announced.version)) {
        refuse(updater, &announced, WEFT_ERR_CANCELLED, "another announcement is being checked");
        clear_announcement(&announced);
        return;
    }
    if (updater->check_waits) {
        refuse(updater, &updater->next_check, WEFT_ERR_CANCELLED, "a newer one was announced");
        clear_announcement(&updater->next_check);
    }
    updater->next_check = announced;
    updater->check_waits = true;
}

void weft_updater_check(struct weft_updater *updater, weft_node_id peer, uint32_t version,
                        uint32_t root_version, const uint8_t *bytes, size_t length)
{
    struct weft_announcement announced = {
        .peer = peer, .version = version, .root_version = root_version, .length = length};
    if (length > 0) {
        announced.bytes = malloc(length);
        if (!announced.bytes) {
            refuse(updater, &announced, WEFT_ERR_MEMORY, weft_err_text(WEFT_ERR_MEMORY));
            return;
        }
        memcpy(announced.bytes, bytes, length);
    }
    if (updater->update.kind == WEFT_UPDATE_NONE) {
        begin_check(updater, announced);
    } else {
        wait_in_turn(updater, announced);
    }
}

/* The open want is over without a document. */
static void give_up(struct weft_updater *updater, enum weft_err result)
{
    updater->update.token = 0;
    enum weft_err err = weft_trust_give_up(updater->trust, result);
    if (err == WEFT_ERR_OK) {
        pursue(updater);
        return;
    }
    finish(updater, err);
}

enum weft_err weft_updater_document(struct weft_updater *updater, uint64_t token,
                                    enum weft_err result, const uint8_t *bytes, size_t length)
{
    bool is_index = false;
    struct weft_update *update = &updater->update;
    if (token == 0 || token != update->token) {
        return token == 0 ? WEFT_ERR_CANCELLED
                          : weft_updater_release_document(updater, token, result, bytes, length,
                                                          &is_index);
    }
    if (result != WEFT_ERR_OK) {
        give_up(updater, result);
        return result;
    }
    enum weft_err err = feed(updater, bytes, length);
    if (err == WEFT_ERR_OK) {
        update->token = 0;
        pursue(updater);
    } else if (update->source_only) {
        give_up(updater, err);
    }
    return err;
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

static void describe_text(const struct weft_updater *updater, struct weft_updater_state *state)
{
    char date[WEFT_DATE_BYTES];
    weft_date_print(state->expires_s, date);
    if (state->targets_version == 0) {
        snprintf(state->text, sizeof state->text, "no metadata yet%s%.200s",
                 updater->last.err != WEFT_ERR_OK ? ": " : "", updater->last.text);
    } else if (state->expired) {
        snprintf(state->text, sizeof state->text,
                 "metadata expired on %s, the source must publish again", date);
    } else if (updater->last.err != WEFT_ERR_OK) {
        snprintf(state->text, sizeof state->text, "the last update failed: %.200s",
                 updater->last.text);
    } else {
        snprintf(state->text, sizeof state->text, "metadata is valid until %s", date);
    }
}

void weft_updater_describe(const struct weft_updater *updater, struct weft_updater_state *state)
{
    const struct weft_trust *trust = updater->trust;
    memset(state, 0, sizeof *state);
    state->root_version = as_u32(version_of(weft_trust_document(trust, WEFT_ROLE_ROOT)));
    state->timestamp_version = as_u32(version_of(weft_trust_current(trust, WEFT_ROLE_TIMESTAMP)));
    state->snapshot_version = as_u32(version_of(weft_trust_current(trust, WEFT_ROLE_SNAPSHOT)));
    state->targets_version = as_u32(version_of(weft_trust_current(trust, WEFT_ROLE_TARGETS)));
    int64_t expires_s = weft_trust_expires_s(trust);
    state->expires_s = expires_s == INT64_MAX ? 0 : expires_s;
    state->expired = state->expires_s != 0 && is_expired(updater);
    state->busy = updater->update.kind != WEFT_UPDATE_NONE;
    state->announced =
        state->timestamp_version != 0 && updater->announced_version == state->timestamp_version;
    describe_text(updater, state);
}
