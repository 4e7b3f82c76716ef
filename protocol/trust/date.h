/* SPDX-License-Identifier: Apache-2.0 */
/* Dates as TUF writes them: "2030-01-31T12:00:00Z", always UTC. SPEC.md section "Metadata". */
#ifndef WEFT_TRUST_DATE_H
#define WEFT_TRUST_DATE_H

#include "../types.h"

/* Characters of a date, with the NUL. */
#define WEFT_DATE_BYTES 21

/* Seconds since 1970 of |text|, years 1970 to 9999; no leap seconds.
 * Errors: false if |text| is NULL or not exactly of this form; *seconds is then untouched. */
bool weft_date_parse(const char *text, int64_t *seconds);

/* Write |seconds| since 1970; outside of the years 1970 to 9999 the nearest date inside. */
void weft_date_print(int64_t seconds, char text[WEFT_DATE_BYTES]);

#endif
