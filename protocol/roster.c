/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "where is what a member says of itself?". */
#include "roster.h"

#include "state.h"

void weft_roster_carve(struct weft_core *core, struct weft_arena *arena)
{
    const struct weft_config *config = &core->config;
    core->members.own = NULL;
    if (!config->shares_records) {
        core->members.own = weft_arena_take(arena, config->members_max, sizeof *core->members.own);
    }
}

/* Entries trade places when one takes the other's position, so every place always has an owner. */
void weft_roster_init(struct weft_core *core)
{
    struct weft_members *members = &core->members;
    for (uint32_t i = 0; members->own != NULL && i < core->config.members_max; i++) {
        members->table[i].record = &members->own[i];
    }
}

void weft_roster_keep(struct weft_core *core, struct weft_member *member,
                      const struct weft_record *record)
{
    struct weft_members *members = &core->members;
    if (record == member->record) {
        return;
    }
    if (members->own == NULL) {
        member->record = core->host.keep(core->host.context, record);
    } else {
        members->own[member->record - members->own] = *record;
    }
}
