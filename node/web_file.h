/* SPDX-License-Identifier: Apache-2.0 */
/* Which file does a URL path mean? Opens it below the repository and nowhere else. */
#ifndef WEFT_WEB_FILE_H
#define WEFT_WEB_FILE_H

#include "../protocol/types.h"

/* Bytes of an ETag with its quotes and the terminating zero. */
#define WEFT_WEB_ETAG_BYTES 48

struct weft_web_file {
    int fd;                         /* open for reading */
    uint64_t size;                  /* bytes */
    char etag[WEFT_WEB_ETAG_BYTES]; /* strong: size and time of change in ns; files are replaced */
    const char *type;               /* Content-Type; static storage */
    bool changes;                   /* replaced under its name: caches must ask again */
};

/* Open the regular file that |path| (as in the request, begins with '/', already decoded) means
 * below the directory |repository|, which is looked up anew each time: it may be replaced by a
 * rename. Symbolic links count as long as they stay inside.
 * Errors: false: there is no such file, for whatever reason; |file| is then untouched.
 * Owner:  the caller closes file->fd. */
bool weft_web_file_open(struct weft_web_file *file, const char *repository, const char *path);

#endif
