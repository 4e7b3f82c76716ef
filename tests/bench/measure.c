/* SPDX-License-Identifier: Apache-2.0 */
/* How long does something take: see measure.h. */
#include "tests/bench/measure.h"

#include <time.h>

enum { ROUNDS = 3 };

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_measure(void (*run)(const void *context), const void *context, double seconds)
{
    double best = 1e9;
    run(context); /* caches, fetched algorithms */
    for (int i = 0; i < ROUNDS; i++) {
        unsigned int count = 0;
        double begin = cpu_s();
        double took;
        do {
            run(context);
            count++;
            took = cpu_s() - begin;
        } while (took < seconds / ROUNDS);
        best = took / count < best ? took / count : best;
    }
    return best;
}
