/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "when is it there?" by links that serve in order of arrival. Integers only: nanoseconds
 * and bytes per second, rounded up, so a link never carries more than its rate. */
#include "network.h"
#include "memory.h"
#include "random.h"

/* Payload that TCP brings through a line of 1000: Ethernet, IP and TCP headers take 43 (measured
 * through token buckets with cubic: 1448 of 1514 bytes). */
#define GOODPUT 957
#define LINE 1000

/* A transfer that takes at most this part of the longest one waiting is a short one: a metadata
 * document among chunks. */
#define SHORT_PART 4

struct link {
    uint64_t bytes_per_s;               /* of payload; 0 = no limit */
    weft_ns free_ns;                    /* when everything reserved so far is through */
    weft_ns usual_ns;                   /* longest service since the link was idle */
    struct weft_sim_link_bytes carried; /* since the beginning */
};

/* The links of a path, at most: own up, WAN up, WAN down, other's down. */
#define HOPS_MAX 4

struct weft_sim_network {
    struct weft_sim_network_shape shape; /* as given */
    struct weft_sim_queue *queue;        /* borrowed */
    struct link *links;                  /* hosts up, down; segments up, down; source; owned */
    uint32_t link_count;                 /* entries of links */
    uint32_t *draws;                     /* random numbers used by each host; owned */
};

static uint64_t payload_rate(uint64_t bytes_per_s)
{
    uint64_t rate = bytes_per_s / LINE * GOODPUT + bytes_per_s % LINE * GOODPUT / LINE;
    return bytes_per_s != 0 && rate == 0 ? 1 : rate;
}

static uint32_t host_link(uint32_t host, bool up)
{
    return host * 2 + (up ? 0 : 1);
}

static uint32_t wan_link(const struct weft_sim_network *network, uint32_t segment, bool up)
{
    return (network->shape.host_count + segment) * 2 + (up ? 0 : 1);
}

static uint32_t source_link(const struct weft_sim_network *network)
{
    return network->link_count - 1;
}

struct weft_sim_network *weft_sim_network_new(const struct weft_sim_network_shape *shape,
                                              struct weft_sim_queue *queue)
{
    struct weft_sim_network *network = weft_sim_memory_take(1, sizeof(*network));
    network->shape = *shape;
    network->queue = queue;
    network->link_count = (shape->host_count + shape->segment_count) * 2 + 1;
    network->links = weft_sim_memory_take(network->link_count, sizeof(*network->links));
    network->draws = weft_sim_memory_take(shape->host_count, sizeof(*network->draws));
    uint64_t lan = payload_rate(shape->lan_bytes_per_s);
    uint64_t wan = payload_rate(shape->wan_bytes_per_s);
    for (uint32_t i = 0; i < network->link_count; i++) {
        network->links[i].bytes_per_s = i < shape->host_count * 2 ? lan : wan;
    }
    network->links[source_link(network)].bytes_per_s = payload_rate(shape->source_bytes_per_s);
    return network;
}

void weft_sim_network_free(struct weft_sim_network *network)
{
    if (network == NULL) {
        return;
    }
    weft_sim_memory_give(network->links, network->link_count, sizeof(*network->links));
    weft_sim_memory_give(network->draws, network->shape.host_count, sizeof(*network->draws));
    weft_sim_memory_give(network, 1, sizeof(*network));
}

static bool crosses_wan(const struct weft_sim_network *network, uint32_t from, uint32_t to)
{
    return from == WEFT_SIM_SOURCE || to == WEFT_SIM_SOURCE ||
           network->shape.segment_of[from] != network->shape.segment_of[to];
}

/* The links from |from| to |to|; the source has no line for what comes in, it is never scarce. */
static uint32_t path(const struct weft_sim_network *network, uint32_t from, uint32_t to,
                     uint32_t hops[HOPS_MAX])
{
    uint32_t count = 0;
    bool wan = crosses_wan(network, from, to);
    if (from == WEFT_SIM_SOURCE) {
        hops[count++] = source_link(network);
    } else {
        hops[count++] = host_link(from, true);
        if (wan) {
            hops[count++] = wan_link(network, network->shape.segment_of[from], true);
        }
    }
    if (to != WEFT_SIM_SOURCE) {
        if (wan) {
            hops[count++] = wan_link(network, network->shape.segment_of[to], false);
        }
        hops[count++] = host_link(to, false);
    }
    return count;
}

/* Nanoseconds that |bytes| take; at most 2^32 bytes, so the product fits 64 bits. */
static weft_ns service_ns(uint32_t bytes, uint64_t bytes_per_s)
{
    if (bytes_per_s == 0) {
        return 0;
    }
    return ((uint64_t)bytes * WEFT_NS_PER_S + bytes_per_s - 1) / bytes_per_s;
}

/* Reserve |own_ns| on the link; when it is through. Something short does not wait for all the long
 * transfers before it, as TCP shares the line: with n of them it takes n + 1 times its own time. */
static weft_ns reserve(struct link *link, weft_ns now_ns, weft_ns own_ns)
{
    if (link->free_ns <= now_ns) {
        link->free_ns = now_ns + own_ns;
        link->usual_ns = own_ns;
        return link->free_ns;
    }
    weft_ns backlog_ns = link->free_ns - now_ns;
    link->usual_ns = own_ns > link->usual_ns ? own_ns : link->usual_ns;
    link->free_ns += own_ns;
    if (own_ns * SHORT_PART > link->usual_ns) {
        return link->free_ns;
    }
    uint64_t before = link->usual_ns == 0 ? 0 : (backlog_ns - 1) / link->usual_ns + 1;
    weft_ns shared_ns = now_ns + own_ns * (before + 1);
    return shared_ns < link->free_ns ? shared_ns : link->free_ns;
}

weft_ns weft_sim_network_start(struct weft_sim_network *network,
                               const struct weft_sim_transfer *transfer)
{
    uint32_t hops[HOPS_MAX];
    uint32_t count = path(network, transfer->from, transfer->to, hops);
    weft_ns now_ns = weft_sim_queue_now(network->queue);
    weft_ns end_ns = now_ns;
    weft_ns longest_ns = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct link *link = &network->links[hops[i]];
        weft_ns own_ns = service_ns(transfer->bytes, link->bytes_per_s);
        weft_ns through_ns = reserve(link, now_ns, own_ns);
        link->carried.payload_bytes += transfer->bytes;
        end_ns = through_ns > end_ns ? through_ns : end_ns;
        longest_ns = own_ns > longest_ns ? own_ns : longest_ns;
    }
    struct weft_sim_entry *entry = weft_sim_queue_push(network->queue, end_ns);
    entry->kind = transfer->kind;
    entry->node = transfer->node;
    entry->peer = transfer->to;
    entry->slot = 0;
    entry->length = 0;
    entry->words[0] = transfer->owner;
    entry->words[1] = end_ns - longest_ns;
    return end_ns - longest_ns;
}

weft_ns weft_sim_network_delay(const struct weft_sim_network *network, uint32_t from, uint32_t to)
{
    return crosses_wan(network, from, to) ? network->shape.wan_delay_ns
                                          : network->shape.lan_delay_ns;
}

weft_ns weft_sim_network_control(struct weft_sim_network *network, uint32_t from, uint32_t to,
                                 uint32_t bytes)
{
    uint32_t hops[HOPS_MAX];
    uint32_t count = path(network, from, to, hops);
    /* Not on the receiver's link: its memory is cold, and the sum is known from the senders. */
    count -= to == WEFT_SIM_SOURCE ? 0 : 1;
    for (uint32_t i = 0; i < count; i++) {
        network->links[hops[i]].carried.control_bytes += bytes;
    }
    uint32_t host = from == WEFT_SIM_SOURCE ? to : from;
    uint64_t luck =
        weft_sim_random(network->shape.seed, WEFT_SIM_FOR_DELAY, host, network->draws[host]++);
    weft_ns base_ns = weft_sim_network_delay(network, from, to);
    /* Up to a quarter more: queues of other traffic. */
    return base_ns + weft_sim_random_below(luck, base_ns / 4 + 1);
}

bool weft_sim_network_loses(struct weft_sim_network *network, uint32_t from)
{
    if (network->shape.loss_ppm == 0) {
        return false;
    }
    uint64_t luck =
        weft_sim_random(network->shape.seed, WEFT_SIM_FOR_LOSS, from, network->draws[from]++);
    return weft_sim_random_below(luck, 1000000) < network->shape.loss_ppm;
}

struct weft_sim_link_bytes weft_sim_network_host(const struct weft_sim_network *network,
                                                 uint32_t host, bool up)
{
    return network->links[host_link(host, up)].carried;
}

struct weft_sim_link_bytes weft_sim_network_wan(const struct weft_sim_network *network,
                                                uint32_t segment, bool up)
{
    return network->links[wan_link(network, segment, up)].carried;
}

struct weft_sim_link_bytes weft_sim_network_source(const struct weft_sim_network *network)
{
    return network->links[source_link(network)].carried;
}
