/* SPDX-License-Identifier: Apache-2.0 */
/* A place to unpack archives in, with something beside it that must stay as it is. */
#ifndef WEFT_TESTS_UNPACK_SITE_H
#define WEFT_TESTS_UNPACK_SITE_H

#include "node/unpack.h"
#include "tests/support/tarball.h"

/* A place to unpack in: ROOT/tree, with ROOT/outside beside it. */
struct unpack_site {
    char root[64];               /* made by begin() */
    char tree[80];               /* to unpack into */
    char outside[80];            /* a file with a known content */
    struct weft_message message; /* of the last unpack() */
};

/* Make one. */
void unpack_site_begin(struct unpack_site *site);

/* Remove it; what is outside is still as it was, and nothing came beside it. */
void unpack_site_end(struct unpack_site *site);

/* Unpack bytes[length]; |digest| may be NULL. */
enum weft_err unpack_site_bytes(struct unpack_site *site, const uint8_t *bytes, size_t length,
                                const uint8_t *digest);

/* Unpack a tar of |entries|, whose hash is right. */
enum weft_err unpack_site_entries(struct unpack_site *site, const struct tarball_entry *entries);

#endif
