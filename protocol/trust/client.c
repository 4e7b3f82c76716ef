/* SPDX-License-Identifier: Apache-2.0 */
/* The TUF client workflow. States: enum weft_trust_stage. Each document passes the same gate:
 * length and hash as its parent states, form, signatures, version, rollback, expiry; only then it
 * replaces the trusted one. No timers; the only clock is the time given at the begin of an update.
 */
#include "client_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "path.h"
#include "root.h"
#include "rules.h"

struct weft_trust *weft_trust_new(void)
{
    return calloc(1, sizeof(struct weft_trust));
}

static void replace(struct weft_metadata **place, struct weft_metadata *document)
{
    weft_metadata_drop(*place);
    *place = document;
}

void weft_trust_free(struct weft_trust *trust)
{
    if (!trust) {
        return;
    }
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        replace(&trust->trusted[role], NULL);
        replace(&trust->current[role], NULL);
    }
    weft_trust_role_renew(trust);
    weft_roles_clear(&trust->roles);
    free(trust);
}

/* What the trusted parent of |role| states; false if there is no parent. */
static bool pin_of(const struct weft_trust *trust, enum weft_role role, struct weft_pin *pin)
{
    bool is_snapshot = role == WEFT_ROLE_SNAPSHOT;
    const struct weft_metadata *parent =
        trust->trusted[is_snapshot ? WEFT_ROLE_TIMESTAMP : WEFT_ROLE_SNAPSHOT];
    const char *name = is_snapshot ? "snapshot.json" : "targets.json";
    return parent && weft_metadata_pin(parent, name, pin) == WEFT_ERR_OK;
}

/* Is the trusted document of |role| the one that its trusted parent states? */
static bool is_pinned(const struct weft_trust *trust, enum weft_role role)
{
    const struct weft_metadata *document = trust->trusted[role];
    struct weft_pin pin;
    struct weft_fault unused;
    return document && pin_of(trust, role, &pin) && document->version == pin.version &&
           weft_pin_check(&pin, "", document->bytes, document->length, &unused) == WEFT_ERR_OK;
}

/* The trusted documents belong together from the snapshot down: they are the current set. */
static void complete(struct weft_trust *trust)
{
    bool with_timestamp = is_pinned(trust, WEFT_ROLE_SNAPSHOT);
    replace(&trust->current[WEFT_ROLE_TIMESTAMP],
            with_timestamp ? weft_metadata_keep(trust->trusted[WEFT_ROLE_TIMESTAMP]) : NULL);
    replace(&trust->current[WEFT_ROLE_SNAPSHOT],
            weft_metadata_keep(trust->trusted[WEFT_ROLE_SNAPSHOT]));
    replace(&trust->current[WEFT_ROLE_TARGETS],
            weft_metadata_keep(trust->trusted[WEFT_ROLE_TARGETS]));
    weft_trust_role_renew(trust);
}

static enum weft_err fail(struct weft_trust *trust, enum weft_err err)
{
    trust->stage = WEFT_TRUST_FAILED;
    return err;
}

/* Drop what a rotation of keys took the ground from. Removing a key of timestamp or snapshot drops
 * both floors, so that a publisher recovers from a thief who counted versions up to the end. */
static void revise(struct weft_trust *trust, const struct weft_metadata *before)
{
    const struct weft_metadata *root = trust->trusted[WEFT_ROLE_ROOT];
    bool recover = weft_root_lost_key(before, root, WEFT_ROLE_TIMESTAMP) ||
                   weft_root_lost_key(before, root, WEFT_ROLE_SNAPSHOT);
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT; role++) {
        struct weft_metadata *document = trust->trusted[role];
        struct weft_fault unused;
        bool dropped = recover && role != WEFT_ROLE_TARGETS;
        if (document && (dropped || weft_root_verify(root, document, &unused) != WEFT_ERR_OK)) {
            replace(&trust->trusted[role], NULL);
        }
    }
}

uint32_t weft_trust_bytes_max(enum weft_role role, const struct weft_pin *pin)
{
    if (!pin->has_length) {
        return weft_role_bytes_max(role);
    }
    return pin->length < WEFT_DOCUMENT_BYTES_MAX ? (uint32_t)pin->length : WEFT_DOCUMENT_BYTES_MAX;
}

/* Parse bytes as |role| and check who signed them. */
static enum weft_err admit(struct weft_trust *trust, enum weft_role role, const uint8_t *bytes,
                           size_t length, struct weft_metadata **document)
{
    struct weft_pin pin = {.has_length = false};
    const struct weft_metadata *root = trust->trusted[WEFT_ROLE_ROOT];
    *document = NULL;
    if (role >= WEFT_ROLE_SNAPSHOT) {
        pin_of(trust, role, &pin);
    }
    if (length > weft_trust_bytes_max(role, &pin)) {
        return weft_fault_set(&trust->fault, WEFT_ERR_TOO_LONG,
                              "a %s document of %llu bytes is longer than allowed",
                              weft_role_name(role), (unsigned long long)length);
    }
    enum weft_err err = weft_metadata_parse(role, NULL, bytes, length, document, &trust->fault);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (role != WEFT_ROLE_ROOT) {
        err = weft_root_verify(root, *document, &trust->fault);
    } else if (root) {
        err = weft_rules_root(root, *document, &trust->fault);
    } else {
        err = weft_root_verify(*document, *document, &trust->fault);
    }
    if (err != WEFT_ERR_OK) {
        replace(document, NULL);
    }
    return err;
}

static enum weft_err take_root(struct weft_trust *trust, const uint8_t *bytes, size_t length)
{
    struct weft_metadata *root = NULL;
    enum weft_err err = admit(trust, WEFT_ROLE_ROOT, bytes, length, &root);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    struct weft_metadata *before = trust->trusted[WEFT_ROLE_ROOT];
    trust->trusted[WEFT_ROLE_ROOT] = root;
    if (before) {
        revise(trust, before);
        weft_metadata_drop(before);
    }
    return weft_fault_clear(&trust->fault);
}

enum weft_err weft_trust_load_root(struct weft_trust *trust, const uint8_t *bytes, size_t length)
{
    trust->stage = WEFT_TRUST_IDLE;
    return take_root(trust, bytes, length);
}

/* Do bytes and version match what the trusted parent states? Timestamps have no parent. */
static enum weft_err check_pin(struct weft_trust *trust, enum weft_role role, const uint8_t *bytes,
                               size_t length)
{
    struct weft_pin pin;
    if (role == WEFT_ROLE_TIMESTAMP) {
        return WEFT_ERR_OK;
    }
    if (!pin_of(trust, role, &pin)) {
        return weft_fault_set(&trust->fault, WEFT_ERR_NOT_FOUND, "%s came before its parent",
                              weft_role_name(role));
    }
    return weft_pin_check(&pin, weft_role_name(role), bytes, length, &trust->fault);
}

static enum weft_err check_version(struct weft_trust *trust, enum weft_role role,
                                   const struct weft_metadata *document)
{
    struct weft_pin pin;
    if (role == WEFT_ROLE_TIMESTAMP || !pin_of(trust, role, &pin)) {
        return WEFT_ERR_OK;
    }
    return weft_rules_version(document, &pin, &trust->fault);
}

enum weft_err weft_trust_load(struct weft_trust *trust, enum weft_role role, const uint8_t *bytes,
                              size_t length)
{
    struct weft_metadata *document = NULL;
    if (role == WEFT_ROLE_ROOT || !trust->trusted[WEFT_ROLE_ROOT]) {
        return weft_fault_set(&trust->fault, WEFT_ERR_ARGUMENT, "load the root first");
    }
    enum weft_err err = WEFT_ERR_OK;
    if (role == WEFT_ROLE_TARGETS) {
        err = check_pin(trust, role, bytes, length);
    }
    if (err == WEFT_ERR_OK) {
        err = admit(trust, role, bytes, length, &document);
    }
    if (err == WEFT_ERR_OK && role == WEFT_ROLE_TARGETS) {
        err = check_version(trust, role, document);
    }
    if (err != WEFT_ERR_OK) {
        weft_metadata_drop(document);
        return err;
    }
    replace(&trust->trusted[role], document);
    if (role == WEFT_ROLE_TARGETS) {
        complete(trust);
    }
    return weft_fault_clear(&trust->fault);
}

/* Pass over every document that needs no fetching, until one is wanted or the update is over. */
static void advance(struct weft_trust *trust)
{
    static const enum weft_role role_of[] = {
        [WEFT_TRUST_SNAPSHOT] = WEFT_ROLE_SNAPSHOT, [WEFT_TRUST_TARGETS] = WEFT_ROLE_TARGETS};
    while (trust->stage == WEFT_TRUST_SNAPSHOT || trust->stage == WEFT_TRUST_TARGETS) {
        enum weft_role role = role_of[trust->stage];
        if (!is_pinned(trust, role)) {
            return;
        }
        enum weft_err err = weft_rules_expiry(trust->trusted[role], trust->now_s, &trust->fault);
        if (err != WEFT_ERR_OK) {
            fail(trust, err);
            return;
        }
        trust->stage++;
    }
    if (trust->stage == WEFT_TRUST_DONE) {
        complete(trust);
        weft_fault_clear(&trust->fault);
    }
}

/* The chain of roots ended: the last one must not have expired. */
static enum weft_err finish_roots(struct weft_trust *trust)
{
    enum weft_err err =
        weft_rules_expiry(trust->trusted[WEFT_ROLE_ROOT], trust->now_s, &trust->fault);
    if (err != WEFT_ERR_OK) {
        return fail(trust, err);
    }
    trust->stage = WEFT_TRUST_TIMESTAMP;
    return WEFT_ERR_OK;
}

void weft_trust_begin(struct weft_trust *trust, int64_t now_s, uint64_t root_version_max)
{
    const struct weft_metadata *root = trust->trusted[WEFT_ROLE_ROOT];
    weft_fault_clear(&trust->fault);
    trust->now_s = now_s;
    trust->root_version_max = root_version_max;
    trust->root_count = 0;
    trust->stage = WEFT_TRUST_ROOT;
    weft_trust_role_renew(trust);
    if (!root) {
        weft_fault_set(&trust->fault, WEFT_ERR_ARGUMENT, "no root is trusted yet");
        fail(trust, WEFT_ERR_ARGUMENT);
    } else if (root->version >= root_version_max) {
        finish_roots(trust);
    }
}

bool weft_trust_wanted(const struct weft_trust *trust, struct weft_trust_want *want)
{
    if (trust->stage < WEFT_TRUST_ROOT || trust->stage > WEFT_TRUST_TARGETS) {
        return false;
    }
    enum weft_role role = (enum weft_role)(trust->stage - WEFT_TRUST_ROOT);
    const struct weft_metadata *root = trust->trusted[WEFT_ROLE_ROOT];
    struct weft_pin pin = {.version = 0};
    if (role == WEFT_ROLE_ROOT) {
        pin.version = root->version + 1;
    } else if (role != WEFT_ROLE_TIMESTAMP) {
        pin_of(trust, role, &pin);
    }
    *want = (struct weft_trust_want){
        .role = role, .version = pin.version, .bytes_max = weft_trust_bytes_max(role, &pin)};
    bool numbered = role == WEFT_ROLE_ROOT || weft_root_is_consistent(root);
    return weft_path_metadata(weft_role_name(role), numbered ? pin.version : 0, want->path);
}

static enum weft_err feed_root(struct weft_trust *trust, const uint8_t *bytes, size_t length)
{
    enum weft_err err = take_root(trust, bytes, length);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    trust->root_count++;
    if (trust->trusted[WEFT_ROLE_ROOT]->version >= trust->root_version_max ||
        trust->root_count >= WEFT_TRUST_ROOTS_PER_UPDATE_MAX) {
        finish_roots(trust);
    }
    return WEFT_ERR_OK;
}

static enum weft_err check_rollback(struct weft_trust *trust, enum weft_role role,
                                    const struct weft_metadata *next)
{
    const struct weft_metadata *trusted = trust->trusted[role];
    if (role == WEFT_ROLE_TIMESTAMP) {
        return weft_rules_timestamp(trusted, next, &trust->fault);
    }
    if (role == WEFT_ROLE_SNAPSHOT) {
        return weft_rules_snapshot(trusted, next, &trust->fault);
    }
    return WEFT_ERR_OK; /* targets: the snapshot's version of it cannot fall */
}

/* All that is checked of a timestamp, snapshot or targets before it is trusted. */
static enum weft_err examine(struct weft_trust *trust, enum weft_role role, const uint8_t *bytes,
                             size_t length, struct weft_metadata **document)
{
    *document = NULL;
    enum weft_err err = check_pin(trust, role, bytes, length);
    if (err == WEFT_ERR_OK) {
        err = admit(trust, role, bytes, length, document);
    }
    if (err != WEFT_ERR_OK || !*document) {
        return err;
    }
    err = check_version(trust, role, *document);
    if (err == WEFT_ERR_OK) {
        err = check_rollback(trust, role, *document);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    /* A timestamp of the trusted version is not taken, whatever it contains. */
    struct weft_metadata *trusted = trust->trusted[role];
    if (role == WEFT_ROLE_TIMESTAMP && trusted && trusted->version == (*document)->version) {
        replace(document, weft_metadata_keep(trusted));
    }
    return weft_rules_expiry(*document, trust->now_s, &trust->fault);
}

enum weft_err weft_trust_feed(struct weft_trust *trust, const uint8_t *bytes, size_t length)
{
    struct weft_trust_want want;
    if (!weft_trust_wanted(trust, &want)) {
        return weft_fault_set(&trust->fault, WEFT_ERR_CANCELLED, "no document is wanted");
    }
    if (want.role == WEFT_ROLE_ROOT) {
        return feed_root(trust, bytes, length);
    }
    struct weft_metadata *document = NULL;
    enum weft_err err = examine(trust, want.role, bytes, length, &document);
    if (err != WEFT_ERR_OK) {
        weft_metadata_drop(document);
        return err;
    }
    /* Accepted. */
    replace(&trust->trusted[want.role], document);
    trust->stage++;
    advance(trust);
    return WEFT_ERR_OK;
}

enum weft_err weft_trust_give_up(struct weft_trust *trust, enum weft_err reason)
{
    struct weft_trust_want want;
    if (!weft_trust_wanted(trust, &want)) {
        return trust->fault.err;
    }
    if (want.role == WEFT_ROLE_ROOT && reason == WEFT_ERR_NOT_FOUND &&
        trust->root_version_max == UINT64_MAX) {
        return finish_roots(trust);
    }
    weft_fault_set(&trust->fault, reason, "cannot get %s: %s", want.path, weft_err_text(reason));
    return fail(trust, reason);
}

enum weft_trust_stage weft_trust_stage(const struct weft_trust *trust)
{
    return trust->stage;
}

const struct weft_metadata *weft_trust_document(const struct weft_trust *trust, enum weft_role role)
{
    return trust->trusted[role];
}

const struct weft_metadata *weft_trust_current(const struct weft_trust *trust, enum weft_role role)
{
    return role == WEFT_ROLE_ROOT ? trust->trusted[role] : trust->current[role];
}

int64_t weft_trust_expires_s(const struct weft_trust *trust)
{
    if (!trust->current[WEFT_ROLE_TARGETS]) {
        return INT64_MAX;
    }
    int64_t earliest = trust->trusted[WEFT_ROLE_ROOT]->expires_s;
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT; role++) {
        const struct weft_metadata *document = trust->current[role];
        if (document && document->expires_s < earliest) {
            earliest = document->expires_s;
        }
    }
    return earliest;
}

const struct weft_fault *weft_trust_fault(const struct weft_trust *trust)
{
    return &trust->fault;
}
