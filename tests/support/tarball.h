/* SPDX-License-Identifier: Apache-2.0 */
/* Tars made by hand, honest and hostile, for the tests of unpack and activate. */
#ifndef WEFT_TEST_TARBALL_H
#define WEFT_TEST_TARBALL_H

#include "protocol/types.h"

#include <sys/types.h>

struct tarball_entry {
    char kind;           /* 'f' file, 'd' directory, 'l' symbolic link, 'h' hard link, 'p' fifo, 'c'
                            character device; 0 = end of the list */
    const char *path;    /* as it stands in the archive */
    const char *content; /* of a file, or the target of a link; NULL = none */
    mode_t mode;         /* permission bits; 0 = 0644 or 0755 */
};

/* Make a tar of |entries| in memory.
 * Owner: the caller releases *bytes with free(). */
void tarball_make(const struct tarball_entry *entries, uint8_t **bytes, size_t *length);

#endif
