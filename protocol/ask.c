/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody says of a member what only that member can know. Is it true? */
#include "ask.h"

#include "datagram.h"
#include "state.h"

/* The place of a question to |id|; NULL if one is under way, or too many others are. */
static struct weft_ask *place_of(struct weft_core *core, weft_node_id id)
{
    weft_ns timeout_ns = core->config.tuning.probe_timeout_ms * WEFT_NS_PER_MS;
    struct weft_ask *place = NULL;
    for (uint32_t i = 0; i < WEFT_ASKS_MAX; i++) {
        struct weft_ask *ask = &core->asks.items[i];
        bool is_over = ask->id == 0 || core->now_ns - ask->sent_ns >= timeout_ns;
        if (ask->id == id) {
            return is_over ? ask : NULL;
        }
        place = is_over && place == NULL ? ask : place;
    }
    return place;
}

void weft_ask(struct weft_core *core, const struct weft_endpoint *owner)
{
    struct weft_ask *ask = place_of(core, owner->id);
    if (ask == NULL) {
        return;
    }
    *ask = (struct weft_ask){.id = owner->id, .sent_ns = core->now_ns};
    struct weft_message message = {.kind = WEFT_MESSAGE_PING};
    message.probe.subject = owner->id;
    message.probe.suspected = weft_member_suspected(core, owner->id);
    message.probe.digest = core->members.digest;
    weft_datagram_send(core, owner, &message);
}

void weft_ask_on_answer(struct weft_core *core, weft_node_id id)
{
    for (uint32_t i = 0; i < WEFT_ASKS_MAX; i++) {
        if (core->asks.items[i].id == id) {
            core->asks.items[i] = (struct weft_ask){.id = 0};
        }
    }
}
