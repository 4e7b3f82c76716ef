/* SPDX-License-Identifier: Apache-2.0 */
/* TUF documents on any bytes. The first byte names the role. Checked: every reader of the trust
 * code gets along with whatever is accepted, and finds in it only what is allowed. */
#include "protocol/trust/catalog.h"
#include "protocol/trust/delegation.h"
#include "protocol/trust/root.h"
#include "tests/fuzz/replay.h"

#include <stdlib.h>
#include <string.h>

static bool visit(void *context, const struct weft_release_info *info)
{
    (void)context;
    WEFT_FUZZ_CHECK(weft_name_ok(info->component) && weft_name_ok(info->version));
    WEFT_FUZZ_CHECK(weft_name_file_ok(info->file));
    WEFT_FUZZ_CHECK(weft_name_path_ok(info->path) && weft_name_path_ok(info->index_path));
    WEFT_FUZZ_CHECK(info->id != 0 && info->order > 0 && info->index_bytes > 0);
    return true;
}

/* Walk all delegations that cover |path|: the cursor moves and ends. */
static void walk(const struct weft_metadata *targets, const char *path)
{
    struct weft_delegation delegation;
    struct weft_fault fault;
    size_t cursor = 0;
    size_t before = 0;
    while (weft_delegation_next(targets, path, &cursor, &delegation)) {
        WEFT_FUZZ_CHECK(cursor > before && delegation.signers.threshold >= 1);
        WEFT_FUZZ_CHECK(weft_signers_verify(&delegation.signers, "nobody", targets, &fault) !=
                        WEFT_ERR_ARGUMENT);
        before = cursor;
    }
    cursor = 0;
    while (weft_delegation_next_of(targets, "a", &cursor, &delegation)) {
        struct weft_delegation named;
        WEFT_FUZZ_CHECK(weft_delegation_named(targets, delegation.name, &named));
    }
}

static void use(const struct weft_metadata *metadata)
{
    struct weft_fault fault;
    struct weft_pin pin;
    weft_metadata_pin(metadata, "snapshot.json", &pin);
    weft_metadata_pin(metadata, "targets.json", &pin);
    if (metadata->role == WEFT_ROLE_TARGETS) {
        weft_catalog_each(metadata, true, visit, NULL);
        walk(metadata, "a/b/c");
    }
    if (metadata->role == WEFT_ROLE_ROOT) {
        weft_root_verify(metadata, metadata, &fault);
        WEFT_FUZZ_CHECK(!weft_root_lost_key(metadata, metadata, WEFT_ROLE_TIMESTAMP));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0) {
        return 0;
    }
    struct weft_metadata *metadata = NULL;
    struct weft_fault fault;
    enum weft_role role = (enum weft_role)(bytes[0] % WEFT_ROLE_COUNT);
    enum weft_err err = weft_metadata_parse(role, NULL, bytes + 1, length - 1, &metadata, &fault);
    WEFT_FUZZ_CHECK((err == WEFT_ERR_OK) == (metadata != NULL));
    if (metadata != NULL) {
        use(metadata);
    }
    weft_metadata_drop(metadata);
    return 0;
}
