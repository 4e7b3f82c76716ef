/* SPDX-License-Identifier: Apache-2.0 */
/* What did the operator ask `weft run` for? Flags in, one struct out; each value is in its
 * documented range. Whether files exist and addresses are free is asked later. SPEC.md
 * sections "Flags of weft run" and "Tuning flags". */
#ifndef WEFT_OPTIONS_H
#define WEFT_OPTIONS_H

#include "node/sandbox.h"
#include "node/subscribe.h"
#include "protocol/err.h"
#include "protocol/limits.h"
#include "protocol/text.h"
#include "protocol/tuning.h"
#include "protocol/types.h"

#include <stdio.h>

/* The port of a node where none is given, UDP and TCP. */
#define WEFT_PORT_DEFAULT 7767

/* Seeds that one command line may name; further ones are refused. */
#define WEFT_SEEDS_MAX 64

/* Bytes of the longest --site name. */
#define WEFT_SITE_BYTES_MAX 64

/* One --seed ADDR[:PORT]; host names are resolved when the node runs. */
struct weft_run_seed {
    char host[256]; /* address or host name, without brackets and port, never empty */
    uint16_t port;  /* 1..65535 */
};

/* Everything on the command line of `weft run`. Strings are borrowed from argv. */
struct weft_run_options {
    const char *data_dir;       /* --data; never NULL */
    const char *root_file;      /* --root: first trusted root metadata; never NULL */
    const char *source_url;     /* --source, no trailing slash needed; NULL = peers only */
    struct weft_address listen; /* --listen; the address is never a wildcard */
    struct weft_run_seed seeds[WEFT_SEEDS_MAX];                /* --seed, in order */
    uint32_t seed_count;                                       /* entries of seeds */
    struct weft_run_component components[WEFT_COMPONENTS_MAX]; /* --component, --target; distinct */
    uint32_t component_count;          /* entries of components; 0 = take part, keep nothing */
    enum weft_agent_class agent_class; /* --agent: NEVER, AUTO, PREFER or PIN */
    bool has_subnet;                   /* --subnet was given */
    struct weft_prefix subnet;         /* --subnet, contains listen; valid if has_subnet */
    const char *site;                  /* --site; "" = none */
    bool no_beacon;                    /* --no-beacon */
    const char *on_update;             /* --on-update: shell command; NULL = none */
    const char *user;                  /* --user; NULL = stay who it is */
    enum weft_sandbox_mode sandbox;    /* --sandbox */
    const char *trace_file;            /* --trace: file for what happened; NULL = none */
    const char *decisions_file;        /* --decisions: file for trace records; NULL = none */
    struct weft_tuning tuning;         /* tuning flags */
    bool help;                         /* --help: print and leave */
};

/* Read the command line of `weft run`.
 * Shape:  argv[argc], argv[0] is the first word after "run".
 * Errors: WEFT_ERR_ARGUMENT, with a sentence in |message| that names flag and value and says what
 *         is allowed; message[size], size >= WEFT_FLAG_MESSAGE_BYTES. Nothing is asked of a command
 *         line with --help.
 * Owner:  |options| borrows strings of |argv|. */
enum weft_err weft_options_parse(struct weft_run_options *options, int argc, char **argv,
                                 char *message, size_t size);

/* Print usage and every flag of `weft run`, tuning flags with range and default, to |out|. */
void weft_options_help(FILE *out);

/* Append the flags of `weft run` as man page source. */
void weft_options_roff(struct weft_text *text);

#endif
