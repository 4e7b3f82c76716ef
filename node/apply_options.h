/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of `weft apply`, and whether their places may be believed. */
#ifndef WEFT_APPLY_OPTIONS_H
#define WEFT_APPLY_OPTIONS_H

#include "node/fileio.h"
#include "node/sandbox.h"
#include "node/subscribe.h"

struct weft_apply_options {
    const char *data_dir;           /* --data: of the node; never NULL */
    const char *state_dir;          /* --state: own trust and releases; never NULL */
    const char *root_file;          /* --root; never NULL */
    const char *on_update;          /* --on-update; NULL = none */
    enum weft_sandbox_mode sandbox; /* --sandbox */
    bool help;                      /* --help */
    struct weft_run_component components[WEFT_COMPONENTS_MAX]; /* --component, --target */
    uint32_t component_count;                                  /* entries of components, >= 1 */
};

/* Read the command line; help and faults are printed.
 * Result: false = leave with *exit_code. Owner: |options| borrows strings of |argv|. */
bool weft_apply_options_read(struct weft_apply_options *options, int argc, char **argv,
                             int *exit_code);

/* Make the state directory if it is missing, and look who else can write where what is believed
 * stands: state, root, directories of links.
 * Errors: PERMISSION, NOT_FOUND, ..., with |message|. */
enum weft_err weft_apply_options_check(const struct weft_apply_options *options,
                                       struct weft_message *message);

/* Confine this process to what |options| ask for; |report| and errors of weft_sandbox_enter(). */
enum weft_err weft_apply_options_confine(const struct weft_apply_options *options,
                                         struct weft_message *report);

#endif
