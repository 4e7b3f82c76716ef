/* SPDX-License-Identifier: Apache-2.0 */
/* Why a document was refused: an error for the program and a sentence for people. */
#ifndef WEFT_TRUST_FAULT_H
#define WEFT_TRUST_FAULT_H

#include "../err.h"

#define WEFT_FAULT_BYTES 256

struct weft_fault {
    enum weft_err err;           /* OK = nothing is wrong */
    char text[WEFT_FAULT_BYTES]; /* without newline; empty if nothing is wrong */
};

/* Set |fault| to |err| and the formatted text; control characters become '?', what is too long is
 * cut. Result: |err|. */
enum weft_err weft_fault_set(struct weft_fault *fault, enum weft_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Set |fault| to OK. Result: OK. */
enum weft_err weft_fault_clear(struct weft_fault *fault);

#endif
