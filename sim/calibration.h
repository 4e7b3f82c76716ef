/* SPDX-License-Identifier: Apache-2.0 */
/* Every constant of the simulator that stands for something measured, on one page, each with its
 * measurement. scripts/validate compares the whole with real nodes; nothing else may be tuned. */
#ifndef WEFT_SIM_CALIBRATION_H
#define WEFT_SIM_CALIBRATION_H

#include "protocol/types.h"

/* Payload that TCP brings through a line of 1000: Ethernet, IP and TCP headers take 43. Measured
 * through token buckets with cubic: 1448 of 1514 bytes, 47.74 to 47.94 of 50 Mbit/s. */
#define WEFT_SIM_GOODPUT 957
#define WEFT_SIM_LINE 1000

/* Bytes on the wire: beside a datagram (Ethernet, IP, UDP, and the seal of 32; a frame over TCP has
 * about as many), a full segment and its payload, and the acknowledgement that comes back for every
 * other one. Together, against the counters of real lines in nine cases: 0.7 % at most. */
#define WEFT_SIM_MESSAGE_HEAD_BYTES 74
#define WEFT_SIM_SEGMENT_BYTES 1514
#define WEFT_SIM_SEGMENT_PAYLOAD_BYTES 1448
#define WEFT_SIM_ACK_BYTES 66

/* Connections do not share a full line alike, and the same ones have more for as long as they last:
 * their weights are drawn from this range. Measured over whole transfers in the tuning cases thin,
 * trade and slow-lan: in ten groups of four connections of a node to the source the logarithm of
 * the rate has a deviation of 0.34, 0.18 to 0.66; uniform from 4 to 12 it is 0.35. With bbr; cubic
 * was as uneven. */
#define WEFT_SIM_SHARE_LEAST 4
#define WEFT_SIM_SHARE_MOST 12

/* First window of a TCP connection, and of one that was idle (RFC 6928: 10 segments). */
#define WEFT_SIM_FIRST_WINDOW_BYTES 14600

/* What a stream of a node has taken in before it leaves, in the mean: 64 KiB in the kernel, filled
 * up at half of that, behind four sealed records of 16 KiB, filled up when they are gone (SPEC.md
 * "Streams"). To the sender a chunk in there has been sent, and what it says afterwards waits
 * behind it. In the tuning case flat real nodes refused 86 to 225 of 1,048 to 1,115 requests; with
 * this 250 of 1,230, without 960 of 1,970. */
#define WEFT_SIM_SOCKET_BYTES 81920

/* A connection without data for so long begins with the first window again: Linux does so after a
 * retransmission time-out, which is 200 ms and a round trip at least. */
#define WEFT_SIM_IDLE_NS (250 * WEFT_NS_PER_MS)

/* Bytes on the wire of a TCP or UDP message beside its own: Ethernet, IP and transport header, and
 * the transport's framing. */
#define WEFT_SIM_HANDSHAKE_BYTES 120 /* opening or closing a stream */
#define WEFT_SIM_REQUEST_BYTES 300   /* an HTTP request; the head of its answer is as long */
#define WEFT_SIM_ASK_BYTES 120       /* a request for a document, between nodes */

/* Lengths of documents as weft publish makes them for one component. */
#define WEFT_SIM_SNAPSHOT_BYTES 600
#define WEFT_SIM_TARGETS_BYTES 900
#define WEFT_SIM_INDEX_BYTES_PER_CHUNK 36
#define WEFT_SIM_INDEX_HEAD_BYTES 40

#endif
