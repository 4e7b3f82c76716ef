/* SPDX-License-Identifier: Apache-2.0 */
/* Can this machine's clock be right? Expiry protects against news that are held back, and hangs on
 * the clock. A clock that went back to before a moment that certainly was is not believed: that
 * moment counts instead. It cannot harm: at that moment the metadata was valid, so it lies before
 * the expiry of everything that is signed later. A clock that is ahead makes everything expire; it
 * can only be told, by comparing with the source's.
 *
 * DATA/trust/clock: that moment, decimal, seconds since 1970; written once an hour at most. */
#include "node/updater_state.h"

#include "protocol/trust/date.h"
#include "protocol/trust/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WRITE_EVERY_S 3600

/* Differences up to this are not worth a word. */
#define TOLERANCE_S 120

static bool path_of(const struct weft_updater *updater, char *path)
{
    return weft_fileio_join(path, updater->directory, "clock");
}

/* Everything that is stored was valid at a moment that certainly was; a moment after that comes
 * from a damaged file, and would make everything expired for ever. */
static bool is_possible(const struct weft_updater *updater, int64_t moment_s)
{
    const struct weft_metadata *root = weft_trust_document(updater->trust, WEFT_ROLE_ROOT);
    return moment_s > 0 && moment_s < root->expires_s &&
           moment_s < weft_trust_expires_s(updater->trust);
}

void weft_updater_clock_load(struct weft_updater *updater)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (path_of(updater, path) && weft_fileio_load(path, 32, &bytes, &length) == WEFT_ERR_OK) {
        long long moment_s = strtoll((const char *)bytes, NULL, 10);
        updater->clock_floor_s = is_possible(updater, moment_s) ? moment_s : 0;
        free(bytes);
    }
}

int64_t weft_updater_clock_wall(const struct weft_updater *updater)
{
    const struct weft_updater_host *host = &updater->host;
    return host->now_s == NULL ? (int64_t)time(NULL) : host->now_s(host->context);
}

int64_t weft_updater_clock_now(const struct weft_updater *updater)
{
    int64_t now_s = weft_updater_clock_wall(updater);
    return now_s > updater->clock_floor_s ? now_s : updater->clock_floor_s;
}

void weft_updater_clock_success(struct weft_updater *updater)
{
    char path[WEFT_FILE_PATH_BYTES];
    char text[32];
    int64_t now_s = weft_updater_clock_wall(updater);
    if (now_s >= updater->clock_floor_s + WRITE_EVERY_S && path_of(updater, path)) {
        updater->clock_floor_s = now_s;
        int length = snprintf(text, sizeof text, "%" PRId64 "\n", now_s);
        /* If this fails the moment is older after a restart, and protects a little less. */
        weft_fileio_replace(path, text, (size_t)length, 0600);
    }
}

int64_t weft_updater_clock_signed(const struct weft_updater *updater)
{
    const struct weft_metadata *timestamp = weft_trust_current(updater->trust, WEFT_ROLE_TIMESTAMP);
    int64_t signed_s = 0;
    if (!timestamp) {
        return 0;
    }
    const char *date = weft_json_text(json_object_get(timestamp->body, "weft"), "signed");
    if (weft_date_parse(date, &signed_s) && signed_s < timestamp->expires_s) {
        return signed_s;
    }
    return updater->accepted_s;
}

void weft_updater_note_source_clock(struct weft_updater *updater, int64_t source_s)
{
    updater->source_ahead_s = source_s - weft_updater_clock_wall(updater);
    updater->has_source_clock = true;
}

/* "3 d", "5 h", "7 min" */
static void say_span(int64_t span_s, char *text, size_t size)
{
    long long span = span_s < 0 ? -span_s : span_s;
    if (span >= 2 * 86400) {
        snprintf(text, size, "%lld d", span / 86400);
    } else if (span >= 2 * 3600) {
        snprintf(text, size, "%lld h", span / 3600);
    } else {
        snprintf(text, size, "%lld min", span / 60);
    }
}

void weft_updater_clock_describe(const struct weft_updater *updater, char *text)
{
    char now[WEFT_DATE_BYTES];
    char span[32];
    int64_t behind_s = weft_updater_clock_signed(updater) - weft_updater_clock_wall(updater);
    int64_t floor_s = updater->clock_floor_s - weft_updater_clock_wall(updater);
    behind_s = behind_s > floor_s ? behind_s : floor_s;
    int64_t apart_s = updater->has_source_clock ? updater->source_ahead_s : 0;
    bool differs = apart_s > TOLERANCE_S || apart_s < -TOLERANCE_S;
    weft_date_print(weft_updater_clock_wall(updater), now);
    text[0] = '\0';
    if (behind_s > TOLERANCE_S) {
        say_span(behind_s, span, sizeof span);
        snprintf(text, WEFT_FAULT_BYTES,
                 "this machine's clock says %s, which is %s before the metadata that it has; set "
                 "the clock",
                 now, span);
    } else if (differs) {
        say_span(apart_s, span, sizeof span);
        snprintf(text, WEFT_FAULT_BYTES,
                 "this machine's clock says %s, that of the source is %s %s; one of them is wrong",
                 now, span, apart_s > 0 ? "ahead" : "behind");
    }
}
