/* SPDX-License-Identifier: Apache-2.0 */
/* `weft status`: what this node has, does and waits for, and what its segment does, for people.
 * The figures come from the status document (snapshot.h) of the running node (control.h). */
#ifndef WEFT_STATUS_H
#define WEFT_STATUS_H

#include "page.h"

#include <jansson.h>

/* Draw the status document on |page|. Fields that are missing are left out: the document may come
 * from another version of weft. */
void weft_status_draw(struct weft_page *page, const json_t *document);

/* `weft status [--data DIR] [--watch] [--json]`.
 * Shape: argv[argc], argv[0] is the first word after "status". Returns the exit code. */
int weft_command_status(int argc, char **argv);

#endif
