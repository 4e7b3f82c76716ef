/* SPDX-License-Identifier: Apache-2.0 */
/* How a finished release takes effect: laid out in a directory, a symbolic link pointed at it by
 * one rename, a command run (SPEC.md section "Store and activation"). When to do so is the
 * updater's business. Whether the whole matches its signed hash is checked here, on the bytes that
 * take effect, while they are copied or unpacked and before anything points at them.
 *
 * Files:   DATA/active/COMPONENT/VERSION-ID/     the release: a file under its own name, or a tree
 *          DATA/active/COMPONENT/current         symbolic link to the one in effect
 *          DATA/active/COMPONENT/previous        symbolic link to the one before, for going back
 *          DATA/active/COMPONENT/hook            id of the release whose command succeeded
 *          LINK                                  symbolic link to the directory, absolute
 * Timers:  the command is ended with SIGTERM after 5 minutes, with SIGKILL 5 seconds later
 *          (runner.h). */
#ifndef WEFT_ACTIVATE_H
#define WEFT_ACTIVATE_H

#include "node/fileio.h"
#include "node/runner.h"
#include "protocol/trust/pin.h"

#include <uv.h>

struct weft_activation; /* opaque; one activation under way */

struct weft_activate_request {
    uv_loop_t *loop;            /* borrowed until |done| */
    const char *data_dir;       /* of the store */
    const int *source;          /* finished release, open, copied; NULL = the one in the store */
    const char *component;      /* weft_name_place_ok() */
    const char *version;        /* as published; weft_name_ok() */
    const char *file;           /* weft_name_file_ok(); NULL = the release is a tar of a tree */
    const char *link;           /* --component NAME=LINK; NULL = only below DATA/active */
    struct weft_runner *runner; /* runs the command; borrowed until |done|; NULL = none */
    uint32_t hook_limit_ms;     /* time for the command; 0 = WEFT_RUNNER_LIMIT_MS */
    weft_release_id id;         /* finished in the store */
    struct weft_pin pin;        /* signed length and hashes of the release; of a tree a SHA-256 */
};

/* How it ended.
 * Errors: OK; UNSAFE_PATH, FORMAT, LIMIT = the archive; MISMATCH = damaged on disk; EXISTS = LINK
 *         is no symbolic link; NOT_FOUND = its directory is missing; HOOK = activated, but the
 *         command failed; CANCELLED; PERMISSION, DISK_FULL, IO. The old release is in effect unless
 *         OK or HOOK, or only its link below DATA/active lags behind; activate again after any
 *         error.
 * Owner:  |text| (never NULL) is borrowed: the directory when OK, else a sentence. */
typedef void weft_activate_done(void *context, enum weft_err err, const char *text);

/* Begin to activate a release, or find that it is active already (then only a command that did not
 * succeed yet is run). Do so on every start, for the newest finished release of each component:
 * what a crash interrupted is completed. One activation of a component at a time.
 * Errors: MEMORY: nothing was begun, |done| is not called. Others through |done|, always later.
 * Owner:  copies |request|; *activation (may be NULL) is valid until |done|. */
enum weft_err weft_activate_start(const struct weft_activate_request *request,
                                  weft_activate_done *done, void *context,
                                  struct weft_activation **activation);

/* Is the release laid out below |data_dir| already, in effect or not? Then its activation needs no
 * source. Blocks for one look at the disk. */
bool weft_activate_is_made(const char *data_dir, const char *component, const char *version,
                           weft_release_id id);

/* Give up early: |done| follows soon, with CANCELLED unless it was done anyway; a running command
 * gets SIGTERM, and SIGKILL a second later; it is run again at the next start. */
void weft_activate_cancel(struct weft_activation *activation);

#endif
