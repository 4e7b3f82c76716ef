/* SPDX-License-Identifier: Apache-2.0 */
/* The comparisons of the TUF client workflow (TUF 1.0, section 5), one function a rule. */
#include "rules.h"

#include "date.h"
#include "root.h"

enum weft_err weft_rules_expiry(const struct weft_metadata *document, int64_t now_s,
                                struct weft_fault *fault)
{
    if (now_s < document->expires_s) {
        return WEFT_ERR_OK;
    }
    char date[WEFT_DATE_BYTES];
    weft_date_print(document->expires_s, date);
    return weft_fault_set(fault, WEFT_ERR_EXPIRED, "%s version %llu expired on %s", document->name,
                          (unsigned long long)document->version, date);
}

enum weft_err weft_rules_root(const struct weft_metadata *root, const struct weft_metadata *next,
                              struct weft_fault *fault)
{
    if (next->version != root->version + 1) {
        return weft_fault_set(
            fault, WEFT_ERR_ROLLBACK, "root version %llu came where version %llu was asked for",
            (unsigned long long)next->version, (unsigned long long)root->version + 1);
    }
    enum weft_err err = weft_root_verify(root, next, fault);
    return err == WEFT_ERR_OK ? weft_root_verify(next, next, fault) : err;
}

static enum weft_err fell(struct weft_fault *fault, const char *name, uint64_t trusted,
                          uint64_t next)
{
    return weft_fault_set(fault, WEFT_ERR_ROLLBACK,
                          "%.64s version %llu is older than version %llu, which is trusted", name,
                          (unsigned long long)next, (unsigned long long)trusted);
}

enum weft_err weft_rules_timestamp(const struct weft_metadata *trusted,
                                   const struct weft_metadata *next, struct weft_fault *fault)
{
    if (!trusted) {
        return WEFT_ERR_OK;
    }
    if (next->version < trusted->version) {
        return fell(fault, "timestamp", trusted->version, next->version);
    }
    /* Every timestamp names a snapshot, or it has no form; one that did not would be a rollback. */
    struct weft_pin before = {.version = 0};
    struct weft_pin after = {.version = 0};
    weft_metadata_pin(trusted, "snapshot.json", &before);
    weft_metadata_pin(next, "snapshot.json", &after);
    return after.version < before.version
               ? fell(fault, "the snapshot named by the timestamp,", before.version, after.version)
               : WEFT_ERR_OK;
}

enum weft_err weft_rules_snapshot(const struct weft_metadata *trusted,
                                  const struct weft_metadata *next, struct weft_fault *fault)
{
    if (!trusted) {
        return WEFT_ERR_OK;
    }
    const char *name;
    json_t *entry;
    json_object_foreach(json_object_get(trusted->body, "meta"), name, entry)
    {
        struct weft_pin before;
        struct weft_pin after;
        if (weft_metadata_pin(next, name, &after) != WEFT_ERR_OK) {
            return weft_fault_set(fault, WEFT_ERR_ROLLBACK,
                                  "snapshot version %llu no longer names %.64s",
                                  (unsigned long long)next->version, name);
        }
        if (weft_pin_read_meta(entry, &before) == WEFT_ERR_OK && after.version < before.version) {
            return fell(fault, name, before.version, after.version);
        }
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_rules_version(const struct weft_metadata *document, const struct weft_pin *pin,
                                 struct weft_fault *fault)
{
    if (document->version == pin->version) {
        return WEFT_ERR_OK;
    }
    return weft_fault_set(fault, WEFT_ERR_MISMATCH,
                          "%s version %llu came where its signed parent states version %llu",
                          document->name, (unsigned long long)document->version,
                          (unsigned long long)pin->version);
}
