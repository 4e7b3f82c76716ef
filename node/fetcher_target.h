/* SPDX-License-Identifier: Apache-2.0 */
/* One target, from the web to a file: verified while it arrives, in place only when all of it was.
 * Used by fetcher.c only. */
#ifndef WEFT_FETCHER_TARGET_H
#define WEFT_FETCHER_TARGET_H

#include "node/fileio.h"
#include "node/http.h"
#include "protocol/trust/pin.h"

/* Is the file at |path| what |pin| states, byte by byte? */
bool weft_fetcher_target_is(const struct weft_pin *pin, const char *path);

/* Copy the file |from| to |path|, as weft_fetcher_target_get() does with what comes from the web.
 * Errors: as there; MISMATCH if |from| is not what |pin| states. */
enum weft_err weft_fetcher_target_copy(const char *from, const struct weft_pin *pin,
                                       const char *path, struct weft_message *message);

/* Download |url| to |path|; blocks, running |loop|. The bytes go to a file beside |path|, which is
 * renamed when length and hashes are those of |pin|.
 * Errors: why not, with |message|; |path| is then as before, and nothing is left behind. */
enum weft_err weft_fetcher_target_get(uv_loop_t *loop, struct weft_http *http, const char *url,
                                      const struct weft_pin *pin, const char *path,
                                      struct weft_message *message);

#endif
