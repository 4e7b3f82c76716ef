/* SPDX-License-Identifier: Apache-2.0 */
/* What does the spectator of a run see while it lasts? On a terminal a page that is painted over:
 * are we done, what does it cost, where is it stuck, is it healthy. Elsewhere nothing. */
#ifndef WEFT_SIM_SCREEN_H
#define WEFT_SIM_SCREEN_H

#include "protocol/types.h"

#include <stdio.h>

struct weft_sim_world;

struct weft_sim_screen {
    FILE *out;              /* the terminal; NULL = none; borrowed */
    uint32_t width;         /* its columns */
    bool has_colour;        /* labels may be dim */
    bool has_unicode;       /* block characters are shown */
    uint32_t painted_lines; /* of the page that is on it */
    uint64_t painted_ns;    /* real time of the last painting */
    uint64_t began_ns;      /* real time of the beginning */
    weft_ns rate_ns;        /* virtual time of the sample that rates begin at */
    uint64_t rate_bytes;    /* stored by then */
    uint64_t rate_source;   /* out of the source by then */
    uint64_t bytes_per_s;   /* stored in the last seconds */
    uint64_t source_per_s;  /* out of the source in the last seconds */
};

/* Look whether |out| is a terminal; painting does nothing if it is not. */
void weft_sim_screen_begin(struct weft_sim_screen *screen, FILE *out);

/* Is there a terminal to paint on? */
static inline bool weft_sim_screen_is_on(const struct weft_sim_screen *screen)
{
    return screen->out != NULL;
}

/* Between windows: paint |world|, which is watched, if the last painting is long enough ago. */
void weft_sim_screen_show(struct weft_sim_screen *screen, const struct weft_sim_world *world);

/* Take the page away, so that what is printed next stands in its place. */
void weft_sim_screen_clear(struct weft_sim_screen *screen);

#endif
