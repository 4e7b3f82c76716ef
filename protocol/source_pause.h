/* SPDX-License-Identifier: Apache-2.0 */
/* When is a source that failed asked again?
 *
 * After tuning.source_backoff_ms, doubling up to 10 s, or when the server says. Requests that took
 * too long pause up to 60 s, and who failed together draws different ends: what ends so is a source
 * that more ask than it can serve, and all would ask for ever and in vain. News of a chunk that can
 * only be from the source cut other pauses short. SPEC.md section "Source". Timer: RETRY. */
#ifndef WEFT_SOURCE_PAUSE_H
#define WEFT_SOURCE_PAUSE_H

#include "event.h"
#include "source.h"

/* |fetch| failed, as |event| tells. Requests that were under way together fail together: that is
 * one failure. */
void weft_source_pause(struct weft_core *core, const struct weft_fetch *fetch,
                       const struct weft_event_source *event);

/* Has a pause ended now? Says so once. */
bool weft_source_pause_over(struct weft_core *core);

/* |link| has |chunk|, and this was not noted yet: if nobody had it, the source answers others, and
 * is tried again soon. */
void weft_source_hear(struct weft_core *core, const struct weft_link *link,
                      const struct weft_download *download, uint32_t chunk);

#endif
