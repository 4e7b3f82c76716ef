/* SPDX-License-Identifier: Apache-2.0 */
/* What may be drawn where the output goes? Colours, block characters and cursor moves only on a
 * terminal that shows them; NO_COLOR and TERM=dumb are honoured. */
#ifndef WEFT_TERMINAL_H
#define WEFT_TERMINAL_H

#include "protocol/types.h"

struct weft_terminal {
    bool is_terminal; /* cursor moves and repainting are allowed */
    bool has_colour;  /* SGR sequences are allowed */
    bool has_unicode; /* the locale is UTF-8: block characters are shown */
    uint32_t width;   /* columns, 40..500; 80 where unknown */
    uint32_t height;  /* rows, 10..500; 24 where unknown */
};

/* Look at file descriptor |fd| and the environment. Cheap: call it again after a resize. */
struct weft_terminal weft_terminal_look(int fd);

#endif
