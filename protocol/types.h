/* SPDX-License-Identifier: Apache-2.0 */
/* The scalars and small structs that every part of Weft shares. SPEC.md section "Vocabulary". */
#ifndef WEFT_TYPES_H
#define WEFT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of a clock that never jumps backwards; the zero point is the driver's choice. */
typedef uint64_t weft_ns;

/* Name of a node, unique in its mesh, kept over restarts; 0 = none or not known yet. */
typedef uint64_t weft_node_id;

/* Name of a release: first 8 bytes (big endian) of the SHA-256 of its chunk index; 0 = none. */
typedef uint64_t weft_release_id;

#define WEFT_NS_PER_US UINT64_C(1000)
#define WEFT_NS_PER_MS UINT64_C(1000000)
#define WEFT_NS_PER_S UINT64_C(1000000000)
#define WEFT_NS_NEVER UINT64_MAX /* a deadline that does not come */

/* Bytes of an IP address; IPv4 is written as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
#define WEFT_IP_BYTES 16

/* Bytes of a SHA-256 digest. */
#define WEFT_SHA256_BYTES 32

struct weft_address {
    uint8_t ip[WEFT_IP_BYTES]; /* network order, IPv4 mapped into IPv6; all zero = none */
    uint16_t port;             /* host order; the same number for UDP and TCP */
};

struct weft_prefix {
    uint8_t ip[WEFT_IP_BYTES]; /* network order, host bits zero */
    uint8_t bits;              /* length over the 128-bit form: an IPv4 /24 is 120; 0..128 */
};

struct weft_endpoint {
    struct weft_address address; /* where the node listens */
    weft_node_id id;             /* 0 while only the address is known (a --seed) */
};

/* Where bytes of a release came from, nearest first. SPEC.md section "Vocabulary". */
#define WEFT_TIER_MAP(X)                                                                           \
    X(PEER, "peer")                                                                                \
    X(AGENT, "agent")                                                                              \
    X(SITE, "site")                                                                                \
    X(REMOTE, "remote")                                                                            \
    X(SERVER, "server")                                                                            \
    X(SOURCE, "source")

enum weft_tier {
#define X(name, text) WEFT_TIER_##name,
    WEFT_TIER_MAP(X) WEFT_TIER_COUNT
#undef X
};

/* A node's eligibility as Update Agent (--agent), weakest first. SPEC.md section "Election". */
enum weft_agent_class {
    WEFT_AGENT_NEVER,  /* never becomes an agent */
    WEFT_AGENT_AUTO,   /* ordinary node */
    WEFT_AGENT_PREFER, /* before ordinary nodes */
    WEFT_AGENT_PIN,    /* always an agent: the administrator's manual choice */
    WEFT_AGENT_SERVER, /* mirrors the source for others */
    WEFT_AGENT_CLASS_COUNT
};

#endif
