/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a table of flags for people: --help, man page, Markdown. Answers "how does it look?"; what
 * a flag is and takes is flag.h's question. 32 KiB of text hold every command of Weft. */
#ifndef WEFT_MANUAL_H
#define WEFT_MANUAL_H

#include "flag.h"

/* Columns of a --help text. */
#define WEFT_MANUAL_COLUMNS 80

/* Append --help text: headings, flags and their help in aligned columns, wrapped at
 * WEFT_MANUAL_COLUMNS. */
void weft_manual_add_help(struct weft_text *text, const struct weft_flag_set *set);

/* Append the flags as man page source: .SS headings and .TP paragraphs. */
void weft_manual_add_roff(struct weft_text *text, const struct weft_flag_set *set);

/* Append one Markdown table of all flags: flag, default, range, meaning. */
void weft_manual_add_markdown(struct weft_text *text, const struct weft_flag_set *set);

#endif
