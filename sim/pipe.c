/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "when has the last byte left?". Integers: a pipe never sends more than its rate. */
#include "pipe.h"
#include "calibration.h"
#include "canary.h"
#include "source.h"
#include "upload.h"
#include "world.h"

__extension__ typedef unsigned __int128 wide;

struct weft_sim_pipe *weft_sim_pipe_open(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                         enum weft_sim_pipe_user user, uint32_t lane)
{
    struct weft_sim_pipe *pipe = weft_sim_pool_take(&shard->pipes);
    pipe->from = from;
    pipe->to = to;
    pipe->user = (uint8_t)user;
    pipe->flow = WEFT_SIM_NO_FLOW;
    pipe->far = weft_sim_network_is_far(&shard->world->network, from, to);
    pipe->weight = (uint8_t)weft_sim_network_weight(&shard->world->network, from, to, lane);
    pipe->due_ns = WEFT_NS_NEVER;
    pipe->idle_ns = WEFT_NS_NEVER;
    pipe->held = weft_sim_cut_until(shard->world, from, to) != 0;
    return pipe;
}

/* The item goes at another rate from now on. */
static void tell_rate(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe)
{
    if (pipe->busy && pipe->user == WEFT_SIM_PIPE_ANSWER) {
        weft_sim_source_on_rate(shard, pipe);
    }
}

/* The pipe began or ended to send. */
static void change(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    if (pipe->busy) {
        pipe->settled_ns = weft_sim_now(shard);
        pipe->waiting = true;
    }
    if (pipe->held) {
        tell_rate(shard, pipe); /* no other word of it will come */
    }
    if (pipe->far) {
        weft_sim_backbone_change(shard, pipe);
    } else {
        weft_sim_lan_change(shard, pipe);
    }
}

/* What has not left by now, in 1/256 bytes. */
static uint64_t left_now(const struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe)
{
    wide moved = (wide)pipe->rate * (weft_sim_now(shard) - pipe->settled_ns) / WEFT_NS_PER_S;
    return moved < pipe->left ? pipe->left - (uint64_t)moved : 0;
}

/* Count what has left since the last time. */
static void settle(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    pipe->left = left_now(shard, pipe);
    pipe->settled_ns = weft_sim_now(shard);
}

/* When the last byte leaves at the present rate. */
static weft_ns finish_ns(const struct weft_sim_pipe *pipe)
{
    if (pipe->rate == 0) {
        return WEFT_NS_NEVER;
    }
    return pipe->settled_ns +
           (weft_ns)(((wide)pipe->left * WEFT_NS_PER_S + pipe->rate - 1) / pipe->rate);
}

weft_ns weft_sim_pipe_drain_ns(const struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe,
                               uint64_t behind, uint64_t most)
{
    if (!pipe->busy || pipe->rate == 0) {
        return 0;
    }
    uint64_t left = left_now(shard, pipe) + behind * WEFT_SIM_FAIR_UNIT;
    left = left < most * WEFT_SIM_FAIR_UNIT ? left : most * WEFT_SIM_FAIR_UNIT;
    return (weft_ns)((wide)left * WEFT_NS_PER_S / pipe->rate);
}

/* Look again when the last byte leaves; an entry that is due earlier will look again by itself. */
static void arm(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    weft_ns at_ns = finish_ns(pipe);
    if (at_ns >= pipe->due_ns) {
        return;
    }
    pipe->due_ns = at_ns;
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, at_ns, WEFT_SIM_PIPE_DUE, pipe->from);
    entry->words[0] = weft_sim_pool_handle(pipe);
}

/* What a connection that is new or was idle loses until it is up to speed: a round trip for each
 * doubling of its first window up to what the way holds. */
static weft_ns ramp_ns(const struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe)
{
    weft_ns now_ns = weft_sim_now(shard);
    if (pipe->idle_ns != WEFT_NS_NEVER && now_ns - pipe->idle_ns < WEFT_SIM_IDLE_NS) {
        return 0;
    }
    const struct weft_sim_network *network = &shard->world->network;
    weft_ns trip_ns = 2 * weft_sim_network_delay(network, pipe->from, pipe->to);
    uint64_t rate = pipe->far ? weft_sim_backbone_share(shard->world, pipe->from, pipe->to)
                              : network->cards[pipe->to].rate;
    uint64_t holds = (uint64_t)((wide)rate * trip_ns / WEFT_NS_PER_S / WEFT_SIM_FAIR_UNIT);
    holds = holds < pipe->bytes ? holds : pipe->bytes;
    weft_ns lost_ns = 0;
    for (uint64_t window = WEFT_SIM_FIRST_WINDOW_BYTES; window < holds; window *= 2) {
        lost_ns += trip_ns;
    }
    return lost_ns;
}

void weft_sim_pipe_send(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe, uint32_t bytes,
                        uint64_t item)
{
    weft_ns now_ns = weft_sim_now(shard);
    pipe->bytes = bytes;
    pipe->item = item;
    pipe->left = (uint64_t)bytes * WEFT_SIM_FAIR_UNIT;
    pipe->settled_ns = now_ns;
    pipe->began_ns = now_ns;
    pipe->busy = true;
    shard->is_rated = true;
    if (pipe->flow != WEFT_SIM_NO_FLOW) {
        arm(shard, pipe); /* the connection never paused */
        return;
    }
    pipe->rate = 0;
    weft_ns lost_ns = ramp_ns(shard, pipe);
    if (lost_ns == 0) {
        change(shard, pipe);
        return;
    }
    pipe->beginning = true;
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, now_ns + lost_ns, WEFT_SIM_PIPE_BEGIN, pipe->from);
    entry->words[0] = weft_sim_pool_handle(pipe);
}

void weft_sim_pipe_on_begin(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_pipe *pipe = weft_sim_pool_find(&shard->pipes, entry->words[0]);
    if (pipe != NULL && pipe->beginning) {
        pipe->beginning = false;
        change(shard, pipe);
    }
}

/* A flow between sites is rated at the end of the window in which it began. It is taken to have had
 * its first rate from its beginning on; one that ends within a window leaves as much unused. */
void weft_sim_pipe_rate(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe, uint64_t rate)
{
    if (pipe->waiting) {
        pipe->waiting = false;
        pipe->rate = rate;
    }
    settle(shard, pipe);
    pipe->rate = rate;
    shard->is_rated = true;
    if (weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_LINE_RATE)) {
        pipe->rate = 2 * rate;
    } else if (weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_MAKESPAN)) {
        pipe->rate = rate / 16;
    }
    if (pipe->busy) {
        arm(shard, pipe);
    }
    tell_rate(shard, pipe);
}

void weft_sim_pipe_hold(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe, bool held)
{
    if (pipe->held == held) {
        return;
    }
    pipe->held = held;
    if (pipe->busy && !pipe->beginning) {
        settle(shard, pipe);
        pipe->rate = 0;
        pipe->due_ns = WEFT_NS_NEVER;
        change(shard, pipe);
    }
}

static void tell_user(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    switch ((enum weft_sim_pipe_user)pipe->user) {
    case WEFT_SIM_PIPE_UPLOAD:
        weft_sim_upload_on_sent(shard, pipe);
        break;
    case WEFT_SIM_PIPE_ANSWER:
        weft_sim_source_on_sent(shard, pipe);
        break;
    }
}

void weft_sim_pipe_on_due(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    uint64_t handle = entry->words[0];
    struct weft_sim_pipe *pipe = weft_sim_pool_find(&shard->pipes, handle);
    if (pipe == NULL || pipe->due_ns != entry->time_ns) {
        return;
    }
    pipe->due_ns = WEFT_NS_NEVER;
    if (!pipe->busy) {
        return;
    }
    settle(shard, pipe);
    if (pipe->left > 0) {
        arm(shard, pipe);
        return;
    }
    weft_sim_network_sent(&shard->world->network, pipe->from, pipe->to, pipe->bytes);
    pipe->busy = false;
    tell_user(shard, pipe);
    pipe = weft_sim_pool_find(&shard->pipes, handle);
    if (pipe != NULL && !pipe->busy) {
        pipe->idle_ns = weft_sim_now(shard);
        change(shard, pipe);
    }
}

uint32_t weft_sim_pipe_close(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    uint32_t sent = 0;
    if (pipe->busy) {
        settle(shard, pipe);
        sent = pipe->bytes - (uint32_t)(pipe->left / WEFT_SIM_FAIR_UNIT);
        weft_sim_network_sent(&shard->world->network, pipe->from, pipe->to, sent);
    }
    if (pipe->far) {
        weft_sim_backbone_close(shard, pipe);
    } else if (pipe->flow != WEFT_SIM_NO_FLOW) {
        weft_sim_fair_remove(shard->lan.fair, pipe->flow);
        weft_sim_lan_change(shard, pipe); /* void by then: the others are rated anew */
    }
    weft_sim_pool_give(&shard->pipes, pipe);
    return sent;
}
