/* SPDX-License-Identifier: Apache-2.0 */
/* Trace files as JSON values, a line at a time. What the lines mean is the business of
 * history_read.h. Files come from anywhere: nothing in them is believed. */
#ifndef WEFT_SIM_LINES_H
#define WEFT_SIM_LINES_H

#include "protocol/flag.h"
#include "protocol/types.h"

#include <jansson.h>

/* Bytes of the longest line that is read. */
#define WEFT_SIM_LINE_BYTES_MAX (1u << 20)

/* Take one line, an object; borrowed for the call.
 * Errors: false, and |message| says what is wrong with it; reading ends. */
typedef bool weft_sim_line_taker(void *context, const json_t *line, struct weft_text *message);

/* Give every line of the file at |path| to |take|.
 * Errors: false if it cannot be read or a line is refused; |message| names file, line and fault. */
bool weft_sim_lines_read(const char *path, weft_sim_line_taker *take, void *context,
                         struct weft_text *message);

/* The whole number of that name in |line|, if it is there and at most |maximum|; else |other|. */
uint64_t weft_sim_line_number(const json_t *line, const char *name, uint64_t maximum,
                              uint64_t other);

/* The text of that name; "" if it is not there. Owner: borrowed from |line|. */
const char *weft_sim_line_text(const json_t *line, const char *name);

/* The id of that name, 16 hexadecimal digits; 0 if it is not there or something else. */
uint64_t weft_sim_line_id(const json_t *line, const char *name);

/* The id that |text| spells in hexadecimal; 0 if it spells something else. */
uint64_t weft_sim_read_id(const char *text);

#endif
