/* SPDX-License-Identifier: Apache-2.0 */
/* Structural checks of TUF documents. Everything that later code reads without looking is checked
 * here; unknown members are kept, because signatures cover them. */
#include "metadata.h"

#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "delegation.h"
#include "root.h"

#define SPEC_VERSION_MAJOR "1."

/* More signatures than any honest document has; bounds the work of comparing them. */
#define SIGNATURES_MAX 64

struct role {
    const char *name;   /* in _type and paths */
    uint32_t bytes_max; /* limits of the reference clients */
};

static const struct role roles[WEFT_ROLE_COUNT] = {
    [WEFT_ROLE_ROOT] = {"root", 512000},
    [WEFT_ROLE_TIMESTAMP] = {"timestamp", 16384},
    [WEFT_ROLE_SNAPSHOT] = {"snapshot", 2000000},
    [WEFT_ROLE_TARGETS] = {"targets", 5000000},
};

const char *weft_role_name(enum weft_role role)
{
    return role < WEFT_ROLE_COUNT ? roles[role].name : "unknown";
}

bool weft_role_is_top(const char *name)
{
    bool is_top = false;
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        is_top = is_top || strcmp(roles[role].name, name) == 0;
    }
    return is_top;
}

uint32_t weft_role_bytes_max(enum weft_role role)
{
    return role < WEFT_ROLE_COUNT ? roles[role].bytes_max : 0;
}

static bool is_repeated(const json_t *signatures, size_t index)
{
    const char *keyid = weft_json_text(json_array_get(signatures, index), "keyid");
    for (size_t i = 0; i < index; i++) {
        if (strcmp(weft_json_text(json_array_get(signatures, i), "keyid"), keyid) == 0) {
            return true;
        }
    }
    return false;
}

static enum weft_err check_signatures(const struct weft_metadata *metadata,
                                      struct weft_fault *fault)
{
    const char *name = metadata->name;
    const json_t *signatures = json_object_get(metadata->document, "signatures");
    size_t count = json_array_size(signatures);
    if (!json_is_array(signatures) || count > SIGNATURES_MAX) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "the %.64s document has no list of at most %d signatures", name,
                              SIGNATURES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *signature = json_array_get(signatures, i);
        if (!weft_json_text(signature, "keyid") || !weft_json_text(signature, "sig")) {
            return weft_fault_set(fault, WEFT_ERR_FORMAT,
                                  "a signature of the %.64s document lacks keyid or sig", name);
        }
        if (is_repeated(signatures, i)) {
            return weft_fault_set(fault, WEFT_ERR_FORMAT,
                                  "the %.64s document has two signatures of one key", name);
        }
    }
    return WEFT_ERR_OK;
}

static enum weft_err check_header(struct weft_metadata *metadata, struct weft_fault *fault)
{
    const char *name = metadata->name;
    const char *type = weft_json_text(metadata->body, "_type");
    if (!type || strcmp(type, weft_role_name(metadata->role)) != 0) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "this is not a %.64s document", name);
    }
    const char *spec_version = weft_json_text(metadata->body, "spec_version");
    if (!spec_version || strncmp(spec_version, SPEC_VERSION_MAJOR, 2) != 0) {
        return weft_fault_set(fault, WEFT_ERR_UNSUPPORTED, "the %.64s document is not of TUF 1.x",
                              name);
    }
    if (!weft_json_uint(metadata->body, "version", 1, INT64_MAX, &metadata->version)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "the %.64s document has no valid version",
                              name);
    }
    if (!weft_date_parse(weft_json_text(metadata->body, "expires"), &metadata->expires_s)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "the %.64s document has no valid expiry date",
                              name);
    }
    return WEFT_ERR_OK;
}

/* Body of timestamp and snapshot: "meta" pins other documents, |required| among them. */
static enum weft_err check_meta(const struct weft_metadata *metadata, const char *required,
                                struct weft_fault *fault)
{
    const char *name = metadata->name;
    json_t *meta = json_object_get(metadata->body, "meta");
    if (!json_is_object(meta) || !json_object_get(meta, required)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "the %.64s document does not name %s", name,
                              required);
    }
    const char *key;
    json_t *entry;
    json_object_foreach(meta, key, entry)
    {
        struct weft_pin pin;
        if (weft_pin_read_meta(entry, &pin) != WEFT_ERR_OK) {
            return weft_fault_set(
                fault, WEFT_ERR_FORMAT,
                "the %.64s document names '%.64s' without valid version, length or "
                "hashes",
                name, key);
        }
    }
    return WEFT_ERR_OK;
}

static enum weft_err check_targets(const struct weft_metadata *metadata, struct weft_fault *fault)
{
    json_t *targets = json_object_get(metadata->body, "targets");
    const json_t *delegations = json_object_get(metadata->body, "delegations");
    if (!json_is_object(targets)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "the %.64s document lists no targets",
                              metadata->name);
    }
    const char *path;
    json_t *entry;
    json_object_foreach(targets, path, entry)
    {
        struct weft_pin pin;
        if (weft_pin_read_target(entry, &pin) != WEFT_ERR_OK) {
            return weft_fault_set(fault, WEFT_ERR_FORMAT,
                                  "target '%.64s' has no valid length or hashes", path);
        }
    }
    return delegations ? weft_delegation_check(delegations, fault) : WEFT_ERR_OK;
}

static enum weft_err check_body(const struct weft_metadata *metadata, struct weft_fault *fault)
{
    switch (metadata->role) {
    case WEFT_ROLE_ROOT:
        return weft_root_check(metadata->body, fault);
    case WEFT_ROLE_TIMESTAMP:
        return check_meta(metadata, "snapshot.json", fault);
    case WEFT_ROLE_SNAPSHOT:
        return check_meta(metadata, "targets.json", fault);
    case WEFT_ROLE_TARGETS:
    case WEFT_ROLE_COUNT:
    default:
        return check_targets(metadata, fault);
    }
}

static enum weft_err check_all(struct weft_metadata *metadata, struct weft_fault *fault)
{
    const char *name = metadata->name;
    if (weft_json_parse(metadata->bytes, metadata->length, &metadata->document) != WEFT_ERR_OK) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "the %.64s document is not valid JSON", name);
    }
    metadata->body = json_object_get(metadata->document, "signed");
    if (!json_is_object(metadata->body)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "the %.64s document has no signed part",
                              name);
    }
    enum weft_err err = check_signatures(metadata, fault);
    if (err == WEFT_ERR_OK) {
        err = check_header(metadata, fault);
    }
    return err == WEFT_ERR_OK ? check_body(metadata, fault) : err;
}

/* A metadata object with copies of |name| and |bytes|, not parsed; NULL without memory. */
static struct weft_metadata *make(enum weft_role role, const char *name, const uint8_t *bytes,
                                  size_t length)
{
    size_t name_bytes = strlen(name) + 1;
    struct weft_metadata *made = calloc(1, sizeof *made);
    char *name_copy = malloc(name_bytes);
    uint8_t *copy = malloc(length + 1);
    if (!made || !name_copy || !copy) {
        free(made);
        free(name_copy);
        free(copy);
        return NULL;
    }
    memcpy(name_copy, name, name_bytes);
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    *made = (struct weft_metadata){
        .references = 1, .role = role, .name = name_copy, .bytes = copy, .length = length};
    return made;
}

enum weft_err weft_metadata_parse(enum weft_role role, const char *name, const uint8_t *bytes,
                                  size_t length, struct weft_metadata **metadata,
                                  struct weft_fault *fault)
{
    *metadata = NULL;
    struct weft_metadata *parsed = make(role, name ? name : weft_role_name(role), bytes, length);
    if (!parsed) {
        return weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to read a document");
    }
    enum weft_err err = check_all(parsed, fault);
    if (err != WEFT_ERR_OK) {
        weft_metadata_drop(parsed);
        return err;
    }
    *metadata = parsed;
    return weft_fault_clear(fault);
}

struct weft_metadata *weft_metadata_keep(struct weft_metadata *metadata)
{
    if (metadata) {
        metadata->references++;
    }
    return metadata;
}

void weft_metadata_drop(struct weft_metadata *metadata)
{
    if (metadata && --metadata->references == 0) {
        json_decref(metadata->document);
        free(metadata->name);
        free(metadata->bytes);
        free(metadata);
    }
}

enum weft_err weft_metadata_pin(const struct weft_metadata *metadata, const char *name,
                                struct weft_pin *pin)
{
    const json_t *entry = json_object_get(json_object_get(metadata->body, "meta"), name);
    return entry ? weft_pin_read_meta(entry, pin) : WEFT_ERR_NOT_FOUND;
}
