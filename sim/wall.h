/* SPDX-License-Identifier: Apache-2.0 */
/* Real time, for what people wait for; nothing that is simulated depends on it. */
#ifndef WEFT_SIM_WALL_H
#define WEFT_SIM_WALL_H

#include "protocol/types.h"

#include <time.h>

/* Nanoseconds since some moment before the program began. */
static inline uint64_t weft_sim_wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * WEFT_NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif
