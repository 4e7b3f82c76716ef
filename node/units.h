/* SPDX-License-Identifier: Apache-2.0 */
/* How are bytes, rates, durations and shares written for people? Reading them from flags is
 * protocol/flag.h. All texts fit in WEFT_UNITS_BYTES_MAX. */
#ifndef WEFT_UNITS_H
#define WEFT_UNITS_H

#include "protocol/types.h"

/* Room for any text made here, the terminating zero included. */
#define WEFT_UNITS_BYTES_MAX 40

/* A text by value, so that several fit into one printf. */
struct weft_units_text {
    char text[WEFT_UNITS_BYTES_MAX]; /* zero terminated */
};

/* "0 B", "812 B", "64.0 KiB", "1.46 GiB": three significant digits. */
struct weft_units_text weft_units_bytes(uint64_t bytes);

/* "0 B/s", "19.1 MiB/s". */
struct weft_units_text weft_units_rate(uint64_t bytes_per_s);

/* The same in decimal bits, as links are sold: "160 Mbit/s". */
struct weft_units_text weft_units_bitrate(uint64_t bytes_per_s);

/* "0.42 s", "4.2 s", "42 s", "3 min 05 s", "2 h 10 min", "3 d 4 h". */
struct weft_units_text weft_units_duration(uint64_t ms);

/* "4.31 s" with hundredths below 100 s, for measurements that are compared; above as durations. */
struct weft_units_text weft_units_measured(uint64_t ms);

/* "98.7 %": rounded down, so that "100 %" means all. 0 of 0 is "100 %". */
struct weft_units_text weft_units_percent(uint64_t part, uint64_t whole);

/* "1.04": |part| / |whole| rounded to two decimals; "-" if |whole| is 0. */
struct weft_units_text weft_units_ratio(uint64_t part, uint64_t whole);

/* "2026-11-23 02:43 UTC"; "never" for 0. */
struct weft_units_text weft_units_date(int64_t unix_s);

/* "1 node", "3 nodes": |word| with an s unless |count| is 1. */
struct weft_units_text weft_units_count(uint64_t count, const char *word);

#endif
