/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario file: flags, one a line, with their values as they are, and comments. It stands for
 * these flags before all others of the command line. SPEC.md section "Scenarios". */
#ifndef WEFT_SIM_SCENARIO_H
#define WEFT_SIM_SCENARIO_H

#include "words.h"

#include "protocol/err.h"

/* The file that |argv| names by --scenario; NULL = none. */
const char *weft_sim_scenario_path(int argc, char *const *argv);

/* Put the flags of the file, if one is named, and then those of |argv| without --scenario into
 * |words|. |lines| says from which line of the file each word is, 0 = from argv.
 * Shape:  lines[WEFT_SIM_WORDS_MAX].
 * Errors: ARGUMENT if the file cannot be read or is no scenario; |message| says where and why. */
enum weft_err weft_sim_scenario_expand(struct weft_sim_words *words, uint32_t *lines, int argc,
                                       char *const *argv, struct weft_text *message);

#endif
