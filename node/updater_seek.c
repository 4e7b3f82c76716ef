/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents of delegated roles do the subscriptions need? Each subscription is searched for;
 * what the search lacks is fetched, and the search is made again. A role that nobody has, or whose
 * document nobody has in good order, costs its own releases and nothing else. */
#include "node/updater_state.h"

static enum weft_err search(struct weft_updater *updater, struct weft_updater_component *component)
{
    enum weft_err err =
        component->is_target
            ? weft_trust_seek_target(updater->trust, component->name, &component->found)
            : weft_trust_seek_component(updater->trust, component->name, &component->found);
    component->seek_err = err;
    component->seek_fault = *weft_trust_fault(updater->trust);
    return err;
}

void weft_updater_seek(struct weft_updater *updater)
{
    struct weft_update *update = &updater->update;
    struct weft_trust_want want;
    update->seeks = true;
    update->token = 0;
    for (; update->seek_at < updater->component_count; update->seek_at++) {
        struct weft_updater_component *component = &updater->components[update->seek_at];
        while (search(updater, component) == WEFT_ERR_PENDING) {
            if (weft_trust_wanted_role(updater->trust, &want)) {
                weft_updater_ask(updater, &want);
                return;
            }
            if (weft_trust_give_up_role(updater->trust, WEFT_ERR_LIMIT) != WEFT_ERR_OK) {
                break; /* no memory; the next update tries again */
            }
        }
    }
    weft_updater_finish(updater, WEFT_ERR_OK);
}

enum weft_err weft_updater_seek_take(struct weft_updater *updater, enum weft_err result,
                                     const uint8_t *bytes, size_t length)
{
    enum weft_err err = result;
    if (result == WEFT_ERR_OK) {
        struct weft_trust_want want;
        bool wanted = weft_trust_wanted_role(updater->trust, &want);
        err = weft_trust_feed_role(updater->trust, bytes, length);
        if (err != WEFT_ERR_OK) {
            return err; /* somebody else may have a good one */
        }
        const struct weft_metadata *document =
            wanted ? weft_trust_role_named(updater->trust, want.name) : NULL;
        if (document) {
            weft_updater_role_store(updater, document);
        }
    } else if (weft_trust_give_up_role(updater->trust, result) != WEFT_ERR_OK) {
        updater->update.seek_at++; /* this search would want it for ever */
    }
    weft_updater_seek(updater);
    return err;
}
