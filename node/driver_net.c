/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams, streams and frames: what the session tells becomes events, what the core wants becomes
 * calls of the session. Bulk is passed on to driver_chunk.c and driver_document.c. */
#include "driver_state.h"

#include "log.h"
#include "units.h"

#include "../protocol/view.h"

#include <stdlib.h>

static void on_datagram(void *context, const struct weft_endpoint *from, uint8_t hop_limit,
                        const uint8_t *bytes, size_t length)
{
    const struct weft_driver *driver = context;
    uint8_t flags = weft_session_flags(driver->session, from->id);
    struct weft_event event = {.kind = WEFT_EVENT_DATAGRAM,
                               .datagram = {.from = *from,
                                            .hop_limit = hop_limit,
                                            .no_agent = (flags & WEFT_CERTIFICATE_NO_AGENT) != 0,
                                            .bytes = bytes,
                                            .length = length}};
    weft_driver_tell(context, &event);
}

static void on_up(void *context, const struct weft_endpoint *peer, bool opened_here)
{
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_UP,
                               .stream = {.peer = *peer, .opened_here = opened_here}};
    weft_driver_tell(context, &event);
}

static void on_down(void *context, weft_node_id peer, enum weft_err why)
{
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_DOWN,
                               .stream = {.peer.id = peer, .result = why}};
    weft_driver_document_down(context, peer);
    weft_driver_tell(context, &event);
}

static void on_frame(void *context, weft_node_id peer, const uint8_t *bytes, size_t length)
{
    struct weft_event event = {.kind = WEFT_EVENT_FRAME, .frame = {peer, bytes, length}};
    weft_driver_tell(context, &event);
}

static uint8_t *on_offer(void *context, const struct weft_bulk *bulk)
{
    return bulk->kind == WEFT_BULK_CHUNK ? weft_driver_chunk_offer(context, bulk)
                                         : weft_driver_document_offer(context, bulk);
}

static void on_received(void *context, const struct weft_bulk *bulk, enum weft_err result)
{
    if (bulk->kind == WEFT_BULK_CHUNK) {
        weft_driver_chunk_received(context, bulk, result);
    } else {
        weft_driver_document_received(context, bulk, result);
    }
}

static void on_sent(void *context, const struct weft_bulk *bulk, enum weft_err result)
{
    if (bulk->kind == WEFT_BULK_CHUNK) {
        weft_driver_chunk_sent(context, bulk, result);
    } else {
        free(bulk->bytes);
    }
}

static void on_request(void *context, weft_node_id peer, uint64_t token, const char *path)
{
    weft_driver_document_request(context, peer, token, path);
}

/* Kept, so that a restart does not forget whom to refuse. */
static void on_revoked(void *context)
{
    const struct weft_driver *driver = context;
    const struct weft_membership *membership = &driver->membership;
    enum weft_err err = weft_membership_file_save_revoked(driver->options->data_dir, membership);
    weft_log(WEFT_LOG_INFO, "revocation %llu: %s thrown out",
             (unsigned long long)membership->revoked.number,
             weft_units_count(membership->revoked.count, "node").text);
    if (weft_driver_renew_is_revoked(driver)) {
        weft_log(WEFT_LOG_ERROR,
                 "this node was thrown out of the mesh: nobody talks to it any more; "
                 "ask who runs the server");
    }
    if (err != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "cannot write the revocation: %s", weft_err_text(err));
    }
}

struct weft_session_handler weft_driver_net_handler(struct weft_driver *driver)
{
    return (struct weft_session_handler){
        .context = driver,
        .datagram = on_datagram,
        .up = on_up,
        .down = on_down,
        .frame = on_frame,
        .offer = on_offer,
        .received = on_received,
        .sent = on_sent,
        .request = on_request,
        .revoked = on_revoked,
        .admit = driver->is_server ? weft_driver_renew_admit : NULL,
    };
}

static bool is_alone(void *context)
{
    const struct weft_driver *driver = context;
    return weft_view_node(driver->core).member_count <= 1;
}

static void on_beacon(void *context, const struct weft_address *from)
{
    struct weft_event event = {.kind = WEFT_EVENT_BEACON, .beacon = {.address = *from}};
    weft_driver_tell(context, &event);
}

struct weft_beacon *weft_driver_net_beacon(struct weft_driver *driver)
{
    const struct weft_beacon_config config = {
        .loop = driver->config.loop,
        .membership = &driver->membership,
        .listen = driver->self.address,
        .context = driver,
        .is_alone = is_alone,
        .heard = on_beacon,
    };
    return driver->options->no_beacon ? NULL : weft_beacon_open(&config);
}

void weft_driver_net_act(struct weft_driver *driver, const struct weft_action *action)
{
    const struct weft_action_send *send = &action->send;
    if (action->kind == WEFT_ACTION_DATAGRAM) {
        weft_session_datagram(driver->session, &send->to, send->bytes, send->length, send->local);
    } else if (action->kind == WEFT_ACTION_FRAME) {
        weft_session_frame(driver->session, send->to.id, send->bytes, send->length);
    } else if (action->kind == WEFT_ACTION_STREAM_OPEN) {
        weft_session_connect(driver->session, &action->stream);
    } else {
        weft_session_disconnect(driver->session, action->stream.id);
        weft_driver_document_down(driver, action->stream.id);
    }
}
