/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that steps the core. Which function carries out which action? Events that arise
 * while the core or the updater is on the stack wait in a queue: neither is ever re-entered. */
#include "driver_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- Actions ---- */

static void act_left(struct weft_driver *driver, const struct weft_action *action)
{
    (void)action;
    driver->left = true;
}

static void act_updater(struct weft_driver *driver, const struct weft_action *action)
{
    const struct weft_action_bulletin *bulletin = &action->bulletin;
    weft_driver_hold(driver);
    if (action->kind == WEFT_ACTION_SOURCE_LOOK) {
        weft_updater_look(driver->updater);
    } else {
        weft_updater_check(driver->updater, bulletin->peer.id, bulletin->bulletin, bulletin->bytes,
                           bulletin->length);
    }
    weft_driver_release(driver);
}

typedef void act_function(struct weft_driver *driver, const struct weft_action *action);

static act_function *const acts[WEFT_ACTION_KIND_COUNT] = {
    [WEFT_ACTION_DATAGRAM] = weft_driver_net_act,
    [WEFT_ACTION_STREAM_OPEN] = weft_driver_net_act,
    [WEFT_ACTION_STREAM_CLOSE] = weft_driver_net_act,
    [WEFT_ACTION_FRAME] = weft_driver_net_act,
    [WEFT_ACTION_ACCEPT] = weft_driver_chunk_act,
    [WEFT_ACTION_DISCARD] = weft_driver_chunk_act,
    [WEFT_ACTION_UPLOAD] = weft_driver_chunk_act,
    [WEFT_ACTION_UPLOAD_CANCEL] = weft_driver_chunk_act,
    [WEFT_ACTION_SOURCE_FETCH] = weft_driver_source_act,
    [WEFT_ACTION_SOURCE_CANCEL] = weft_driver_source_act,
    [WEFT_ACTION_SOURCE_LOOK] = act_updater,
    [WEFT_ACTION_BULLETIN_CHECK] = act_updater,
    [WEFT_ACTION_DOCUMENT_FETCH] = weft_driver_document_act,
    [WEFT_ACTION_DOCUMENT_FAILED] = weft_driver_document_act,
    [WEFT_ACTION_COMPLETE] = weft_driver_release_act,
    [WEFT_ACTION_LEFT] = act_left,
};

/* ---- Events that wait ---- */

/* What |event| borrows; *field is where it says so. */
static const uint8_t *payload_of(struct weft_event *event, const uint8_t ***field, size_t *length)
{
    *length = 0;
    *field = NULL;
    if (event->kind == WEFT_EVENT_BULLETIN) {
        *field = &event->bulletin.bytes;
        *length = event->bulletin.length;
    } else if (event->kind == WEFT_EVENT_RELEASE) {
        *field = &event->release.have;
        *length = event->release.have == NULL ? 0 : (event->release.chunk_count + 7) / 8;
    } else if (event->kind == WEFT_EVENT_DATAGRAM) {
        *field = &event->datagram.bytes;
        *length = event->datagram.length;
    } else if (event->kind == WEFT_EVENT_FRAME) {
        *field = &event->frame.bytes;
        *length = event->frame.length;
    }
    return *field == NULL ? NULL : **field;
}

static void enqueue(struct weft_driver *driver, struct weft_event *event)
{
    const uint8_t **field;
    size_t length;
    const uint8_t *payload = payload_of(event, &field, &length);
    if (event->kind == WEFT_EVENT_DOCUMENT_WANTED) {
        payload = (const uint8_t *)event->document_wanted.path;
        length = strlen(event->document_wanted.path) + 1;
    }
    struct weft_driver_event *item = malloc(sizeof(*item) + length);
    if (item == NULL) {
        return;
    }
    item->next = NULL;
    item->event = *event;
    item->payload_bytes = length;
    if (length > 0) {
        memcpy(item->payload, payload, length);
    }
    payload_of(&item->event, &field, &length);
    if (field != NULL && length > 0) {
        *field = item->payload;
    }
    if (event->kind == WEFT_EVENT_DOCUMENT_WANTED) {
        item->event.document_wanted.path = (const char *)item->payload;
    }
    if (driver->first == NULL) {
        driver->first = item;
    } else {
        driver->last->next = item;
    }
    driver->last = item;
}

void weft_driver_drop_events(struct weft_driver *driver)
{
    while (driver->first != NULL) {
        struct weft_driver_event *item = driver->first;
        driver->first = item->next;
        free(item);
    }
}

/* ---- Steps ---- */

static void step(struct weft_driver *driver, struct weft_event *event)
{
    struct weft_action_queue *actions = driver->actions;
    driver->hold_count++;
    event->now_ns = uv_hrtime();
    weft_core_step(driver->core, event, actions);
    for (uint32_t i = 0; i < actions->count; i++) {
        acts[actions->items[i].kind](driver, &actions->items[i]);
    }
    weft_action_reset(actions);
    driver->hold_count--;
}

static void arm(struct weft_driver *driver)
{
    weft_ns deadline_ns = weft_core_deadline(driver->core);
    if (deadline_ns == driver->armed_ns) {
        return;
    }
    driver->armed_ns = deadline_ns;
    if (deadline_ns == WEFT_NS_NEVER) {
        uv_timer_stop(&driver->tick);
        return;
    }
    weft_ns now_ns = uv_hrtime();
    weft_ns wait_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    /* libuv counts from the beginning of this turn of the loop. */
    uv_update_time(driver->config.loop);
    uv_timer_start(&driver->tick, weft_driver_on_tick,
                   (wait_ns + WEFT_NS_PER_MS - 1) / WEFT_NS_PER_MS, 0);
}

/* Step everything that waits, if nothing is on the stack. */
static void pump(struct weft_driver *driver)
{
    while (driver->hold_count == 0 && driver->first != NULL) {
        struct weft_driver_event *item = driver->first;
        driver->first = item->next;
        step(driver, &item->event);
        free(item);
    }
    if (driver->hold_count == 0 && !driver->closing) {
        arm(driver);
    }
}

void weft_driver_tell(struct weft_driver *driver, struct weft_event *event)
{
    if (driver->closing || driver->left) {
        return;
    }
    if (driver->hold_count > 0 || driver->first != NULL) {
        enqueue(driver, event);
        return;
    }
    step(driver, event);
    pump(driver);
}

void weft_driver_hold(struct weft_driver *driver)
{
    driver->hold_count++;
}

void weft_driver_release(struct weft_driver *driver)
{
    driver->hold_count--;
    pump(driver);
}

void weft_driver_on_tick(uv_timer_t *timer)
{
    struct weft_driver *driver = timer->data;
    struct weft_event event = {.kind = WEFT_EVENT_TICK};
    driver->armed_ns = 0;
    if (weft_core_deadline(driver->core) > uv_hrtime()) {
        arm(driver); /* the loop's clock is ahead of ours by a part of a millisecond */
        return;
    }
    weft_driver_tell(driver, &event);
}
