/* SPDX-License-Identifier: Apache-2.0 */
/* How long does something take? In processor time, the best of some rounds: other work on the
 * machine then matters little. */
#ifndef WEFT_BENCH_MEASURE_H
#define WEFT_BENCH_MEASURE_H

/* Processor seconds of one call of |run|, measured for |seconds| in all. */
double bench_measure(void (*run)(const void *context), const void *context, double seconds);

#endif
