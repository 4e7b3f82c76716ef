/* SPDX-License-Identifier: Apache-2.0 */
/* What does the operator read on standard error? One line a message: time, level, text. Decides
 * what is printed and how often; not what a peer may make us say: no message per packet. */
#ifndef WEFT_LOG_H
#define WEFT_LOG_H

#include "../protocol/types.h"

enum weft_log_level {
    WEFT_LOG_ERROR,   /* the node cannot do what it was asked to do */
    WEFT_LOG_WARNING, /* it goes on, but somebody should look */
    WEFT_LOG_INFO,    /* what an operator wants to see of a healthy node */
    WEFT_LOG_DEBUG    /* for the hunt after a fault */
};

/* Lines of one kind that are printed in WEFT_LOG_WINDOW_NS; the rest is counted and told. */
#define WEFT_LOG_BURST 5

/* Window of the limit above. */
#define WEFT_LOG_WINDOW_NS (10 * WEFT_NS_PER_S)

/* Print messages up to |level| from now on; the standard is WEFT_LOG_INFO. */
void weft_log_level(enum weft_log_level level);

/* Print one line, "2026-11-23T02:43:17Z info text". Control characters become '?'.
 * Shape:  |format| is the kind: of one kind at most WEFT_LOG_BURST lines are printed in 10 s.
 * Owner:  |format| is a literal: its address is kept. Not for other threads than the loop's. */
void weft_log(enum weft_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
