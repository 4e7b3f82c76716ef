/* SPDX-License-Identifier: Apache-2.0 */
/* What are people told of the metadata? */
#include "node/updater_state.h"

#include "protocol/trust/date.h"

#include <stdio.h>
#include <string.h>

static uint32_t as_u32(const struct weft_metadata *document)
{
    uint64_t version = weft_updater_version_of(document);
    return version > UINT32_MAX ? UINT32_MAX : (uint32_t)version;
}

static void describe_text(const struct weft_updater *updater, struct weft_updater_state *state)
{
    char date[WEFT_DATE_BYTES];
    weft_date_print(state->expires_s, date);
    if (state->targets_version == 0) {
        snprintf(state->text, sizeof state->text, "no metadata yet%s%.200s",
                 updater->last.err != WEFT_ERR_OK ? ": " : "", updater->last.text);
    } else if (state->expired) {
        snprintf(state->text, sizeof state->text,
                 "metadata expired on %s; until the source publishes again this node keeps and "
                 "serves what it has",
                 date);
    } else if (updater->last.err != WEFT_ERR_OK) {
        snprintf(state->text, sizeof state->text, "the last update failed: %.200s",
                 updater->last.text);
    } else {
        snprintf(state->text, sizeof state->text, "metadata is valid until %s", date);
    }
}

/* Has the middle of the life of the timestamp passed? */
static bool is_stale(const struct weft_updater *updater, int64_t signed_s)
{
    const struct weft_metadata *timestamp = weft_trust_current(updater->trust, WEFT_ROLE_TIMESTAMP);
    return timestamp && signed_s > 0 &&
           weft_updater_clock_now(updater) >= signed_s + (timestamp->expires_s - signed_s) / 2;
}

void weft_updater_describe(const struct weft_updater *updater, struct weft_updater_state *state)
{
    const struct weft_trust *trust = updater->trust;
    memset(state, 0, sizeof *state);
    state->root_version = as_u32(weft_trust_document(trust, WEFT_ROLE_ROOT));
    state->timestamp_version = as_u32(weft_trust_current(trust, WEFT_ROLE_TIMESTAMP));
    state->snapshot_version = as_u32(weft_trust_current(trust, WEFT_ROLE_SNAPSHOT));
    state->targets_version = as_u32(weft_trust_current(trust, WEFT_ROLE_TARGETS));
    int64_t expires_s = weft_trust_expires_s(trust);
    state->signed_s = weft_updater_clock_signed(updater);
    state->expires_s = expires_s == INT64_MAX ? 0 : expires_s;
    state->expired = state->expires_s != 0 && weft_updater_clock_now(updater) >= expires_s;
    state->stale = is_stale(updater, state->signed_s);
    state->busy = updater->update.kind != WEFT_UPDATE_NONE;
    state->announced =
        state->timestamp_version != 0 && updater->announced == weft_updater_bulletin(updater);
    snprintf(state->alarm, sizeof state->alarm, "%s", updater->alarm);
    weft_updater_clock_describe(updater, state->clock);
    describe_text(updater, state);
}
