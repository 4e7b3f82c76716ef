/* SPDX-License-Identifier: Apache-2.0 */
/* What one shard has for others: entries for their queues, kept until all shards have reached the
 * end of the window, and then handed over in a fixed order. */
#ifndef WEFT_SIM_MAIL_H
#define WEFT_SIM_MAIL_H

#include "queue.h"

/* One entry for another shard. */
struct weft_sim_letter {
    uint32_t shard;              /* whose queue it goes to */
    struct weft_sim_entry entry; /* time_ns is set; order and self are not */
};

struct weft_sim_mail {
    struct weft_sim_letter *letters; /* in the order in which they were written; owned */
    uint32_t count;                  /* letters waiting */
    uint32_t room;                   /* letters that fit */
};

/* Free the letters. */
void weft_sim_mail_end(struct weft_sim_mail *mail);

/* A letter to |shard| that arrives at |time_ns|; its other fields are the caller's to fill in.
 * Owner: the mail; valid until the next one is written. */
struct weft_sim_entry *weft_sim_mail_write(struct weft_sim_mail *mail, uint32_t shard,
                                           weft_ns time_ns);

#endif
