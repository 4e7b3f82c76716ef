/* SPDX-License-Identifier: Apache-2.0 */
/* Turns error and rejection numbers into words. Answers "what is it called?", not "what to do?". */
#include "err.h"

#include <stddef.h>

struct wording {
    const char *name; /* without prefix */
    const char *text; /* sentence fragment */
};

#define X(name, text) {#name, text},
static const struct wording errs[] = {WEFT_ERR_MAP(X)};
static const struct wording rejects[] = {WEFT_REJECT_MAP(X)};
#undef X

_Static_assert(sizeof(errs) / sizeof(errs[0]) == WEFT_ERR_COUNT, "one row per error");
_Static_assert(sizeof(rejects) / sizeof(rejects[0]) == WEFT_REJECT_COUNT, "one row per rejection");

static const struct wording unknown_err = {"UNKNOWN", "unknown error"};
static const struct wording unknown_reject = {"UNKNOWN", "unknown reason"};

/* Compared as size_t: a negative number from a careless cast is out of the list, too. */
static const struct wording *err_wording(enum weft_err err)
{
    return (size_t)err < WEFT_ERR_COUNT ? &errs[err] : &unknown_err;
}

static const struct wording *reject_wording(enum weft_reject reject)
{
    return (size_t)reject < WEFT_REJECT_COUNT ? &rejects[reject] : &unknown_reject;
}

const char *weft_err_text(enum weft_err err)
{
    return err_wording(err)->text;
}

const char *weft_err_name(enum weft_err err)
{
    return err_wording(err)->name;
}

const char *weft_reject_text(enum weft_reject reject)
{
    return reject_wording(reject)->text;
}

const char *weft_reject_name(enum weft_reject reject)
{
    return reject_wording(reject)->name;
}
