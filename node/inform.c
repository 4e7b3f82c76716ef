/* SPDX-License-Identifier: Apache-2.0 */
/* Collects what the shell knows of a node. Changes nothing but its own meters. */
#include "inform.h"

#include "fileio.h"
#include "snapshot.h"
#include "updater.h"

#include "protocol/trust/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What one component says; the snapshot borrows its texts. */
struct component_texts {
    struct weft_driver_component driver; /* from the driver */
    char active_version[256];            /* from the data directory */
};

/* More identities than these that run in two places are not listed. */
enum { COPIES_SHOWN_MAX = 16 };

/* The dash and the hexadecimal release id at the end of a directory name. */
enum { ID_SUFFIX_BYTES = 17 };

void weft_inform_sample(struct weft_inform *inform)
{
    for (uint32_t i = 0; i < inform->options->component_count; i++) {
        weft_meter_sample(&inform->meters[i], uv_hrtime(),
                          weft_driver_received_bytes(inform->driver, i));
    }
}

int64_t weft_inform_active(const char *data_dir, const char *name, char *version, size_t size)
{
    char path[WEFT_FILE_PATH_BYTES];
    char target[512];
    struct stat link;
    int length = snprintf(path, sizeof(path), "%s/active/%s/current", data_dir, name);
    version[0] = '\0';
    if (length < 0 || (size_t)length >= sizeof(path) || lstat(path, &link) != 0) {
        return 0;
    }
    ssize_t bytes = readlink(path, target, sizeof(target) - 1);
    if (bytes <= 0) {
        return 0;
    }
    target[bytes] = '\0';
    const char *slash = strrchr(target, '/');
    const char *directory = slash != NULL ? slash + 1 : target;
    size_t letters = strlen(directory);
    if (letters <= ID_SUFFIX_BYTES) {
        return 0;
    }
    snprintf(version, size, "%.*s", (int)(letters - ID_SUFFIX_BYTES), directory);
    return (int64_t)link.st_mtim.tv_sec;
}

static struct weft_snapshot_component describe(const struct weft_inform *inform, uint32_t number,
                                               struct component_texts *texts)
{
    const struct weft_run_component *component = &inform->options->components[number];
    struct weft_snapshot_component out = {.name = component->name, .number = number};
    memset(texts, 0, sizeof(*texts));
    weft_driver_component(inform->driver, number, &texts->driver);
    out.active_unix_s = weft_inform_active(inform->options->data_dir, component->place,
                                           texts->active_version, sizeof(texts->active_version));
    out.link = component->link != NULL ? component->link : "";
    out.active_version = texts->active_version;
    out.active_id = texts->driver.active_id;
    out.target_version = texts->driver.target_version;
    out.target_id = texts->driver.target_id;
    out.error = texts->driver.error;
    return out;
}

/* Who owes something: |debtors| has room for all. */
static uint32_t list_debtors(const struct weft_inform *inform,
                             struct weft_snapshot_debtor debtors[WEFT_PENALTIES_MAX])
{
    const struct weft_core *core = weft_driver_core(inform->driver);
    uint32_t count = 0;
    while (count < WEFT_PENALTIES_MAX && weft_view_penalty(core, count, &debtors[count].penalty)) {
        debtors[count].name = weft_driver_name(inform->driver, debtors[count].penalty.peer);
        count++;
    }
    return count;
}

json_t *weft_inform_status(void *context, const char *argument)
{
    struct weft_inform *inform = context;
    (void)argument;
    const struct weft_run_options *options = inform->options;
    struct weft_snapshot_component components[WEFT_COMPONENTS_MAX];
    struct component_texts texts[WEFT_COMPONENTS_MAX];
    uint64_t rates[WEFT_COMPONENTS_MAX];
    struct weft_peers_copy copies[COPIES_SHOWN_MAX];
    struct weft_snapshot_debtor debtors[WEFT_PENALTIES_MAX];
    struct weft_updater_state trust = {0};
    struct weft_driver_look look = weft_driver_last_look(inform->driver);

    for (uint32_t i = 0; i < options->component_count; i++) {
        components[i] = describe(inform, i, &texts[i]);
        rates[i] = weft_meter_rate(&inform->meters[i]);
    }
    weft_updater_describe(weft_driver_updater(inform->driver), &trust);
    struct weft_snapshot_info info = {
        .now_ns = uv_hrtime(),
        .now_unix_s = time(NULL),
        .started_unix_s = inform->started_unix_s,
        .data_dir = options->data_dir,
        .sandbox = inform->sandbox,
        .site = options->site,
        .agent_class = weft_driver_class(inform->driver),
        .source_url = options->source_url != NULL ? options->source_url : "",
        .looked_unix_s = look.ended_unix_s,
        .look_error = look.err,
        .look_text = look.text,
        .root_version = trust.root_version,
        .expires_unix_s = trust.expires_s,
        .clock_text = trust.clock,
        .alarm_text = trust.alarm,
        .membership = weft_driver_membership(inform->driver),
        .is_by_hand = weft_driver_is_renewed_by_hand(inform->driver),
        .copies = copies,
        .copy_count = weft_driver_copies(inform->driver, copies, COPIES_SHOWN_MAX),
        .debtors = debtors,
        .debtor_count = list_debtors(inform, debtors),
        .components = components,
        .component_count = options->component_count,
        .rates_bytes_per_s = rates,
    };
    (void)weft_driver_refused(inform->driver, &info.refusal);
    return weft_snapshot_make(weft_driver_core(inform->driver), &info);
}

/* The hashes of |pin|, as they stand in metadata. */
static json_t *hashes_json(const struct weft_pin *pin)
{
    json_t *hashes = json_object();
    char hex[2 * WEFT_SHA512_BYTES + 1];
    if (pin->has_sha256) {
        weft_hex_encode(pin->sha256, sizeof(pin->sha256), hex);
        json_object_set_new(hashes, "sha256", json_string(hex));
    }
    if (pin->has_sha512) {
        weft_hex_encode(pin->sha512, sizeof(pin->sha512), hex);
        json_object_set_new(hashes, "sha512", json_string(hex));
    }
    return hashes;
}

json_t *weft_inform_target(void *context, const char *argument)
{
    struct weft_inform *inform = context;
    struct weft_driver_target target;
    char text[WEFT_FAULT_BYTES];
    char file[WEFT_FILE_PATH_BYTES] = "";
    if (weft_driver_target(inform->driver, argument, &target, text, sizeof(text)) != WEFT_ERR_OK) {
        return json_pack("{s:s}", "error", text);
    }
    if (target.file[0] != '\0' && realpath(target.file, file) == NULL) {
        file[0] = '\0';
    }
    const char *source = inform->options->source_url;
    return json_pack("{s:{s:I, s:o}, s:b, s:s, s:s}", "target", "length",
                     (json_int_t)target.info.pin.length, "hashes", hashes_json(&target.info.pin),
                     "consistent", target.is_consistent, "file", file, "source",
                     source != NULL ? source : "");
}
