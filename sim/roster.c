/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "where is the one copy of what a machine says of itself?". */
#include "roster.h"
#include "memory.h"

#include "protocol/address.h"
#include "protocol/rng.h"

#include <string.h>

enum { PLACES_LEAST = 64 };

void weft_sim_roster_end(struct weft_sim_roster *roster)
{
    struct weft_roster_block *blocks = roster->records.blocks;
    for (uint32_t i = 0; i * WEFT_ROSTER_BLOCK < roster->count; i++) {
        weft_sim_memory_give(blocks[i].records, WEFT_ROSTER_BLOCK, sizeof(blocks[i].records[0]));
    }
    for (uint32_t i = 0; i < roster->bulletin_count; i++) {
        weft_sim_memory_give(roster->bulletins[i].bytes, roster->bulletins[i].length, 1);
    }
    weft_sim_memory_give(roster->bulletins, roster->bulletin_room, sizeof(roster->bulletins[0]));
    weft_sim_memory_give(blocks, roster->block_room, sizeof(blocks[0]));
    weft_sim_memory_give(roster->places, roster->place_room, sizeof(roster->places[0]));
    *roster = (struct weft_sim_roster){.count = 0};
}

static bool is_same(const struct weft_record *a, const struct weft_record *b)
{
    return a->id == b->id && a->incarnation == b->incarnation && a->site == b->site &&
           a->term == b->term && a->agent_class == b->agent_class && a->role == b->role &&
           a->stability == b->stability && a->claim == b->claim &&
           weft_address_equal(&a->address, &b->address);
}

/* The place of |record|, or the free one that it would take. */
static struct weft_sim_roster_place *place_of(const struct weft_sim_roster *roster,
                                              const struct weft_record *record)
{
    uint32_t mask = roster->place_room - 1;
    uint32_t at = (uint32_t)weft_rendezvous(record->id, record->incarnation) & mask;
    while (roster->places[at].number != 0 &&
           !is_same(weft_roster_at(&roster->records, roster->places[at].number - 1), record)) {
        at = (at + 1) & mask;
    }
    return &roster->places[at];
}

static void widen(struct weft_sim_roster *roster)
{
    struct weft_sim_roster narrow = *roster;
    roster->place_room = narrow.place_room == 0 ? PLACES_LEAST : 2 * narrow.place_room;
    roster->places = weft_sim_memory_take(roster->place_room, sizeof(roster->places[0]));
    for (uint32_t i = 0; i < narrow.place_room; i++) {
        uint32_t number = narrow.places[i].number;
        if (number != 0) {
            place_of(roster, weft_roster_at(&roster->records, number - 1))->number = number;
        }
    }
    weft_sim_memory_give(narrow.places, narrow.place_room, sizeof(narrow.places[0]));
}

/* A place for one more record; its number. */
static uint32_t add(struct weft_sim_roster *roster)
{
    struct weft_roster *records = &roster->records;
    uint32_t block = roster->count / WEFT_ROSTER_BLOCK;
    if (block == roster->block_room) {
        records->blocks =
            weft_sim_memory_grow(records->blocks, &roster->block_room, sizeof(records->blocks[0]));
    }
    if (roster->count % WEFT_ROSTER_BLOCK == 0) {
        records->blocks[block].records =
            weft_sim_memory_take(WEFT_ROSTER_BLOCK, sizeof(struct weft_record));
    }
    return roster->count++;
}

uint32_t weft_sim_roster_keep(struct weft_sim_roster *roster, const struct weft_record *record)
{
    if (2 * roster->count >= roster->place_room) {
        widen(roster);
    }
    struct weft_sim_roster_place *place = place_of(roster, record);
    if (place->number == 0) {
        uint32_t number = add(roster);
        *weft_roster_at(&roster->records, number) = *record;
        place->number = number + 1;
    }
    return place->number - 1;
}

const uint8_t *weft_sim_roster_keep_bulletin(struct weft_sim_roster *roster, const uint8_t *bytes,
                                             size_t length)
{
    for (uint32_t i = roster->bulletin_count; i-- > 0;) {
        const struct weft_sim_roster_bulletin *kept = &roster->bulletins[i];
        if (kept->length == length && memcmp(kept->bytes, bytes, length) == 0) {
            return kept->bytes;
        }
    }
    if (roster->bulletin_count == roster->bulletin_room) {
        roster->bulletins = weft_sim_memory_grow(roster->bulletins, &roster->bulletin_room,
                                                 sizeof(roster->bulletins[0]));
    }
    struct weft_sim_roster_bulletin *kept = &roster->bulletins[roster->bulletin_count++];
    *kept = (struct weft_sim_roster_bulletin){.bytes = weft_sim_memory_take(length, 1),
                                              .length = length};
    return memcpy(kept->bytes, bytes, length);
}
