/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "where does a message to another shard wait until that shard may see it?". */
#include "mail.h"
#include "memory.h"

void weft_sim_mail_end(struct weft_sim_mail *mail)
{
    weft_sim_memory_give(mail->letters, mail->room, sizeof(mail->letters[0]));
    *mail = (struct weft_sim_mail){.count = 0};
}

struct weft_sim_entry *weft_sim_mail_write(struct weft_sim_mail *mail, uint32_t shard,
                                           weft_ns time_ns)
{
    if (mail->count == mail->room) {
        mail->letters = weft_sim_memory_grow(mail->letters, &mail->room, sizeof(mail->letters[0]));
    }
    struct weft_sim_letter *letter = &mail->letters[mail->count++];
    letter->shard = shard;
    letter->entry.time_ns = time_ns;
    return &letter->entry;
}
