/* SPDX-License-Identifier: Apache-2.0 */
/* What the flag parser stores before the small languages inside flags are read. Inside of options:
 * options.c has the table of flags, options_raw.c makes of their texts what the simulator uses. */
#ifndef WEFT_SIM_OPTIONS_RAW_H
#define WEFT_SIM_OPTIONS_RAW_H

#include "options.h"

/* What the flag parser stores before the small languages are read. */
struct weft_sim_raw {
    struct weft_sim_options plain;                 /* numbers, texts and choices */
    const char *lan_delay;                         /* --lan-delay */
    const char *wan_delay;                         /* --wan-delay */
    const char *lan_queue;                         /* --lan-queue */
    const char *wan_queue;                         /* --wan-queue */
    const char *loss;                              /* --loss */
    const char *twice;                             /* --duplicate */
    const char *replay;                            /* --replay */
    const char *late;                              /* --reorder */
    const char *flip;                              /* --flip */
    const char *flip_record;                       /* --flip-record */
    const char *flip_body;                         /* --flip-body */
    const char *shard;                             /* --shard */
    const char *menu[WEFT_SIM_MISHAP_CLASS_COUNT]; /* a flag for each class of menu.h */
    struct weft_flag_list kill;                    /* --kill */
    struct weft_flag_list outage;                  /* --source-down */
    struct weft_flag_list restart;                 /* --restart-all */
    struct weft_flag_list site;                    /* --site */
    struct weft_flag_list expect;                  /* --expect */
    const char *clock;                             /* --clock */
};

/* Read the texts of |raw| into |options|, whose plain fields are filled in, and see whether it all
 * fits together.
 * Errors: ARGUMENT, and |message| names the flag, what it was, and what is allowed. */
enum weft_err weft_sim_raw_read(struct weft_sim_options *options, const struct weft_sim_raw *raw,
                                struct weft_text *message);

#endif
