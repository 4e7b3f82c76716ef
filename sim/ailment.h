/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with one machine now: it stands still, its disk is full, slow or rotten, its time
 * of day is off. mishap.c says when. Exists only in runs whose flags ask for such mishaps. */
#ifndef WEFT_SIM_AILMENT_H
#define WEFT_SIM_AILMENT_H

#include "protocol/err.h"
#include "protocol/types.h"

struct weft_event;
struct weft_sim_entry;
struct weft_sim_world;
struct weft_sim_shard;

struct weft_sim_ailment {
    weft_ns frozen_ns;   /* nothing happens to it before this virtual time */
    uint32_t life;       /* its life when it fell asleep */
    uint32_t sleep_name; /* class and number of the mishap that made it sleep */
    uint8_t disk_full;   /* mishaps that fill its disk */
    uint8_t disk_slow;   /* mishaps that slow it down */
    uint8_t clock_wrong; /* mishaps that make all metadata seem expired */
    uint8_t memory_bad;  /* mishaps that flip bits in its memory */
    uint8_t later_minor; /* mishaps that make it run a later version */
    uint8_t other_major; /* mishaps that make it run another major version */
    bool is_asleep;      /* frozen, and datagrams are lost */
};

/* What is wrong with |node|; NULL = nothing, with all of them. */
const struct weft_sim_ailment *weft_sim_ailment_of(const struct weft_sim_world *world,
                                                   uint32_t node);

/* Is nothing happening to |node| now? */
bool weft_sim_ailment_is_frozen(const struct weft_sim_world *world, uint32_t node);

/* Is the node of |entry| frozen? Then the entry was put off, or lost, and is not to be handled. */
bool weft_sim_ailment_defers(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* Does all metadata seem expired to |node|? */
bool weft_sim_ailment_is_clock_wrong(const struct weft_sim_world *world, uint32_t node);

/* How long a write takes that takes |long_ns| on a sound disk. */
weft_ns weft_sim_ailment_disk_ns(const struct weft_sim_world *world, uint32_t node,
                                 weft_ns long_ns);

/* A chunk was received, |event|: does it verify, and does the disk of |node| take it? Returns OK,
 * MISMATCH or DISK_FULL. */
enum weft_err weft_sim_ailment_verify(const struct weft_sim_world *world, uint32_t node,
                                      const struct weft_event *event);

/* Up to |most| chunks of the release that |node| fetches are damaged on its disk: gone at its next
 * start, or |unnoticed| until they are read. */
void weft_sim_ailment_damage(struct weft_sim_world *world, uint32_t node, uint64_t luck,
                             uint32_t most, bool unnoticed);

/* Is the chunk on the disk of |node| rotten? */
bool weft_sim_ailment_is_rotten(const struct weft_sim_world *world, uint32_t node, uint32_t chunk);

/* The chunk is read: is it rotten? Then it is found out, and is on the disk no more. */
bool weft_sim_ailment_finds_rot(struct weft_sim_world *world, uint32_t node, uint32_t chunk);

/* All chunks are read: how many are rotten? They are found out likewise. */
uint32_t weft_sim_ailment_finds_all_rot(struct weft_sim_world *world, uint32_t node);

#endif
