/* SPDX-License-Identifier: Apache-2.0 */
/* The defaults of the tuning flags; parsing them is flag.c's question. */
#include "tuning.h"

/* A default outside its own range is a mistake in the table, found when it is compiled. */
#define X(flag, field, unit, standard, minimum, maximum, help)                                     \
    _Static_assert((minimum) <= (standard) && (standard) <= (maximum), flag);
WEFT_TUNING_MAP(X)
#undef X

struct weft_tuning weft_tuning_default(void)
{
    return (struct weft_tuning){
#define X(flag, field, unit, standard, minimum, maximum, help) .field = (standard),
        WEFT_TUNING_MAP(X)
#undef X
    };
}
