/* SPDX-License-Identifier: Apache-2.0 */
/* How the directory of a release comes into being, complete or not at all. Used by activate.c only;
 * everything blocks and belongs into the thread pool. */
#ifndef WEFT_ACTIVATE_LAYOUT_H
#define WEFT_ACTIVATE_LAYOUT_H

#include "node/activate.h"

/* Bytes of a directory name "VERSION-0123456789abcdef" with its NUL. */
#define WEFT_LAYOUT_NAME_BYTES 96

struct weft_layout {
    const struct weft_activate_request *request; /* borrowed */
    bool (*is_cancelled)(void *context);         /* may be asked from the pool */
    void *context;                               /* passed to it */
    char name[WEFT_LAYOUT_NAME_BYTES];           /* VERSION-ID */
    char base[WEFT_FILE_PATH_BYTES];             /* DATA, absolute */
    char component[WEFT_FILE_PATH_BYTES];        /* DATA/active/COMPONENT */
    char directory[WEFT_FILE_PATH_BYTES];        /* DATA/active/COMPONENT/VERSION-ID */
    char scratch[WEFT_FILE_PATH_BYTES];          /* DATA/tmp/COMPONENT */
};

/* Fill the paths of |layout|, whose first three fields are set.
 * Errors: UNSAFE_PATH = a name is not allowed; NOT_FOUND = no data directory; LIMIT. */
enum weft_err weft_layout_init(struct weft_layout *layout, struct weft_message *message);

/* Make the directory of the release durable and complete, unless it is there.
 * Errors: as weft_activate_done; nothing stands at layout->directory then. */
enum weft_err weft_layout_make(const struct weft_layout *layout, struct weft_message *message);

/* Remove directories of releases of the component but for those named |keep| and |keep_too| (may be
 * empty). What cannot be removed stays until the next time. */
void weft_layout_prune(const struct weft_layout *layout, const char *keep, const char *keep_too);

#endif
