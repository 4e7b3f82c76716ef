/* SPDX-License-Identifier: Apache-2.0 */
/* What does the shell add to the status document? Collects from driver, updater and data directory
 * what snapshot.h wants, and measures how fast components grow. */
#ifndef WEFT_INFORM_H
#define WEFT_INFORM_H

#include "driver.h"
#include "meter.h"

#include <jansson.h>

struct weft_inform {
    const char *sandbox;                           /* what weft_confine() reported; borrowed */
    const struct weft_run_options *options;        /* borrowed */
    struct weft_driver *driver;                    /* borrowed */
    int64_t started_unix_s;                        /* of the node */
    struct weft_meter meters[WEFT_COMPONENTS_MAX]; /* bytes received, by component */
};

/* Take a sample of every component; call it every WEFT_METER_PERIOD_MS. */
void weft_inform_sample(struct weft_inform *inform);

/* The status document; answers a weft_control_request with a struct weft_inform as |context|;
 * |argument| is not used.
 * Errors: NULL if memory is short. Owner: the caller, json_decref(). */
json_t *weft_inform_status(void *context, const char *argument);

/* What the node knows of the target |argument|, likewise. */
json_t *weft_inform_target(void *context, const char *argument);

/* Which version of component |name| is active: read from the link DATA/active/NAME/current.
 * Shape:  version[size] becomes "" if none is.
 * Result: when it was activated in seconds since 1970; 0 = none is. */
int64_t weft_inform_active(const char *data_dir, const char *name, char *version, size_t size);

#endif
