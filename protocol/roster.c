/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "where is what a member says of itself?". */
#include "roster.h"

#include "state.h"

static struct weft_roster *carve_own(const struct weft_config *config, struct weft_arena *arena)
{
    uint32_t block_count = (config->members_max + WEFT_ROSTER_BLOCK - 1) / WEFT_ROSTER_BLOCK;
    struct weft_roster *roster = weft_arena_take(arena, 1, sizeof(*roster));
    struct weft_roster_block *blocks = weft_arena_take(arena, block_count, sizeof(blocks[0]));
    for (uint32_t i = 0; i < block_count; i++) {
        struct weft_record *records = weft_arena_take(arena, WEFT_ROSTER_BLOCK, sizeof(records[0]));
        if (blocks != NULL) {
            blocks[i].records = records;
        }
    }
    if (roster != NULL) {
        roster->blocks = blocks;
    }
    return roster;
}

void weft_roster_carve(struct weft_core *core, struct weft_arena *arena)
{
    const struct weft_config *config = &core->config;
    core->members.roster = config->shares_records ? core->host.roster : carve_own(config, arena);
}

/* Entries trade places when one takes the other's position, so every place always has an owner. */
void weft_roster_init(struct weft_core *core)
{
    for (uint32_t i = 0; !core->config.shares_records && i < core->config.members_max; i++) {
        core->members.table[i].said = i;
    }
}

void weft_roster_keep(struct weft_core *core, struct weft_member *member,
                      const struct weft_record *record)
{
    if (core->config.shares_records) {
        member->said = core->host.keep(core->host.context, record);
    } else {
        *weft_roster_at(core->members.roster, member->said) = *record;
    }
}
