/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a release on this node: named by the updater, taken up by the store, told to the
 * core, checked as a whole, activated, and removed when a newer one of its component is in
 * effect. What failed is tried again after 10 s, later up to 10 min. */
#include "driver_state.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_NS (10 * WEFT_NS_PER_S)
#define RETRY_DOUBLINGS_MAX 6

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

static const struct weft_run_component *component_of(const struct weft_driver_release *release)
{
    return &release->driver->options->components[release->component];
}

static struct weft_driver_part *part_of(struct weft_driver_release *release)
{
    return &release->driver->parts[release->component];
}

/* Remember what went wrong, for `weft status`; NULL = nothing any more. */
static void note_error(struct weft_driver_release *release, const char *text)
{
    char *error = part_of(release)->status.error;
    snprintf(error, sizeof(part_of(release)->status.error), "%s", text == NULL ? "" : text);
    if (text != NULL) {
        weft_log(WEFT_LOG_ERROR, "component %s version %s: %s", release->info.component,
                 release->info.version, text);
    }
}

static void tell_core(struct weft_driver_release *release)
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

static void plan_retry(struct weft_driver_release *release)
{
    uint32_t doublings =
        release->failures < RETRY_DOUBLINGS_MAX ? release->failures : RETRY_DOUBLINGS_MAX;
    release->failures++;
    release->retry_ns = uv_hrtime() + (RETRY_NS << doublings);
}

/* ---- Removed ---- */

static void remove_release(struct weft_driver_release *release)
{
    struct weft_driver *driver = release->driver;
    struct weft_driver_release **link = &driver->releases;
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE_GONE, .release_gone = {release->info.id}};
    while (*link != release) {
        link = &(*link)->next;
    }
    *link = release->next;
    weft_store_remove(driver->store, release->info.id);
    if (release->added) {
        weft_driver_tell(driver, &event);
    }
    free_release(release);
}

static bool is_whole(const struct weft_driver_release *release)
{
    struct weft_store_held held;
    return weft_store_look(release->driver->store, release->info.id, &held) &&
           held.have_count == held.chunk_count;
}

/* Remove older releases of a component: all of them, or only those that are not whole. */
static void remove_older(struct weft_driver *driver, uint32_t component, bool whole_ones_too)
{
    struct weft_driver_release *release = driver->releases;
    while (release != NULL) {
        struct weft_driver_release *next = release->next;
        bool is_busy = !release->added || release->finishing;
        if (release->component == component && !release->current && !is_busy &&
            (whole_ones_too || !is_whole(release))) {
            remove_release(release);
            next = driver->releases; /* telling the core may change the list */
        }
        release = next;
    }
}

/* ---- Added ---- */

/* Ids outlive releases in callbacks of the store, so these carry an id, not a pointer. */
struct ticket {
    struct weft_driver *driver; /* owner */
    weft_release_id id;         /* release concerned */
};

static struct ticket *make_ticket(const struct weft_driver_release *release)
{
    struct ticket *ticket = malloc(sizeof(*ticket));
    if (ticket != NULL) {
        *ticket = (struct ticket){release->driver, release->info.id};
    }
    return ticket;
}

/* The release a ticket stands for; frees the ticket. NULL: gone, or the driver closes. */
static struct weft_driver_release *redeem(struct ticket *ticket)
{
    struct weft_driver_release *release = ticket->driver->releases;
    while (release != NULL && release->info.id != ticket->id) {
        release = release->next;
    }
    bool is_closing = ticket->driver->closing;
    free(ticket);
    return is_closing ? NULL : release;
}

static void on_added(void *context, const uint8_t *have, enum weft_err err)
{
    struct weft_driver_release *release = redeem(context);
    if (release == NULL || release->added) {
        return;
    }
    if (have == NULL) {
        note_error(release, weft_err_text(err));
        plan_retry(release);
        return;
    }
    memcpy(release->have, have, (release->index->chunk_count + 7) / 8);
    release->added = true;
    release->failures = 0;
    if (err != WEFT_ERR_OK) {
        note_error(release, weft_err_text(err));
    }
    tell_core(release);
    remove_older(release->driver, release->component, false /* whole_ones_too */);
}

static void add_to_store(struct weft_driver_release *release)
{
    struct ticket *ticket = make_ticket(release);
    if (ticket == NULL) {
        plan_retry(release);
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

void weft_driver_release_add(struct weft_driver *driver, uint32_t component,
                             const struct weft_release_info *info, const uint8_t *index_bytes)
{
    struct weft_driver_release *known = driver->releases;
    struct weft_driver_component *status = &driver->parts[component].status;
    snprintf(status->target_version, sizeof(status->target_version), "%s", info->version);
    status->target_id = info->id;
    for (struct weft_driver_release *other = known; other != NULL; other = other->next) {
        if (other->component == component) {
            other->current = other->info.id == info->id;
        }
    }
    while (known != NULL && (known->info.id != info->id || known->component != component)) {
        known = known->next;
    }
    if (known != NULL) {
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
    release->next = driver->releases;
    driver->releases = release;
    add_to_store(release);
    sweep_once(driver);
}

/* ---- Chunks ---- */

void weft_driver_release_stored(struct weft_driver *driver, weft_release_id id, uint32_t chunk,
                                uint32_t bytes)
{
    struct weft_driver_release *release = weft_driver_release_find(driver, id);
    if (release != NULL && chunk < release->index->chunk_count) {
        release->have[chunk / 8] = (uint8_t)(release->have[chunk / 8] | 1U << (chunk % 8));
        part_of(release)->received_bytes += bytes;
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
        tell_core(release);
    }
}

/* ---- Completed ---- */

static void activate(struct weft_driver_release *release);

/* The release of a component that waits for the activation before it. */
static struct weft_driver_release *find_waiting(struct weft_driver *driver, uint32_t component)
{
    struct weft_driver_release *release = driver->releases;
    while (release != NULL &&
           (release->component != component || !release->waits || !release->current)) {
        release = release->next;
    }
    return release;
}

static bool lacks_chunks(const struct weft_driver_release *release)
{
    for (uint32_t i = 0; i < release->index->chunk_count; i++) {
        if ((release->have[i / 8] >> (i % 8) & 1) == 0) {
            return true;
        }
    }
    return false;
}

/* Tell the core how it went, and plan what comes next. */
static void complete(struct weft_driver_release *release, enum weft_err err, const char *text)
{
    struct weft_event event = {.kind = WEFT_EVENT_COMPLETED, .completed = {release->info.id, err}};
    bool is_active = err == WEFT_ERR_OK || err == WEFT_ERR_HOOK;
    event.completed.result = is_active ? WEFT_ERR_OK : err;
    note_error(release, err == WEFT_ERR_OK ? NULL : text);
    if (err != WEFT_ERR_OK && err != WEFT_ERR_CANCELLED) {
        plan_retry(release);
    }
    bool must_refetch = err == WEFT_ERR_MISMATCH && lacks_chunks(release);
    if (err == WEFT_ERR_MISMATCH && !must_refetch) {
        /* The publisher's own hashes contradict each other: chunks are not to blame. */
        event.completed.result = WEFT_ERR_FORMAT;
    }
    weft_driver_hold(release->driver);
    weft_driver_tell(release->driver, &event);
    if (must_refetch) {
        tell_core(release); /* the core has forgotten it */
    }
    weft_driver_release(release->driver);
}

/* The chunks of a release that did not verify as a whole were looked at again. */
static void on_checked(void *context, enum weft_err err)
{
    struct weft_driver_release *release = redeem(context);
    (void)err; /* what was found is told chunk by chunk */
    if (release != NULL) {
        complete(release, WEFT_ERR_MISMATCH,
                 lacks_chunks(release) ? weft_err_text(WEFT_ERR_MISMATCH)
                                       : "every chunk matches the chunk index, but the whole does "
                                         "not; the publisher has to publish it again");
    }
}

/* Tell how an activation went; one that found damage leads to a look at every chunk first. */
static void conclude(struct weft_driver_release *release, enum weft_err err, const char *text)
{
    struct ticket *ticket = err == WEFT_ERR_MISMATCH ? make_ticket(release) : NULL;
    if (ticket != NULL) {
        weft_store_check(release->driver->store, release->info.id, on_checked, ticket);
    } else {
        complete(release, err, text);
    }
}

static void on_activated(void *context, enum weft_err err, const char *text)
{
    struct ticket *ticket = context;
    struct weft_driver *driver = ticket->driver;
    struct weft_driver_release *release = redeem(ticket);
    if (release != NULL) {
        struct weft_driver_part *part = part_of(release);
        uint32_t component = release->component;
        bool is_active = err == WEFT_ERR_OK || err == WEFT_ERR_HOOK;
        part->activation = NULL;
        if (is_active) {
            release->activated = true;
            part->status.active_id = release->info.id;
        }
        if (err == WEFT_ERR_OK) {
            release->failures = 0;
            release->retry_ns = 0;
            weft_log(WEFT_LOG_INFO, "component %s: version %s is active in %s",
                     release->info.component, release->info.version, text);
        }
        bool is_current = release->current;
        conclude(release, err, text);
        if (is_active && is_current) {
            remove_older(driver, component, true /* whole_ones_too */);
        }
        struct weft_driver_release *waiting = find_waiting(driver, component);
        if (waiting != NULL) {
            waiting->waits = false;
            activate(waiting);
        }
    }
    weft_driver_unref(driver);
}

static void activate(struct weft_driver_release *release)
{
    struct weft_driver *driver = release->driver;
    struct weft_driver_part *part = part_of(release);
    if (part->activation != NULL) {
        release->waits = true;
        weft_activate_cancel(part->activation);
        return;
    }
    const struct weft_activate_request request = {
        .loop = driver->config.loop,
        .data_dir = driver->options->data_dir,
        .component = release->info.component,
        .version = release->info.version,
        .file = release->info.kind == WEFT_RELEASE_FILE ? release->info.file : NULL,
        .link = component_of(release)->link,
        .hook = driver->options->on_update,
        .sha256 = release->info.pin.sha256,
        .id = release->info.id,
        .bytes = release->info.pin.length,
    };
    struct ticket *ticket = make_ticket(release);
    enum weft_err err =
        ticket == NULL ? WEFT_ERR_MEMORY
                       : weft_activate_start(&request, on_activated, ticket, &part->activation);
    if (err != WEFT_ERR_OK) {
        free(ticket);
        complete(release, err, weft_err_text(err));
        return;
    }
    driver->open_count++;
}

static void on_finished(void *context, enum weft_err err)
{
    struct weft_driver_release *release = redeem(context);
    if (release == NULL) {
        return;
    }
    release->finishing = false;
    if (err != WEFT_ERR_OK) {
        complete(release, err, weft_err_text(err));
    } else if (!release->current) {
        complete(release, WEFT_ERR_CANCELLED, NULL); /* a newer one was published meanwhile */
    } else {
        activate(release);
    }
}

void weft_driver_release_act(struct weft_driver *driver, const struct weft_action *action)
{
    struct weft_driver_release *release = weft_driver_release_find(driver, action->release);
    struct ticket *ticket = release == NULL ? NULL : make_ticket(release);
    if (ticket == NULL) {
        struct weft_event event = {.kind = WEFT_EVENT_COMPLETED,
                                   .completed = {action->release, WEFT_ERR_NOT_FOUND}};
        weft_driver_tell(driver, &event);
        return;
    }
    release->finishing = true;
    weft_store_finish(driver->store, release->info.id, on_finished, ticket);
}

void weft_driver_release_expire(struct weft_driver *driver)
{
    weft_ns now_ns = uv_hrtime();
    for (struct weft_driver_release *release = driver->releases; release != NULL;
         release = release->next) {
        if (release->retry_ns == 0 || release->retry_ns > now_ns) {
            continue;
        }
        release->retry_ns = 0;
        if (!release->added && !release->current) {
            remove_release(release);
        } else if (!release->added) {
            add_to_store(release);
        } else if (release->activated && release->current) {
            activate(release); /* only its command failed */
        } else if (release->current) {
            tell_core(release); /* which asks to complete it again */
        }
        return; /* the list may have changed; the next one a second later */
    }
}

void weft_driver_release_cancel(struct weft_driver *driver)
{
    for (uint32_t i = 0; i < driver->options->component_count; i++) {
        if (driver->parts[i].activation != NULL) {
            weft_activate_cancel(driver->parts[i].activation);
        }
    }
}
