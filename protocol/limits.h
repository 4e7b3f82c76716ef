/* SPDX-License-Identifier: Apache-2.0 */
/* Every fixed limit of the protocol on one page, with what happens at the limit. SPEC.md section
 * "Limits" holds the same table; scripts/ diffs the two. */
#ifndef WEFT_LIMITS_H
#define WEFT_LIMITS_H

/* X(name, value, consequence) */
#define WEFT_LIMIT_MAP(X)                                                                          \
    X(PROTOCOL_VERSION, 1, "a message of another version is dropped and counted")                  \
    X(DATAGRAM_BYTES_MAX, 1200, "a longer datagram is never sent, a longer one received dropped")  \
    X(FRAME_BYTES_MAX, 16384, "a stream with a longer control frame is closed")                    \
    X(BULLETIN_BYTES_MAX, 1000, "a longer timestamp.json travels by document instead of gossip")   \
    X(DOCUMENT_BYTES_MAX, 16777216, "a longer metadata document or chunk index is refused")        \
    X(PATH_BYTES_MAX, 512, "a longer document path is refused")                                    \
    X(NAME_BYTES_MAX, 64, "a longer component name is refused")                                    \
    X(MEMBERS_MAX, 512, "a further node of the segment is not admitted to the view")               \
    X(REMOTES_MAX, 64, "the remote node heard of longest ago is forgotten, agents last")           \
    X(LINKS_MAX, 64, "a further data stream is closed at once")                                    \
    X(COMPONENTS_MAX, 32, "a further --component is refused at start")                             \
    X(RELEASES_MAX, 32, "the oldest complete release is no longer served")                         \
    X(DOWNLOADS_MAX, 4, "a further incomplete release waits its turn")                             \
    X(CHUNKS_MAX, 16384, "a release with more chunks is refused when published and when read")     \
    X(CHUNK_BYTES_MAX, 1048576, "an index with a longer chunk is refused")                         \
    X(EXTENTS_MAX, 256, "extents of a release grow so that this many suffice")                     \
    X(WANTED_MAX, 64, "at most this many chunks of a node are in flight")                          \
    X(UPLOADS_MAX, 32, "a further request is refused")                                             \
    X(DOCUMENTS_MAX, 16, "a further document request of the own shell fails")                      \
    X(AGENTS_MAX, 4, "a segment never elects more Update Agents")                                  \
    X(ASKS_MAX, 8, "members are asked whether hearsay is true; more news waits for its next copy") \
    X(PENALTIES_MAX, 16, "of the peers with a penalty, who has paid first is forgotten")           \
    X(PENALTY_MAX_S, 3600, "nobody owes more, whatever he does")                                   \
    X(PENALTY_DOUBT_S, 15, "who owes so much is doubted until all is paid")                        \
    X(PENALTY_BAN_S, 600, "who owes so much is banned until all is paid")                          \
    X(PENALTY_MEMORY_S, 3600, "so long after all was paid, offences count anew")

enum {
#define X(name, value, consequence) WEFT_##name = (value),
    WEFT_LIMIT_MAP(X)
#undef X
};

_Static_assert(WEFT_DATAGRAM_BYTES_MAX <= 1232, "fits an IPv6 minimum MTU without fragments");
_Static_assert(WEFT_BULLETIN_BYTES_MAX + 200 <= WEFT_DATAGRAM_BYTES_MAX, "a bulletin fits");
_Static_assert(WEFT_CHUNKS_MAX / 8 + 64 <= WEFT_FRAME_BYTES_MAX, "a whole chunk map fits");

#endif
