/* SPDX-License-Identifier: Apache-2.0 */
/* What a node needs of its machine: see confine.h. Its data, to write; the directories of its
 * links, to move links; its first root and what the resolver and TLS read, to read. What is open
 * already (log, trace, runner) stays open. */
#include "node/confine.h"

#include <libgen.h>
#include <stdio.h>

static void allow_links(struct weft_sandbox *sandbox, const struct weft_run_options *options)
{
    char parent[WEFT_FILE_PATH_BYTES];
    for (uint32_t i = 0; i < options->component_count; i++) {
        const char *link = options->components[i].link;
        if (link != NULL && snprintf(parent, sizeof(parent), "%s", link) < (int)sizeof(parent)) {
            weft_sandbox_allow(sandbox, dirname(parent), WEFT_SANDBOX_LINK);
        }
    }
}

enum weft_err weft_confine(const struct weft_run_options *options, struct weft_message *report)
{
    struct weft_sandbox sandbox;
    weft_sandbox_init(&sandbox, options->sandbox);
    weft_fileio_make_dirs(options->data_dir, 0755); /* if it fails the store says why */
    weft_sandbox_allow(&sandbox, options->data_dir, WEFT_SANDBOX_WRITE);
    weft_sandbox_allow(&sandbox, options->root_file, WEFT_SANDBOX_READ);
    weft_sandbox_allow_network(&sandbox);
    allow_links(&sandbox, options);
    return weft_sandbox_enter(&sandbox, report);
}
