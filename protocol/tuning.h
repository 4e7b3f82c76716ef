/* SPDX-License-Identifier: Apache-2.0 */
/* Every number an operator may tune, once: `weft run` and `weft-sim` take the same flags, and the
 * help, the man page and SPEC.md section "Flags" come from this table (design D14). */
#ifndef WEFT_TUNING_H
#define WEFT_TUNING_H

#include "types.h"

/* X(flag, field, unit, default, minimum, maximum, help)
 * unit: MS milliseconds, COUNT plain number, BYTES, RATE bytes per second (0 = no limit) */
#define WEFT_TUNING_MAP(X)                                                                         \
    X("probe-period", probe_period_ms, MS, 1000, 100, 60000,                                       \
      "time between two probes of segment members by one node")                                    \
    X("probe-timeout", probe_timeout_ms, MS, 250, 20, 10000,                                       \
      "time a direct probe may take before others are asked to probe")                             \
    X("probe-quiet", probe_quiet, COUNT, 32, 1, 64,                                                \
      "periods made one while nothing happens in the segment; 1 = always at full pace")            \
    X("suspicion", suspicion_ms, MS, 8000, 500, 300000,                                            \
      "time a suspected node has to answer before it counts as dead")                              \
    X("agents", agents, COUNT, 0, 0, 4, "Update Agents per segment; 0 = by the segment's size")    \
    X("lease", lease_ms, MS, 3000, 500, 60000,                                                     \
      "time without progress after which a WAN lease moves to the next agent")                     \
    X("extent", extent_bytes, BYTES, 1048576, 65536, 67108864,                                     \
      "size of the pieces in which agents lease a release")                                        \
    X("source-fetches", source_fetches, COUNT, 4, 1, 16,                                           \
      "requests an agent keeps open at the source")                                                \
    X("source-backoff", source_backoff_ms, MS, 500, 50, 60000,                                     \
      "first pause after a failure of the source; doubles up to 10 s")                             \
    X("poll", poll_ms, MS, 60000, 1000, 86400000,                                                  \
      "time between an agent's looks at the source for newer metadata")                            \
    X("fallback", fallback_ms, MS, 30000, 500, 3600000,                                            \
      "time without progress after which an ordinary node may open the source itself")             \
    X("window", window, COUNT, 6, 1, 32, "chunks a node asks of its peers at the same time")       \
    X("uploads", uploads, COUNT, 4, 1, 16, "chunks a node sends or keeps waiting in its segment")  \
    X("wan-uploads", wan_uploads, COUNT, 10, 0, 16,                                                \
      "chunks an agent sends or keeps waiting for other segments; 0 = none")                       \
    X("far-window", far_window, COUNT, 10, 1, 60,                                                  \
      "chunks an agent asks of other segments at the same time; more if they come quickly")        \
    X("neighbours", neighbours, COUNT, 12, 2, 60,                                                  \
      "data streams of a node in a segment with more than full-mesh members")                      \
    X("full-mesh", full_mesh, COUNT, 33, 2, 60,                                                    \
      "segments up to this size link every node with every other")                                 \
    X("far-links", far_links, COUNT, 8, 0, 16, "data streams of an agent to other segments")       \
    X("have-delay", have_delay_ms, MS, 2, 0, 1000,                                                 \
      "time that news of stored chunks may wait to travel together in the segment")                \
    X("far-have-delay", far_have_delay_ms, MS, 50, 0, 5000, "the same between segments")

enum weft_unit {
    WEFT_UNIT_COUNT, /* plain number */
    WEFT_UNIT_MS,    /* milliseconds; input takes ms, s, min, h */
    WEFT_UNIT_BYTES, /* bytes; input takes B, KiB, MiB, GiB, kB, MB, GB */
    WEFT_UNIT_RATE   /* bytes per second; input takes kbit, mbit, gbit, KiB/s, MiB/s; 0 = none */
};

/* The values of all tuning flags of one node; field meaning and unit as in WEFT_TUNING_MAP. */
struct weft_tuning {
#define X(flag, field, unit, standard, minimum, maximum, help) uint32_t field;
    WEFT_TUNING_MAP(X)
#undef X
};

/* The documented default of every tuning flag. */
struct weft_tuning weft_tuning_default(void);

#endif
