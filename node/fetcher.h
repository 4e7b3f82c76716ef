/* SPDX-License-Identifier: Apache-2.0 */
/* A TUF client without a mesh: metadata and targets of one repository, from its web server only.
 * SPEC.md section "weft fetch".
 *
 * The verdicts, and what is kept on disk, are those of a node (updater.h); only the bytes come from
 * HTTP alone. Everything here blocks until it is done: it is for commands, not for nodes. */
#ifndef WEFT_FETCHER_H
#define WEFT_FETCHER_H

#include "node/fileio.h"
#include "protocol/trust/catalog.h"

struct weft_fetcher; /* opaque */
struct weft_trust;   /* client.h */

struct weft_fetcher_config {
    const char *metadata_url;   /* where metadata/ of the repository is; borrowed */
    const char *targets_url;    /* where targets/ is; borrowed */
    const char *directory;      /* keeps what is trusted; made if missing; borrowed */
    const char *root_file;      /* the root to trust first; borrowed */
    const char *const *targets; /* [target_count] paths to look for; borrowed */
    uint32_t target_count;      /* 0..WEFT_COMPONENTS_MAX */
};

/* Load what is trusted. No request is made.
 * Errors: as weft_updater_open(), with |message|; *fetcher is then NULL.
 * Owner:  the caller; weft_fetcher_close(). */
enum weft_err weft_fetcher_open(const struct weft_fetcher_config *config,
                                struct weft_fetcher **fetcher, struct weft_message *message);

/* Release everything; NULL is allowed. */
void weft_fetcher_close(struct weft_fetcher *fetcher);

/* What is trusted, for those who show or copy documents. Owner: the fetcher. */
const struct weft_trust *weft_fetcher_trust(const struct weft_fetcher *fetcher);

/* Bring the metadata up to date, with what the targets need of delegated roles.
 * Errors: why not, with |message|; what is trusted meanwhile is kept. */
enum weft_err weft_fetcher_refresh(struct weft_fetcher *fetcher, struct weft_message *message);

/* What is signed of target number |number|, after a refresh.
 * Errors: NOT_FOUND, SIGNATURE, EXPIRED, ..., with |message|; *info is then undefined. */
enum weft_err weft_fetcher_signed(const struct weft_fetcher *fetcher, uint32_t number,
                                  struct weft_release_info *info, struct weft_message *message);

/* Download what |info| describes to the file |path|, replacing it by one rename once every byte was
 * verified; nothing is downloaded if |path| is that file already, which *was_there says.
 * Errors: why not, with |message|; |path| is then as before. */
enum weft_err weft_fetcher_download(struct weft_fetcher *fetcher,
                                    const struct weft_release_info *info, const char *path,
                                    bool *was_there, struct weft_message *message);

#endif
