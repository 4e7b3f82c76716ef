/* SPDX-License-Identifier: Apache-2.0 */
/* What encryption costs in the code that nodes run (protocol/transport/), beside the bare
 * primitives of suite.h. */
#ifndef WEFT_BENCH_WEFT_H
#define WEFT_BENCH_WEFT_H

#include <stdbool.h>
#include <stddef.h>

struct bench_bounds {
    double secrets_s;   /* the X25519 operations of one side of a handshake */
    double copy_s;      /* memcpy() of |chunk_bytes| */
    size_t chunk_bytes; /* of a chunk */
    double seconds;     /* time for each measurement */
};

/* Print handshakes, datagrams, the chunk path, bytes and memory.
 * Errors: false with a message on stderr. */
bool bench_weft(const struct bench_bounds *bounds);

#endif
