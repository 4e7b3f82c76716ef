/* SPDX-License-Identifier: Apache-2.0 */
/* What may this process still do once it has started? A node parses what strangers send: whoever
 * finds a fault in it shall find a process that can change its own data, and nothing else. SPEC.md
 * section "Sandbox".
 *
 *   sandbox.c         the order of the steps, and what is said of them
 *   sandbox_files.c   which files: Landlock
 *   sandbox_calls.c   which system calls: seccomp
 *   sandbox_rights.c  no capabilities, no new privileges, no core, no debugger
 *
 * Steps that the kernel cannot do are named, not fatal, unless all are required. */
#ifndef WEFT_SANDBOX_H
#define WEFT_SANDBOX_H

#include "node/fileio.h"

/* Steps in their order. X(NAME, function weft_sandbox_..., what people call it) */
#define WEFT_SANDBOX_STEP_MAP(X)                                                                   \
    X(RIGHTS, rights, "privileges given up")                                                       \
    X(FILES, files, "files outside closed (Landlock)")                                             \
    X(CALLS, calls, "system calls filtered (seccomp)")

enum weft_sandbox_step {
#define X(name, function, text) WEFT_SANDBOX_##name,
    WEFT_SANDBOX_STEP_MAP(X)
#undef X
        WEFT_SANDBOX_STEPS /* number of steps */
};

/* --sandbox */
enum weft_sandbox_mode {
    WEFT_SANDBOX_OFF,    /* nothing is done */
    WEFT_SANDBOX_AUTO,   /* what this kernel can do */
    WEFT_SANDBOX_REQUIRE /* every step, or an error */
};

/* What a process may do at a path and below it. */
enum weft_sandbox_use {
    WEFT_SANDBOX_READ,  /* read */
    WEFT_SANDBOX_WRITE, /* everything but devices, fifos, and executing */
    WEFT_SANDBOX_LINK   /* make, replace and remove symbolic links, make directories */
};

/* Paths of a configuration; further ones are not possible. */
#define WEFT_SANDBOX_PATHS_MAX 80

struct weft_sandbox {
    enum weft_sandbox_mode mode; /* --sandbox */
    bool network;                /* sockets may be made */
    bool reads_all;              /* root: keep the right to read what others own, where allowed */
    uint32_t path_count;         /* entries of paths */
    struct {
        int fd;                    /* O_PATH; closed by weft_sandbox_enter() */
        enum weft_sandbox_use use; /* what for */
    } paths[WEFT_SANDBOX_PATHS_MAX];
};

/* Begin a configuration without network and paths. */
void weft_sandbox_init(struct weft_sandbox *sandbox, enum weft_sandbox_mode mode);

/* Add a path; symbolic links are followed now. One that cannot be opened is passed over: what is
 * not there needs no permission. */
void weft_sandbox_allow(struct weft_sandbox *sandbox, const char *path, enum weft_sandbox_use use);

/* Add what resolving names and HTTPS need: configuration, libraries and certificates of the system,
 * to read; and let sockets be made. */
void weft_sandbox_allow_network(struct weft_sandbox *sandbox);

/* Confine this process for ever. It must have no threads: those made later are confined too.
 * |report| gets one line for the log: what is in force and what is not, and why.
 * Errors: PERMISSION if a step failed and the mode is REQUIRE; |report| then says which. */
enum weft_err weft_sandbox_enter(struct weft_sandbox *sandbox, struct weft_message *report);

#endif
