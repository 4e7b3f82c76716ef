/* SPDX-License-Identifier: Apache-2.0 */
/* A driver for tests of the updater: notes what it is asked for and told. */
#ifndef WEFT_TEST_UPDATER_DRIVER_H
#define WEFT_TEST_UPDATER_DRIVER_H

#include "node/updater.h"

/* Everything the updater said, newest last; all zero at the begin. */
struct updater_driver {
    int64_t skew_s;                   /* of the wall clock */
    uint64_t token;                   /* of the last want */
    char path[WEFT_PATH_BYTES_MAX];   /* of the last want */
    uint32_t bytes_max;               /* of the last want */
    weft_node_id hint;                /* of the last want */
    weft_bulletin holders_have;       /* bulletin of the last want() */
    bool from_source;                 /* the last want was a want_source() */
    bool open;                        /* it was not answered yet */
    bool is_derived;                  /* of the last want() */
    bool is_own_work;                 /* of the last want() */
    unsigned source_count;            /* want_source() calls */
    unsigned want_count;              /* want() calls */
    unsigned accepted_count;          /* calls */
    uint32_t version;                 /* of the last accepted() */
    uint32_t root_version;            /* of the last accepted() */
    int64_t fresh_s;                  /* of the last accepted() */
    uint8_t bulletin[2048];           /* of the last accepted() */
    size_t bulletin_length;           /* bytes */
    unsigned refused_count;           /* calls */
    enum weft_err refused;            /* of the last one */
    unsigned looked_count;            /* calls */
    enum weft_err looked;             /* of the last one */
    unsigned release_count;           /* calls */
    struct weft_release_info release; /* of the last one */
    uint32_t number;                  /* of the last one: which subscription */
    weft_node_id author;              /* of the last one */
};

/* Callbacks that note everything in |driver|, which they borrow. They abort the test when the
 * updater breaks its own rules (two wants at a time, a refusal without a text). */
struct weft_updater_host updater_driver_host(struct updater_driver *driver);

/* Answer the open want of |updater| with the file below |repository|, found or not.
 * Result: what the updater said to it. */
enum weft_err updater_driver_answer(struct updater_driver *driver, struct weft_updater *updater,
                                    const char *repository);

/* Answer so until it wants nothing more. One that wants for ever aborts the test. */
void updater_driver_serve(struct updater_driver *driver, struct weft_updater *updater,
                          const char *repository);

#endif
