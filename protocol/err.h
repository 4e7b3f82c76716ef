/* SPDX-License-Identifier: Apache-2.0 */
/* One list of everything that can go wrong outside our own code (SPEC.md section "Errors").
 *
 * WEFT_ERR is the world's fault (disk, network, web server, flags): carried into the core as the
 * result of a completion event, or returned by a shell function.
 * WEFT_REJECT is a peer's fault: returned by decoders and handlers, counted, never fatal. */
#ifndef WEFT_ERR_H
#define WEFT_ERR_H

/* X(name, text): the text is a sentence fragment fit for a log line after "cannot ...: ". */
#define WEFT_ERR_MAP(X)                                                                            \
    X(OK, "no error")                                                                              \
    X(MEMORY, "out of memory")                                                                     \
    X(LIMIT, "a documented limit is exceeded")                                                     \
    X(ARGUMENT, "a flag or argument is not valid")                                                 \
    X(NOT_FOUND, "no such file or object")                                                         \
    X(PERMISSION, "permission denied")                                                             \
    X(EXISTS, "it exists already")                                                                 \
    X(IO, "input/output error")                                                                    \
    X(DISK_FULL, "no space left on device")                                                        \
    X(ADDRESS_IN_USE, "the address is in use by another program")                                  \
    X(UNREACHABLE, "the peer or server cannot be reached")                                         \
    X(TIMEOUT, "no progress within the time allowed")                                              \
    X(CLOSED, "the other side closed the connection")                                              \
    X(CANCELLED, "cancelled")                                                                      \
    X(HTTP_STATUS, "the web server answered with an error status")                                 \
    X(HTTP_CHANGED, "the object changed on the web server while it was fetched")                   \
    X(HTTP_NO_RANGES, "the web server does not serve byte ranges")                                 \
    X(TOO_LONG, "longer than signed metadata allows")                                              \
    X(TOO_SHORT, "shorter than signed metadata says")                                              \
    X(MISMATCH, "the content does not match its signed hash")                                      \
    X(FORMAT, "the document is not well formed")                                                   \
    X(SIGNATURE, "not signed by enough trusted keys")                                              \
    X(EXPIRED, "the signed metadata has expired")                                                  \
    X(ROLLBACK, "older than the version already trusted")                                          \
    X(UNSAFE_PATH, "a path in the archive leads outside its directory")                            \
    X(HOOK, "the --on-update command failed")                                                      \
    X(UNSUPPORTED, "not supported by this version of weft")                                        \
    X(PENDING, "it is not there yet; ask again")

/* X(name, text): why a message from a peer was dropped. */
#define WEFT_REJECT_MAP(X)                                                                         \
    X(NONE, "accepted")                                                                            \
    X(TRUNCATED, "message ends too early")                                                         \
    X(NOT_CANONICAL, "not the shortest encoding")                                                  \
    X(WRONG_TYPE, "field has the wrong type")                                                      \
    X(RANGE, "field is out of range")                                                              \
    X(TRAILING, "bytes after the message")                                                         \
    X(VERSION, "unknown protocol version")                                                         \
    X(MESH, "message of another mesh")                                                             \
    X(UNKNOWN_KIND, "unknown message kind")                                                        \
    X(HOP_LIMIT, "segment message came through a router")                                          \
    X(STRANGER, "sender is not known")                                                             \
    X(SELF, "message from this node to itself")                                                    \
    X(STALE, "older than what is known")                                                           \
    X(UNEXPECTED, "nothing asked for this")                                                        \
    X(FULL, "table is full")                                                                       \
    X(BAD_CHUNK, "chunk does not match its hash")

enum weft_err {
#define X(name, text) WEFT_ERR_##name,
    WEFT_ERR_MAP(X) WEFT_ERR_COUNT
#undef X
};

enum weft_reject {
#define X(name, text) WEFT_REJECT_##name,
    WEFT_REJECT_MAP(X) WEFT_REJECT_COUNT
#undef X
};

/* The sentence fragment of an error; static storage. |err| outside the list gives "unknown error".
 */
const char *weft_err_text(enum weft_err err);

/* The name of an error without prefix ("DISK_FULL"), for logs and JSON; static storage. */
const char *weft_err_name(enum weft_err err);

/* The sentence fragment of a rejection; static storage. Out of the list: "unknown reason". */
const char *weft_reject_text(enum weft_reject reject);

/* The name of a rejection without prefix, for logs and JSON; static storage. */
const char *weft_reject_name(enum weft_reject reject);

#endif
