/* SPDX-License-Identifier: Apache-2.0 */
/* One TUF document: its bytes, parsed and structurally checked. SPEC.md section "Metadata".
 *
 * Answers "is this a well-formed root, timestamp, snapshot or targets document?". Who signed it is
 * asked of signers.h, whether it may replace another of client.h. Immutable after parsing. */
#ifndef WEFT_TRUST_METADATA_H
#define WEFT_TRUST_METADATA_H

#include "fault.h"
#include "json.h"
#include "pin.h"

enum weft_role {
    WEFT_ROLE_ROOT,
    WEFT_ROLE_TIMESTAMP,
    WEFT_ROLE_SNAPSHOT,
    WEFT_ROLE_TARGETS,
    WEFT_ROLE_COUNT
};

struct weft_metadata {
    uint32_t references; /* weft_metadata_keep() minus weft_metadata_drop() */
    enum weft_role role; /* as it was asked for, equal to its _type */
    char *name;          /* of the role: that of |role|, or of a delegated one (TARGETS); owned */
    uint64_t version;    /* 1..INT64_MAX */
    int64_t expires_s;   /* since 1970; expired when now >= expires_s */
    uint8_t *bytes;      /* [length] exactly as received; owned */
    size_t length;       /* bytes */
    json_t *document;    /* the whole, with signatures; owned */
    json_t *body;        /* the object "signed" inside of document */
};

/* The name of |role| as it stands in documents and paths: "root", "timestamp", ...; static. */
const char *weft_role_name(enum weft_role role);

/* Longest document of |role| that is accepted when its parent states no length, in bytes. */
uint32_t weft_role_bytes_max(enum weft_role role);

/* Is |name| that of one of the four top-level roles? */
bool weft_role_is_top(const char *name);

/* Parse |length| bytes as a document of |role|. |name| is that of a delegated role, whose documents
 * have the role TARGETS; NULL = the top-level one. The caller has bounded |length|.
 * Errors: FORMAT, UNSUPPORTED (another TUF major version), MEMORY, in |fault|; *metadata is then
 *         NULL.
 * Owner:  *metadata belongs to the caller; weft_metadata_drop(). Copies |name| and |bytes|. */
enum weft_err weft_metadata_parse(enum weft_role role, const char *name, const uint8_t *bytes,
                                  size_t length, struct weft_metadata **metadata,
                                  struct weft_fault *fault);

/* Take a further reference. NULL is allowed. Result: |metadata|. */
struct weft_metadata *weft_metadata_keep(struct weft_metadata *metadata);

/* Give back a reference; the last one releases the document. NULL is allowed. */
void weft_metadata_drop(struct weft_metadata *metadata);

/* What a timestamp says of "snapshot.json", or a snapshot of |name| ("targets.json").
 * Errors: NOT_FOUND; *pin is then undefined. */
enum weft_err weft_metadata_pin(const struct weft_metadata *metadata, const char *name,
                                struct weft_pin *pin);

#endif
