/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word of newer metadata is worth a check, and whose is checked next?
 *
 * A peer that announces a newer bulletin (bulletin.h), or one of the same versions with other
 * bytes, has it checked by the shell; one is under check at a time, and who announced meanwhile is
 * asked for its bytes afterwards, the newest first. Timers: a check without answer ends after 60 s;
 * a bulletin that could not be checked is not checked again from the same peer for 30 s. Who
 * announced bad metadata is not believed for a while (penalty.h). SPEC.md section "Bulletins". */
#ifndef WEFT_BULLETIN_CHECK_H
#define WEFT_BULLETIN_CHECK_H

#include "event.h"
#include "limits.h"
#include "message.h"
#include "reserve.h"

struct weft_core;

/* Those who wait for a check; the oldest bulletin gives way. */
#define WEFT_BULLETIN_CANDIDATES_MAX 4

/* Refusals remembered; the one that ends first gives way. */
#define WEFT_BULLETIN_REFUSALS_MAX 8

/* Somebody who announced while another bulletin was under check. */
struct weft_bulletin_candidate {
    struct weft_endpoint peer; /* whom to ask */
    weft_bulletin bulletin;    /* what it announced, 0 = free */
};

/* A bulletin of a peer that could not be checked. */
struct weft_bulletin_refusal {
    weft_node_id peer;      /* who */
    weft_bulletin bulletin; /* this one only */
    weft_ns until_ns;       /* not asked for before */
};

struct weft_bulletin_check {
    weft_node_id peer;      /* whose bulletin is under check */
    weft_bulletin bulletin; /* under check, 0 = none */
    struct weft_bulletin_candidate candidates[WEFT_BULLETIN_CANDIDATES_MAX]; /* next in line */
    void *refused_pieces[WEFT_ROW_PIECES(WEFT_BULLETIN_REFUSALS_MAX,
                                         struct weft_bulletin_refusal)]; /* not to be asked */
    uint32_t refused_count; /* of them; they stay, who is asked again first gives way */
};

/* The core ends: give back the table. */
void weft_bulletin_check_end(struct weft_core *core);

/* |from| announced |bulletin|, with its bytes or none: have it checked, or keep it in mind. */
void weft_bulletin_check_on_announce(struct weft_core *core, const struct weft_endpoint *from,
                                     weft_bulletin bulletin,
                                     const struct weft_message_announce *announce);

/* |from| said it accepted |bulletin|, which is no older than ours: ask for it if it is worth it. */
void weft_bulletin_check_on_heard(struct weft_core *core, const struct weft_endpoint *from,
                                  weft_bulletin bulletin);

/* BULLETIN_REFUSED: what a peer announced did not verify. */
void weft_bulletin_check_on_refused(struct weft_core *core,
                                    const struct weft_event_bulletin_refused *event);

/* The check under way is over: ask the next candidate for its bytes again. */
void weft_bulletin_check_next(struct weft_core *core);

/* Is |bulletin| of |peer| not worth a check? */
bool weft_bulletin_check_is_refused(const struct weft_core *core, weft_node_id peer,
                                    weft_bulletin bulletin);

/* Give up a check without answer. */
void weft_bulletin_check_expire(struct weft_core *core);

#endif
