/* SPDX-License-Identifier: Apache-2.0 */
/* How does a release of which every chunk is there take effect? Checked as a whole while it is laid
 * out, and told to the core. One that does not match its signed hash although every chunk matched
 * its index was cut by a false index, or published wrongly. */
#include "driver_state.h"

#include "log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct weft_run_component *component_of(const struct weft_driver_release *release)
{
    return &release->driver->options->components[release->component];
}

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
    weft_driver_release_note_error(release, err == WEFT_ERR_OK ? NULL : text);
    if (err != WEFT_ERR_OK && err != WEFT_ERR_CANCELLED) {
        weft_driver_release_plan_retry(release);
    }
    if (release->shares) {
        return; /* the core knows only who owns it */
    }
    bool must_refetch = err == WEFT_ERR_MISMATCH && lacks_chunks(release);
    if (err == WEFT_ERR_MISMATCH && !must_refetch) {
        /* The publisher's own hashes contradict each other: chunks are not to blame. */
        event.completed.result = WEFT_ERR_FORMAT;
    }
    weft_driver_hold(release->driver);
    weft_driver_tell(release->driver, &event);
    if (must_refetch) {
        weft_driver_release_tell_core(release); /* the core has forgotten it */
    }
    weft_driver_release(release->driver);
}

/* The chunks of a release that did not verify as a whole were looked at again. */
static void on_checked(void *context, enum weft_err err)
{
    struct weft_driver_release *release = weft_driver_release_redeem(context);
    (void)err; /* what was found is told chunk by chunk */
    if (release == NULL) {
        return;
    }
    bool lacks = lacks_chunks(release);
    if (!lacks && !release->info.has_index) {
        weft_driver_release_misled(release);
        return;
    }
    complete(release, WEFT_ERR_MISMATCH,
             lacks ? weft_err_text(WEFT_ERR_MISMATCH)
                   : "every chunk matches the chunk index, but the whole does not; the publisher "
                     "has to publish it again");
}

/* Tell how an activation went; one that found damage leads to a look at every chunk first. */
static void conclude(struct weft_driver_release *release, enum weft_err err, const char *text)
{
    struct weft_driver_ticket *ticket =
        err == WEFT_ERR_MISMATCH ? weft_driver_release_ticket(release) : NULL;
    if (ticket != NULL) {
        weft_store_check(release->driver->store, release->info.id, on_checked, ticket);
    } else {
        complete(release, err, text);
    }
}

/* The bytes that took effect are the signed ones: so its index is right. */
static void prove(struct weft_driver_release *release)
{
    if (!release->proven) {
        release->proven = true;
        weft_updater_index_proven(release->driver->updater, release->component, release->info.id);
    }
}

/* Whoever waits for releases, such as weft-apply.path, hears of one: an empty file is written. */
static void tell_ready(const struct weft_driver *driver)
{
    char path[WEFT_FILE_PATH_BYTES];
    int fd = -1;
    if (weft_fileio_join(path, driver->options->data_dir, "ready")) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void note_active(struct weft_driver_release *release, enum weft_err err, const char *text)
{
    release->activated = true;
    release->driver->parts[release->component].status.active_id = release->info.id;
    prove(release);
    tell_ready(release->driver);
    if (err == WEFT_ERR_OK) {
        release->failures = 0;
        release->retry_ns = 0;
        weft_log(WEFT_LOG_INFO, "component %s: version %s is active in %s", release->info.component,
                 release->info.version, text);
    }
}

static void on_activated(void *context, enum weft_err err, const char *text)
{
    struct weft_driver_ticket *ticket = context;
    struct weft_driver *driver = ticket->driver;
    struct weft_driver_release *release = weft_driver_release_redeem(ticket);
    if (release != NULL) {
        uint32_t component = release->component;
        bool is_active = err == WEFT_ERR_OK || err == WEFT_ERR_HOOK;
        bool is_current = release->current;
        driver->parts[component].activation = NULL;
        if (is_active) {
            note_active(release, err, text);
        }
        conclude(release, err, text);
        if (is_active && is_current) {
            weft_driver_release_remove_older(driver, component, true /* whole_ones_too */);
        }
        struct weft_driver_release *waiting = find_waiting(driver, component);
        if (waiting != NULL) {
            waiting->waits = false;
            weft_driver_release_activate(waiting);
        }
    }
    weft_driver_unref(driver);
}

void weft_driver_release_activate(struct weft_driver_release *release)
{
    struct weft_driver *driver = release->driver;
    struct weft_driver_part *part = &driver->parts[release->component];
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
        .runner = driver->config.runner,
        .pin = release->info.pin,
        .id = release->info.id,
    };
    struct weft_driver_ticket *ticket = weft_driver_release_ticket(release);
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

/* Subscriptions with the same content take effect too. */
static void activate_siblings(struct weft_driver *driver, weft_release_id id)
{
    for (struct weft_driver_release *other = driver->releases; other != NULL; other = other->next) {
        if (other->info.id == id && other->shares && other->current && !other->activated) {
            weft_driver_release_activate(other);
        }
    }
}

static void on_finished(void *context, enum weft_err err)
{
    struct weft_driver_release *release = weft_driver_release_redeem(context);
    if (release == NULL) {
        return;
    }
    struct weft_driver *driver = release->driver;
    weft_release_id id = release->info.id;
    release->finishing = false;
    if (err != WEFT_ERR_OK) {
        complete(release, err, weft_err_text(err));
        return;
    }
    if (!release->current) {
        complete(release, WEFT_ERR_CANCELLED, NULL); /* a newer one was published meanwhile */
    } else {
        weft_driver_release_activate(release);
    }
    activate_siblings(driver, id);
}

void weft_driver_release_act(struct weft_driver *driver, const struct weft_action *action)
{
    struct weft_driver_release *release = weft_driver_release_find(driver, action->release);
    struct weft_driver_ticket *ticket =
        release == NULL ? NULL : weft_driver_release_ticket(release);
    if (ticket == NULL) {
        struct weft_event event = {.kind = WEFT_EVENT_COMPLETED,
                                   .completed = {action->release, WEFT_ERR_NOT_FOUND}};
        weft_driver_tell(driver, &event);
        return;
    }
    release->finishing = true;
    weft_store_finish(driver->store, release->info.id, on_finished, ticket);
}

void weft_driver_release_cancel(struct weft_driver *driver)
{
    for (uint32_t i = 0; i < driver->options->component_count; i++) {
        if (driver->parts[i].activation != NULL) {
            weft_activate_cancel(driver->parts[i].activation);
        }
    }
}
