/* SPDX-License-Identifier: Apache-2.0 */
/* Delegated roles of the current set. Their documents pass the gate of TUF (section 5.6) when they
 * come: length and hash as the snapshot states, form, signatures of the delegator, version, expiry;
 * and again, in every search, signatures and expiry. */
#include "client_state.h"

#include <stdio.h>
#include <string.h>

#include "component.h"
#include "path.h"
#include "root.h"
#include "rules.h"

static void forget_pending(struct weft_trust *trust)
{
    trust->pending = (struct weft_trust_pending){.delegator = NULL};
}

/* What the current snapshot states of the document of the role |name|. */
static bool pin_of(const struct weft_trust *trust, const char *name, struct weft_pin *pin)
{
    char file[WEFT_DELEGATION_NAME_BYTES_MAX + 8];
    const struct weft_metadata *snapshot = trust->current[WEFT_ROLE_SNAPSHOT];
    snprintf(file, sizeof file, "%s.json", name);
    return snapshot && weft_metadata_pin(snapshot, file, pin) == WEFT_ERR_OK;
}

/* Is |item| a document that the current snapshot still states? */
static bool is_stated(const void *context, const struct weft_roles_item *item)
{
    const struct weft_metadata *document = item->document;
    struct weft_pin pin;
    struct weft_fault unused;
    return document && pin_of(context, item->name, &pin) && pin.version == document->version &&
           weft_pin_check(&pin, "", document->bytes, document->length, &unused) == WEFT_ERR_OK;
}

void weft_trust_role_renew(struct weft_trust *trust)
{
    forget_pending(trust);
    weft_roles_sweep(&trust->roles, is_stated, trust);
}

static const struct weft_metadata *held(void *context, const char *name, struct weft_fault *fault)
{
    const struct weft_trust *trust = context;
    const struct weft_roles_item *item = weft_roles_find(&trust->roles, name);
    struct weft_pin pin;
    if (item && item->document) {
        return item->document;
    }
    if (item) {
        weft_fault_set(fault, item->err, "the document of role '%.64s' cannot be had: %s", name,
                       weft_err_text(item->err));
    } else if (!pin_of(trust, name, &pin)) {
        weft_fault_set(fault, WEFT_ERR_FORMAT,
                       "role '%.64s' is delegated to, but the snapshot does not list it", name);
    }
    return NULL;
}

static struct weft_search search_of(struct weft_trust *trust)
{
    return (struct weft_search){
        .targets = trust->current[WEFT_ROLE_TARGETS],
        .is_consistent = weft_root_is_consistent(trust->trusted[WEFT_ROLE_ROOT]),
        .now_s = trust->now_s,
        .context = trust,
        .held = held,
    };
}

/* A search ended: remember what it wants. Result: |err|. */
static enum weft_err settle(struct weft_trust *trust, const struct weft_search_result *result,
                            enum weft_err err)
{
    forget_pending(trust);
    if (err == WEFT_ERR_PENDING) {
        trust->pending.delegator = result->delegator;
        trust->pending.delegation = result->delegation;
        pin_of(trust, result->delegation.name, &trust->pending.pin);
    }
    return err;
}

static enum weft_err say_nothing(struct weft_trust *trust)
{
    return weft_fault_set(&trust->fault, WEFT_ERR_NOT_FOUND, "there is no metadata yet");
}

enum weft_err weft_trust_seek_component(struct weft_trust *trust, const char *component,
                                        struct weft_release_info *info)
{
    struct weft_search search = search_of(trust);
    struct weft_search_result result;
    if (!search.targets) {
        return say_nothing(trust);
    }
    return settle(trust, &result,
                  weft_component_current(&search, component, info, &result, &trust->fault));
}

enum weft_err weft_trust_seek_target(struct weft_trust *trust, const char *path,
                                     struct weft_release_info *info)
{
    struct weft_search search = search_of(trust);
    struct weft_search_result result;
    if (!search.targets) {
        return say_nothing(trust);
    }
    enum weft_err err =
        settle(trust, &result, weft_search_target(&search, path, &result, &trust->fault));
    if (err == WEFT_ERR_OK &&
        !weft_catalog_read_plain(path, result.entry, search.is_consistent, info)) {
        return weft_fault_set(&trust->fault, WEFT_ERR_UNSAFE_PATH,
                              "the path of target '%.64s' cannot be used here", path);
    }
    return err;
}

bool weft_trust_wanted_role(const struct weft_trust *trust, struct weft_trust_want *want)
{
    const struct weft_trust_pending *pending = &trust->pending;
    if (!pending->delegator) {
        return false;
    }
    bool numbered = weft_root_is_consistent(trust->trusted[WEFT_ROLE_ROOT]);
    *want = (struct weft_trust_want){.role = WEFT_ROLE_TARGETS, .version = pending->pin.version};
    want->bytes_max = weft_trust_bytes_max(WEFT_ROLE_TARGETS, &pending->pin);
    snprintf(want->name, sizeof want->name, "%s", pending->delegation.name);
    return weft_path_metadata(want->name, numbered ? want->version : 0, want->path);
}

/* Everything that is asked of a delegated document but for its signatures. */
static enum weft_err examine(struct weft_trust *trust, const char *name, const struct weft_pin *pin,
                             const uint8_t *bytes, size_t length, struct weft_metadata **document)
{
    *document = NULL;
    if (length > weft_trust_bytes_max(WEFT_ROLE_TARGETS, pin)) {
        return weft_fault_set(&trust->fault, WEFT_ERR_TOO_LONG,
                              "the document of role '%.64s' is longer than allowed", name);
    }
    enum weft_err err = weft_pin_check(pin, name, bytes, length, &trust->fault);
    if (err == WEFT_ERR_OK) {
        err = weft_metadata_parse(WEFT_ROLE_TARGETS, name, bytes, length, document, &trust->fault);
    }
    return err == WEFT_ERR_OK ? weft_rules_version(*document, pin, &trust->fault) : err;
}

enum weft_err weft_trust_feed_role(struct weft_trust *trust, const uint8_t *bytes, size_t length)
{
    const struct weft_trust_pending *pending = &trust->pending;
    struct weft_metadata *document = NULL;
    if (!pending->delegator) {
        return weft_fault_set(&trust->fault, WEFT_ERR_CANCELLED, "no document is wanted");
    }
    enum weft_err err =
        examine(trust, pending->delegation.name, &pending->pin, bytes, length, &document);
    if (err == WEFT_ERR_OK) {
        err = weft_search_verify(&pending->delegation, pending->delegator, document, trust->now_s,
                                 &trust->fault);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_roles_put(&trust->roles, pending->delegation.name, document, WEFT_ERR_OK);
    }
    weft_metadata_drop(document);
    if (err == WEFT_ERR_OK) {
        forget_pending(trust);
    }
    return err;
}

enum weft_err weft_trust_give_up_role(struct weft_trust *trust, enum weft_err reason)
{
    enum weft_err err = WEFT_ERR_OK;
    if (trust->pending.delegator) {
        /* That nobody has the document does not mean that it does not exist. */
        enum weft_err why = reason == WEFT_ERR_NOT_FOUND ? WEFT_ERR_UNREACHABLE : reason;
        err = weft_roles_put(&trust->roles, trust->pending.delegation.name, NULL, why);
        forget_pending(trust);
    }
    return err;
}

enum weft_err weft_trust_load_role(struct weft_trust *trust, const char *name, const uint8_t *bytes,
                                   size_t length)
{
    struct weft_pin pin;
    struct weft_metadata *document = NULL;
    if (!pin_of(trust, name, &pin)) {
        return weft_fault_set(&trust->fault, WEFT_ERR_NOT_FOUND,
                              "the snapshot does not list role '%.64s'", name);
    }
    forget_pending(trust);
    enum weft_err err = examine(trust, name, &pin, bytes, length, &document);
    if (err == WEFT_ERR_OK) {
        err = weft_roles_put(&trust->roles, name, document, WEFT_ERR_OK);
    }
    weft_metadata_drop(document);
    return err;
}

const struct weft_metadata *weft_trust_role_at(const struct weft_trust *trust, size_t index)
{
    for (size_t i = 0; i < trust->roles.count; i++) {
        const struct weft_metadata *document = trust->roles.items[i].document;
        if (document && index-- == 0) {
            return document;
        }
    }
    return NULL;
}

const struct weft_metadata *weft_trust_role_named(const struct weft_trust *trust, const char *name)
{
    const struct weft_roles_item *item = weft_roles_find(&trust->roles, name);
    return item ? item->document : NULL;
}
