/* SPDX-License-Identifier: Apache-2.0 */
/* The four top-level roles and their signers. */
#include "root.h"

#include <stdio.h>

static const json_t *role_of(const json_t *body, enum weft_role role)
{
    return json_object_get(json_object_get(body, "roles"), weft_role_name(role));
}

enum weft_err weft_root_check(const json_t *body, struct weft_fault *fault)
{
    const json_t *consistent = json_object_get(body, "consistent_snapshot");
    if (consistent && !json_is_boolean(consistent)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "the root document has no valid consistent_snapshot");
    }
    enum weft_err err =
        weft_signers_check_keys(json_object_get(body, "keys"), "the root document", fault);
    for (int role = 0; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        err = weft_signers_check(role_of(body, (enum weft_role)role),
                                 weft_role_name((enum weft_role)role), fault);
    }
    return err;
}

struct weft_signers weft_root_signers(const json_t *body, enum weft_role role)
{
    return weft_signers_of(json_object_get(body, "keys"), role_of(body, role));
}

enum weft_err weft_root_verify(const struct weft_metadata *root,
                               const struct weft_metadata *document, struct weft_fault *fault)
{
    char whose[64];
    struct weft_signers signers = weft_root_signers(root->body, document->role);
    snprintf(whose, sizeof whose, "root version %llu", (unsigned long long)root->version);
    return weft_signers_verify(&signers, whose, document, fault);
}

bool weft_root_lost_key(const struct weft_metadata *before, const struct weft_metadata *after,
                        enum weft_role role)
{
    struct weft_signers old = weft_root_signers(before->body, role);
    struct weft_signers now = weft_root_signers(after->body, role);
    return weft_signers_lost(&old, &now);
}

bool weft_root_is_consistent(const struct weft_metadata *root)
{
    return json_is_true(json_object_get(root->body, "consistent_snapshot"));
}
