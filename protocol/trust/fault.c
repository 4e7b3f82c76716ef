/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences about refused documents. They may quote the document, so they are made harmless for a
 * terminal here, once. */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

enum weft_err weft_fault_set(struct weft_fault *fault, enum weft_err err, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(fault->text, sizeof fault->text, format, values);
    va_end(values);
    for (char *at = fault->text; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
    fault->err = err;
    return err;
}

enum weft_err weft_fault_clear(struct weft_fault *fault)
{
    fault->err = WEFT_ERR_OK;
    fault->text[0] = '\0';
    return WEFT_ERR_OK;
}
