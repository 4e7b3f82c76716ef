/* SPDX-License-Identifier: Apache-2.0 */
/* Which releases does this node have or want? Named by the updater, taken up by the store, told to
 * the core, and removed when a newer one of its component is in effect. How one takes effect is
 * driver_activate.c. Two subscriptions may have the same content: then one of them owns what is in
 * the store, the other one shares it. What failed is tried again after 10 s, later up to 10 min.
 *
 * A chunk index that nobody signed is given 60 s without a chunk; then others are asked for theirs.
 */
#include "driver_state.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_NS (10 * WEFT_NS_PER_S)
#define RETRY_DOUBLINGS_MAX 6
#define DOUBT_NS (60 * WEFT_NS_PER_S)

struct weft_driver_release *weft_driver_release_find(const struct weft_driver *driver,
                                                     weft_release_id id)
{
    struct weft_driver_release *release = driver->releases;
    while (release != NULL && (release->info.id != id || !release->added)) {
        release = release->next;
    }
    return release;
}

static void free_release(struct weft_driver_release *release)
{
    weft_index_free(release->index);
    free(release->have);
    free(release);
}

void weft_driver_release_close(struct weft_driver *driver)
{
    while (driver->releases != NULL) {
        struct weft_driver_release *release = driver->releases;
        driver->releases = release->next;
        free_release(release);
    }
}

void weft_driver_release_note_error(struct weft_driver_release *release, const char *text)
{
    struct weft_driver_component *status = &release->driver->parts[release->component].status;
    snprintf(status->error, sizeof(status->error), "%s", text == NULL ? "" : text);
    if (text != NULL) {
        weft_log(WEFT_LOG_ERROR, "component %s version %s: %s", release->info.component,
                 release->info.version, text);
    }
}

void weft_driver_release_tell_core(struct weft_driver_release *release)
{
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE,
                               .release = {.id = release->info.id,
                                           .component = release->component,
                                           .chunk_count = release->index->chunk_count,
                                           .bytes = release->info.pin.length,
                                           .have = release->have,
                                           .wanted = true}};
    weft_driver_tell(release->driver, &event);
}

void weft_driver_release_plan_retry(struct weft_driver_release *release)
{
    uint32_t doublings =
        release->failures < RETRY_DOUBLINGS_MAX ? release->failures : RETRY_DOUBLINGS_MAX;
    release->failures++;
    release->retry_ns = uv_hrtime() + (RETRY_NS << doublings);
}

/* ---- Removed ---- */

/* Another release with the same content; NULL = there is none. */
static struct weft_driver_release *sibling_of(const struct weft_driver_release *release)
{
    struct weft_driver_release *other = release->driver->releases;
    while (other != NULL && (other == release || other->info.id != release->info.id)) {
        other = other->next;
    }
    return other;
}

static void remove_release(struct weft_driver_release *release)
{
    struct weft_driver *driver = release->driver;
    struct weft_driver_release *sibling = sibling_of(release);
    struct weft_driver_release **link = &driver->releases;
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE_GONE, .release_gone = {release->info.id}};
    while (*link != NULL && *link != release) {
        link = &(*link)->next;
    }
    *link = release->next;
    if (sibling == NULL) {
        weft_store_remove(driver->store, release->info.id);
        if (release->added) {
            weft_driver_tell(driver, &event);
        }
    } else if (release->added) {
        /* What is in the store goes on under the other one's name. */
        sibling->added = true;
        sibling->shares = false;
        memcpy(sibling->have, release->have, (release->index->chunk_count + 7) / 8);
    }
    free_release(release);
}

static bool is_whole(const struct weft_driver_release *release)
{
    struct weft_store_held held;
    return weft_store_look(release->driver->store, release->info.id, &held) &&
           held.have_count == held.chunk_count;
}

void weft_driver_release_remove_older(struct weft_driver *driver, uint32_t component,
                                      bool whole_ones_too)
{
    struct weft_driver_release *release = driver->releases;
    while (release != NULL) {
        struct weft_driver_release *next = release->next;
        bool is_busy = (!release->added && !release->shares) || release->finishing;
        if (release->component == component && !release->current && !is_busy &&
            (whole_ones_too || !is_whole(release))) {
            remove_release(release);
            next = driver->releases; /* telling the core may change the list */
        }
        release = next;
    }
}

void weft_driver_release_misled(struct weft_driver_release *release)
{
    struct weft_driver *driver = release->driver;
    struct weft_event event = {
        .kind = WEFT_EVENT_MISLED,
        .misled = {.peer = release->author, .release = release->info.id, .is_certain = true}};
    uint32_t component = release->component;
    weft_release_id id = release->info.id;
    weft_driver_release_note_error(release, "the chunk index that a peer gave is false; another "
                                            "one is looked for");
    remove_release(release);
    weft_driver_tell(driver, &event);
    weft_driver_hold(driver);
    weft_updater_index_false(driver->updater, component, id);
    weft_driver_release(driver);
}

/* ---- Added ---- */

struct weft_driver_ticket *weft_driver_release_ticket(const struct weft_driver_release *release)
{
    struct weft_driver_ticket *ticket = malloc(sizeof(*ticket));
    if (ticket != NULL) {
        *ticket =
            (struct weft_driver_ticket){release->driver, release->info.id, release->component};
    }
    return ticket;
}

struct weft_driver_release *weft_driver_release_redeem(struct weft_driver_ticket *ticket)
{
    struct weft_driver_release *release = ticket->driver->releases;
    while (release != NULL &&
           (release->info.id != ticket->id || release->component != ticket->component)) {
        release = release->next;
    }
    bool is_closing = ticket->driver->closing;
    free(ticket);
    return is_closing ? NULL : release;
}

static void on_added(void *context, const uint8_t *have, enum weft_err err)
{
    struct weft_driver_release *release = weft_driver_release_redeem(context);
    if (release == NULL || release->added) {
        return;
    }
    if (have == NULL) {
        weft_driver_release_note_error(release, weft_err_text(err));
        weft_driver_release_plan_retry(release);
        return;
    }
    memcpy(release->have, have, (release->index->chunk_count + 7) / 8);
    release->added = true;
    release->failures = 0;
    release->progress_ns = uv_hrtime();
    if (err != WEFT_ERR_OK) {
        weft_driver_release_note_error(release, weft_err_text(err));
    }
    weft_driver_release_tell_core(release);
    weft_driver_release_remove_older(release->driver, release->component,
                                     false /* whole_ones_too */);
}

static void add_to_store(struct weft_driver_release *release)
{
    struct weft_driver_ticket *ticket = weft_driver_release_ticket(release);
    if (ticket == NULL) {
        weft_driver_release_plan_retry(release);
        return;
    }
    weft_store_add(release->driver->store, release->index, on_added, ticket);
}

/* Files of releases nobody wants go when every component is known: not earlier, or a node that lost
 * its metadata would lose its chunks with it. */
static void sweep_once(struct weft_driver *driver)
{
    for (uint32_t i = 0; i < driver->options->component_count; i++) {
        if (driver->parts[i].status.target_id == 0) {
            return;
        }
    }
    if (!driver->swept) {
        driver->swept = true;
        weft_store_sweep(driver->store);
    }
}

static struct weft_driver_release *make_release(struct weft_driver *driver, uint32_t component,
                                                const struct weft_release_info *info,
                                                const uint8_t *index_bytes)
{
    struct weft_driver_release *release = calloc(1, sizeof(*release));
    if (release == NULL) {
        return NULL;
    }
    release->driver = driver;
    release->info = *info;
    release->component = component;
    if (weft_index_decode(index_bytes, info->index_bytes, info->pin.length, &release->index) !=
        WEFT_ERR_OK) {
        free(release);
        return NULL;
    }
    release->have = calloc(1, (release->index->chunk_count + 7) / 8);
    if (release->have == NULL) {
        free_release(release);
        return NULL;
    }
    return release;
}

/* |info| is the current release of |component| from now on. A hint that another one takes the place
 * of brought no chunks: its author is told on. Result: the release if it is known already. */
static struct weft_driver_release *mark_current(struct weft_driver *driver, uint32_t component,
                                                const struct weft_release_info *info)
{
    struct weft_driver_release *known = NULL;
    for (struct weft_driver_release *other = driver->releases; other != NULL; other = other->next) {
        if (other->component != component) {
            continue;
        }
        bool is_same = other->info.id == info->id;
        bool is_rival = !is_same && other->current && !other->proven && !other->info.has_index &&
                        strcmp(other->info.path, info->path) == 0;
        if (is_rival) {
            struct weft_event event = {
                .kind = WEFT_EVENT_MISLED,
                .misled = {.peer = other->author, .release = other->info.id}};
            weft_driver_tell(driver, &event);
        }
        other->current = is_same;
        known = is_same ? other : known;
    }
    return known;
}

void weft_driver_release_add(struct weft_driver *driver, uint32_t component,
                             const struct weft_release_info *info, const uint8_t *index_bytes,
                             weft_node_id author)
{
    struct weft_driver_component *status = &driver->parts[component].status;
    snprintf(status->target_version, sizeof(status->target_version), "%s", info->version);
    status->target_id = info->id;
    if (mark_current(driver, component, info) != NULL) {
        return;
    }
    struct weft_driver_release *release = make_release(driver, component, info, index_bytes);
    if (release == NULL) {
        weft_log(WEFT_LOG_ERROR, "component %s version %s: out of memory", info->component,
                 info->version);
        return;
    }
    weft_log(WEFT_LOG_INFO, "component %s: version %s is current, %llu bytes, release %016llx",
             info->component, info->version, (unsigned long long)info->pin.length,
             (unsigned long long)info->id);
    release->current = true;
    release->proven = info->has_index;
    release->author = author;
    release->next = driver->releases;
    driver->releases = release;
    release->shares = sibling_of(release) != NULL;
    if (!release->shares) {
        add_to_store(release);
    } else if (is_whole(release)) {
        weft_driver_release_activate(release);
    }
    sweep_once(driver);
}

/* ---- Chunks ---- */

void weft_driver_release_stored(struct weft_driver *driver, weft_release_id id, uint32_t chunk,
                                uint32_t bytes)
{
    struct weft_driver_release *release = weft_driver_release_find(driver, id);
    if (release != NULL && chunk < release->index->chunk_count) {
        release->have[chunk / 8] = (uint8_t)(release->have[chunk / 8] | 1U << (chunk % 8));
        release->progress_ns = uv_hrtime();
        driver->parts[release->component].received_bytes += bytes;
    }
}

void weft_driver_release_damaged(void *context, weft_release_id id, uint32_t chunk)
{
    struct weft_driver *driver = context;
    struct weft_driver_release *release = weft_driver_release_find(driver, id);
    if (release != NULL && chunk < release->index->chunk_count) {
        release->have[chunk / 8] = (uint8_t)(release->have[chunk / 8] & ~(1U << (chunk % 8)));
    }
}

void weft_driver_release_lost(struct weft_driver *driver, weft_release_id id, uint32_t chunk)
{
    struct weft_driver_release *release = weft_driver_release_find(driver, id);
    if (release != NULL && chunk < release->index->chunk_count) {
        weft_driver_release_damaged(driver, id, chunk);
        weft_driver_release_tell_core(release);
    }
}

bool weft_driver_release_is_coming(const struct weft_driver *driver, const char *index_path)
{
    bool is_coming = false;
    weft_ns now_ns = uv_hrtime();
    for (const struct weft_driver_release *release = driver->releases; release != NULL;
         release = release->next) {
        bool is_alive = release->added && now_ns - release->progress_ns < DOUBT_NS;
        is_coming = is_coming || (release->current && is_alive &&
                                  strcmp(release->info.index_path, index_path) == 0);
    }
    return is_coming;
}

/* ---- The clock ---- */

/* A hint that brings no chunk: others are asked for theirs. */
static void doubt(struct weft_driver *driver, weft_ns now_ns)
{
    for (struct weft_driver_release *release = driver->releases; release != NULL;
         release = release->next) {
        if (!release->proven && release->current && release->added &&
            now_ns - release->progress_ns >= DOUBT_NS) {
            release->progress_ns = now_ns;
            weft_driver_hold(driver);
            weft_updater_index_doubt(driver->updater, release->component, release->info.id);
            weft_driver_release(driver);
            return; /* the list may have changed; the next one a second later */
        }
    }
}

void weft_driver_release_expire(struct weft_driver *driver)
{
    weft_ns now_ns = uv_hrtime();
    doubt(driver, now_ns);
    for (struct weft_driver_release *release = driver->releases; release != NULL;
         release = release->next) {
        if (release->retry_ns == 0 || release->retry_ns > now_ns) {
            continue;
        }
        release->retry_ns = 0;
        if (!release->added && !release->shares && !release->current) {
            remove_release(release);
        } else if (!release->added && !release->shares) {
            add_to_store(release);
        } else if (release->current && (release->activated || release->shares)) {
            weft_driver_release_activate(release); /* only its command failed */
        } else if (release->current) {
            weft_driver_release_tell_core(release); /* which asks to complete it again */
        }
        return; /* the list may have changed; the next one a second later */
    }
}
