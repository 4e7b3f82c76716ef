/* SPDX-License-Identifier: Apache-2.0 */
/* What is the new release: which version and order, under which name, and is it new at all? Used by
 * publish.c only. */
#ifndef WEFT_PUBLISH_RELEASE_H
#define WEFT_PUBLISH_RELEASE_H

#include "node/payload.h"
#include "node/publish_list.h"

/* What the publisher asked for; texts are borrowed. */
struct weft_publish_wish {
    const char *component; /* its name */
    const char *version;   /* NULL = the next number that is free */
    const char *path;      /* file or directory */
};

/* Describe the release of |payload| in |info|, all but its signature. *is_there: the version is
 * published already, with the same content, and there is nothing to do.
 * Errors: EXISTS (with other content), ARGUMENT (a file name that cannot be published), ..., with
 *         |message|. */
enum weft_err weft_publish_describe(const struct weft_repository *repository,
                                    const struct weft_publish_place *place,
                                    const struct weft_publish_wish *wish,
                                    const struct weft_payload *payload,
                                    struct weft_release_info *info, bool *is_there,
                                    struct weft_message *message);

#endif
