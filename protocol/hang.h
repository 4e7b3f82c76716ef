/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests to the source hang, and what is done about it?
 *
 * A request that is not answered ends after ten seconds, and all that time its chunks, and its
 * place among the ranges, are lost. So one that waits for several times as long as usual counts as
 * hanging: another range may be open in its place, one more each time that it has waited twice as
 * long. As soon as a request that began later brings a chunk the source answers again, and those
 * that hang are cancelled: what they were to bring is asked for anew. SPEC.md section "Source".
 * Timer: HANG, when one will count as hanging, or has hung for twice as long. */
#ifndef WEFT_HANG_H
#define WEFT_HANG_H

#include "types.h"

struct weft_core;
struct weft_fetch;
struct weft_run;

/* |fetch| has begun: watch it. */
void weft_hang_watch(struct weft_core *core, const struct weft_fetch *fetch);

/* How many ranges may be open in place of those that hang. */
uint32_t weft_hang_spare(const struct weft_core *core);

/* A chunk to ask for again, if there is nothing else to ask for: of what hangs of the download at
 * |index|; count 0 = none. */
struct weft_run weft_hang_again(const struct weft_core *core, uint32_t index);

/* |fetch| brought a chunk: cancel what began before and hangs. */
void weft_hang_on_chunk(struct weft_core *core, struct weft_fetch *fetch);

/* A request hangs: ask for something else. */
void weft_hang_expire(struct weft_core *core);

/* When one will. */
weft_ns weft_hang_deadline(const struct weft_core *core);

#endif
