/* SPDX-License-Identifier: Apache-2.0 */
/* Where at the source is a document? SPEC.md section "Paths". */
#ifndef WEFT_URL_H
#define WEFT_URL_H

#include "protocol/types.h"

/* Write |base|, one slash, and |path| (quoted already, protocol/trust/path.h) into url[size].
 * Slashes at the end of |base| do not matter.
 * Errors: false if it does not fit; |url| is then empty. */
bool weft_url_join(const char *base, const char *path, char *url, size_t size);

/* Is |url| the URL of a directory that the web client can use: http or https, a host, no query, no
 * fragment, no blanks? */
bool weft_url_ok(const char *url);

#endif
