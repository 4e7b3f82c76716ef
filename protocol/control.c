/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which modules of the control plane hear of this event, and in what order?"; decides
 * nothing itself. */
#include "control.h"

#include <string.h>

#include "address.h"
#include "claim.h"
#include "datagram.h"
#include "state.h"

static bool is_active(const struct weft_core *core)
{
    return core->started && !core->leaving;
}

void weft_control_carve(struct weft_core *core, struct weft_arena *arena)
{
    weft_member_carve(core, arena);
    weft_probe_carve(core, arena);
    weft_gossip_carve(core, arena);
    weft_announce_carve(core, arena);
}

void weft_control_on_start(struct weft_core *core, const struct weft_event_start *event)
{
    core->self = event->self;
    core->segment = event->segment;
    core->segment_key = weft_segment_key(&core->segment);
    /* 0 would not be a record; what is above the limit could never be refuted. */
    core->incarnation = event->incarnation == 0 ? 1 : event->incarnation;
    if (core->incarnation > WEFT_INCARNATION_MAX / 2) {
        core->incarnation = WEFT_INCARNATION_MAX / 2;
    }
    core->started = true;
    core->link_up = true;
    for (uint32_t due = 0; due < WEFT_DUE_COUNT; due++) {
        core->dues[due] = WEFT_NS_NEVER;
    }
    weft_own_record_on_start(core);
    weft_pace_on_start(core);
    weft_probe_on_start(core);
    weft_election_on_start(core);
    weft_join_on_start(core, event->known, event->known_count);
    weft_look_on_start(core);
    weft_core_trace(
        core, (struct weft_trace_record){.kind = WEFT_TRACE_START, .value = core->incarnation});
}

/* The machine slept, or the network was away: judge nobody by what was not heard. */
static void wake(struct weft_core *core)
{
    weft_claim_on_wake(core);
    weft_join_restart(core);
}

void weft_control_on_link(struct weft_core *core, const struct weft_event_link *event)
{
    if (!is_active(core)) {
        return;
    }
    bool was_up = core->link_up;
    core->link_up = event->up;
    if (!event->up) {
        return;
    }
    bool is_moved = !weft_prefix_equal(&event->segment, &core->segment);
    weft_own_record_on_link(core, event);
    if (!was_up || is_moved) {
        weft_probe_restart(core);
        wake(core);
    }
}

void weft_control_on_datagram(struct weft_core *core, const struct weft_event_datagram *event)
{
    if (!is_active(core) || !core->link_up) {
        return;
    }
    if (weft_probe_notice_sleep(core)) {
        wake(core);
    }
    weft_datagram_on_datagram(core, event);
}

void weft_control_on_beacon(struct weft_core *core, const struct weft_event_beacon *event)
{
    if (is_active(core) && core->link_up) {
        weft_join_on_beacon(core, &event->address);
    }
}

void weft_control_on_bulletin(struct weft_core *core, const struct weft_event_bulletin *event)
{
    if (is_active(core)) {
        weft_announce_on_bulletin(core, event);
    }
}

void weft_control_on_bulletin_refused(struct weft_core *core,
                                      const struct weft_event_bulletin_refused *event)
{
    if (is_active(core)) {
        weft_bulletin_check_on_refused(core, event);
    }
}

void weft_control_on_look(struct weft_core *core)
{
    if (is_active(core)) {
        weft_look_on_look(core);
    }
}

void weft_control_on_looked(struct weft_core *core, const struct weft_event_looked *event)
{
    if (is_active(core)) {
        weft_look_on_looked(core, event);
    }
}

void weft_control_on_leave(struct weft_core *core)
{
    if (is_active(core)) {
        weft_own_record_on_leave(core);
        core->leaving = true;
    }
}

void weft_control_expire(struct weft_core *core)
{
    if (!is_active(core)) {
        return;
    }
    weft_announce_expire(core);
    if (!core->link_up) {
        return;
    }
    if (weft_probe_notice_sleep(core)) {
        wake(core);
    }
    weft_own_record_expire(core);
    weft_join_expire(core);
    weft_probe_expire(core);
    weft_claim_expire(core);
    weft_election_expire(core);
    weft_remote_expire(core);
    weft_bandwidth_expire(core);
    /* Last: tells what the others found. */
    weft_gossip_expire(core);
}

weft_ns weft_control_deadline(const struct weft_core *core)
{
    if (!is_active(core)) {
        return WEFT_NS_NEVER;
    }
    uint32_t end = core->is_agent ? WEFT_DUE_COUNT : WEFT_DUE_AGENT;
    end = core->link_up ? end : WEFT_DUE_ONLINE;
    weft_ns due_ns = WEFT_NS_NEVER;
    for (uint32_t due = 0; due < end; due++) {
        due_ns = core->dues[due] < due_ns ? core->dues[due] : due_ns;
    }
    return due_ns;
}
