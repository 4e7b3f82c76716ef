/* SPDX-License-Identifier: Apache-2.0 */
/* One update: it asks for one document after the other; each is verified, then stored, then
 * counted. The top level comes first, then what subscriptions need of delegated roles, then signed
 * chunk indexes; only then others are told, so that whoever hears of it can get everything here.
 * An index that does not come holds that up for two calls of weft_updater_wake() at most. */
#include "node/updater_state.h"

#include <stdio.h>

static bool is_expired(const struct weft_updater *updater)
{
    return weft_updater_clock_now(updater) >= weft_trust_expires_s(updater->trust);
}

bool weft_updater_announce(struct weft_updater *updater, bool waits)
{
    weft_bulletin bulletin = weft_updater_bulletin(updater);
    if (bulletin == 0 || bulletin == updater->announced || is_expired(updater)) {
        updater->held_wakes = 0;
        return false;
    }
    if (waits && weft_updater_index_comes(updater)) {
        return true;
    }
    updater->held_wakes = 0;
    const struct weft_metadata *timestamp = weft_trust_current(updater->trust, WEFT_ROLE_TIMESTAMP);
    int64_t now_s = weft_updater_clock_now(updater);
    updater->announced = bulletin;
    updater->accepted_s = now_s;
    int64_t signed_s = weft_updater_clock_signed(updater);
    struct weft_updater_news news = {
        .bulletin = bulletin,
        .bytes = timestamp->bytes,
        .length = timestamp->length,
        .fresh_s = signed_s + (timestamp->expires_s - signed_s) / 2 - now_s,
    };
    if (updater->host.accepted != NULL) {
        updater->host.accepted(updater->host.context, &news);
    }
    return true;
}

/* Gossip counts in 32 and 16 bits; a publisher that counts further cannot be followed. */
static enum weft_err check_range(struct weft_updater *updater)
{
    const struct weft_trust *trust = updater->trust;
    uint64_t version = weft_updater_version_of(weft_trust_document(trust, WEFT_ROLE_TIMESTAMP));
    uint64_t root = weft_updater_version_of(weft_trust_document(trust, WEFT_ROLE_ROOT));
    if (version <= WEFT_BULLETIN_VERSION_MAX && root <= WEFT_BULLETIN_ROOT_MAX) {
        return WEFT_ERR_OK;
    }
    return weft_fault_set(&updater->update.refusal, WEFT_ERR_LIMIT,
                          "timestamp versions above %u and root versions above %u are not "
                          "supported",
                          WEFT_BULLETIN_VERSION_MAX, WEFT_BULLETIN_ROOT_MAX);
}

/* What is trusted and what peers may ask for, after a successful update. */
static enum weft_err conclude(struct weft_updater *updater)
{
    enum weft_err err = check_range(updater);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_updater_disk_store(updater);
    if (err == WEFT_ERR_OK) {
        err = weft_updater_shelve_generation(updater);
    }
    if (err != WEFT_ERR_OK) {
        return weft_fault_set(&updater->update.refusal, err,
                              "cannot store metadata in the trust directory: %s",
                              weft_err_text(err));
    }
    weft_updater_disk_tidy(updater);
    weft_updater_role_tidy(updater);
    weft_updater_clock_success(updater);
    return WEFT_ERR_OK;
}

static void report(struct weft_updater *updater, const struct weft_update *update,
                   enum weft_err err, bool is_news)
{
    const struct weft_updater_host *host = &updater->host;
    if (update->kind == WEFT_UPDATE_LOOK) {
        updater->look_was_late = false;
        host->looked(host->context, err, updater->last.text);
    } else if (update->kind == WEFT_UPDATE_CHECK && !is_news) {
        weft_updater_refuse(updater, &update->announced, err,
                            err == WEFT_ERR_OK ? "it is not newer than what is trusted"
                                               : updater->last.text);
    }
}

void weft_updater_finish(struct weft_updater *updater, enum weft_err err)
{
    bool is_news = false;
    bool is_update = updater->update.kind != WEFT_UPDATE_SEEK;
    if (err == WEFT_ERR_OK) {
        err = is_update ? conclude(updater) : weft_updater_shelve_generation(updater);
    }
    if (err == WEFT_ERR_OK && is_update) {
        weft_fault_clear(&updater->last);
    } else if (err != WEFT_ERR_OK) {
        updater->last = updater->update.refusal.err != WEFT_ERR_OK
                            ? updater->update.refusal
                            : *weft_trust_fault(updater->trust);
    }
    weft_updater_release_all(updater);
    if (err == WEFT_ERR_OK && is_update) {
        is_news = weft_updater_announce(updater, /* waits */ true);
    }
    struct weft_update over = updater->update;
    updater->update = (struct weft_update){.kind = WEFT_UPDATE_NONE};
    report(updater, &over, err, is_news);
    weft_updater_clear(&over.announced);
    weft_updater_next(updater);
}

void weft_updater_ask(struct weft_updater *updater, const struct weft_trust_want *want)
{
    struct weft_update *update = &updater->update;
    const struct weft_updater_host *host = &updater->host;
    bool is_head = want->role == WEFT_ROLE_ROOT || want->role == WEFT_ROLE_TIMESTAMP;
    update->token = ++updater->token_last;
    update->wakes = 0;
    update->source_only = update->kind == WEFT_UPDATE_LOOK && is_head;
    if (update->source_only) {
        host->want_source(host->context, update->token, want->path, want->bytes_max);
        return;
    }
    struct weft_updater_want asked = {
        .token = update->token,
        .path = want->path,
        .bytes_max = want->bytes_max,
        .bulletin = update->kind == WEFT_UPDATE_CHECK ? update->announced.bulletin
                                                      : weft_updater_pursued(updater),
        .hint = update->announced.peer,
    };
    host->want(host->context, &asked);
}

static enum weft_err feed(struct weft_updater *updater, const uint8_t *bytes, size_t length)
{
    enum weft_err err = weft_trust_feed(updater->trust, bytes, length);
    if (err != WEFT_ERR_OK) {
        updater->update.refusal = *weft_trust_fault(updater->trust);
        return err;
    }
    /* Verified. Floors are stored at once; if that fails, the end of the update tries again. */
    weft_fault_clear(&updater->update.refusal);
    weft_updater_disk_store(updater);
    return WEFT_ERR_OK;
}

/* Go on until a document has to be fetched or the top level is done. */
static void pursue(struct weft_updater *updater)
{
    struct weft_update *update = &updater->update;
    struct weft_trust_want want;
    while (weft_trust_wanted(updater->trust, &want)) {
        if (want.role != WEFT_ROLE_TIMESTAMP || update->announced.length == 0) {
            weft_updater_ask(updater, &want);
            return;
        }
        /* The announcement brought the timestamp along. */
        enum weft_err err = feed(updater, update->announced.bytes, update->announced.length);
        if (err != WEFT_ERR_OK) {
            weft_updater_finish(updater, err);
            return;
        }
    }
    if (weft_trust_stage(updater->trust) == WEFT_TRUST_DONE) {
        weft_updater_seek(updater);
    } else {
        weft_updater_finish(updater, weft_trust_fault(updater->trust)->err);
    }
}

void weft_updater_begin(struct weft_updater *updater, enum weft_update_kind kind,
                        struct weft_announcement announced)
{
    updater->update = (struct weft_update){.kind = kind, .announced = announced};
    if (kind == WEFT_UPDATE_SEEK) {
        weft_updater_seek(updater);
        return;
    }
    uint64_t root_version_max =
        kind == WEFT_UPDATE_LOOK ? UINT64_MAX : weft_bulletin_root(announced.bulletin);
    weft_trust_begin(updater->trust, weft_updater_clock_now(updater), root_version_max);
    pursue(updater);
}

/* The open want is over without a document. */
static void give_up(struct weft_updater *updater, enum weft_err result)
{
    updater->update.token = 0;
    enum weft_err err = weft_trust_give_up(updater->trust, result);
    if (err == WEFT_ERR_OK) {
        pursue(updater);
        return;
    }
    weft_updater_finish(updater, err);
}

enum weft_err weft_updater_take(struct weft_updater *updater, enum weft_err result,
                                const uint8_t *bytes, size_t length)
{
    struct weft_update *update = &updater->update;
    if (result != WEFT_ERR_OK) {
        give_up(updater, result);
        return result;
    }
    enum weft_err err = feed(updater, bytes, length);
    if (err == WEFT_ERR_OK) {
        update->token = 0;
        pursue(updater);
    } else if (update->source_only) {
        give_up(updater, err);
    }
    return err;
}
