/* SPDX-License-Identifier: Apache-2.0 */
/* What does a node with these flags need of its machine? The configuration of sandbox.h for `weft
 * run`. SPEC.md section "Sandbox". */
#ifndef WEFT_CONFINE_H
#define WEFT_CONFINE_H

#include "node/options.h"

/* Make the data directory and confine this process to what |options| ask for. Before any thread.
 * |report| as of weft_sandbox_enter().
 * Errors: PERMISSION = --sandbox require, and something is not in force. */
enum weft_err weft_confine(const struct weft_run_options *options, struct weft_message *report);

#endif
