/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target includes: the one function that libFuzzer and replay.c call, and a check
 * that ends the run. */
#ifndef WEFT_REPLAY_H
#define WEFT_REPLAY_H

#include <stddef.h>
#include <stdint.h>

/* Feed |length| bytes at |bytes| to the decoder under test; answers 0. Any fault ends the process.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* End the run if a property does not hold, in every build. */
#define WEFT_FUZZ_CHECK(condition)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            __builtin_trap();                                                                      \
        }                                                                                          \
    } while (0)

#endif
