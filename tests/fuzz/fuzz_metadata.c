/* SPDX-License-Identifier: Apache-2.0 */
/* TUF documents on any bytes. The first byte names the role. Checked: whatever is accepted has a
 * canonical form that is accepted again, and every reader of the trust code gets along with it. */
#include "protocol/trust/catalog.h"
#include "protocol/trust/client.h"
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

/* Parsing the canonical form again gives the same canonical form, unless a string holds a control
 * character: that form is for signatures and not JSON. */
static void check_canonical(json_t *value)
{
    uint8_t *first = NULL;
    uint8_t *second = NULL;
    size_t first_length = 0;
    size_t second_length = 0;
    json_t *again = NULL;
    WEFT_FUZZ_CHECK(weft_json_canonical(value, &first, &first_length) == WEFT_ERR_OK);
    if (weft_json_parse(first, first_length, &again) == WEFT_ERR_OK) {
        WEFT_FUZZ_CHECK(weft_json_canonical(again, &second, &second_length) == WEFT_ERR_OK);
        WEFT_FUZZ_CHECK(first_length == second_length && memcmp(first, second, first_length) == 0);
    }
    json_decref(again);
    free(first);
    free(second);
}

static void use(const struct weft_metadata *metadata)
{
    struct weft_fault fault;
    struct weft_pin pin;
    check_canonical(metadata->body);
    weft_metadata_pin(metadata, "snapshot.json", &pin);
    weft_metadata_pin(metadata, "targets.json", &pin);
    if (metadata->role == WEFT_ROLE_TARGETS) {
        weft_catalog_each(metadata, true, visit, NULL);
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
