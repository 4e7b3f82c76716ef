/* SPDX-License-Identifier: Apache-2.0 */
/* What is the owner of a session told, and in which order? Whatever a function of session.h causes
 * is queued and told later, so that nobody is called back from within his own call. Included by
 * session*.c and stream*.c only. */
#ifndef WEFT_NOTICE_H
#define WEFT_NOTICE_H

#include "session.h"

enum weft_notice_kind {
    WEFT_NOTICE_SENT,     /* handler.sent(bulk, result) */
    WEFT_NOTICE_RECEIVED, /* handler.received(bulk, result) */
    WEFT_NOTICE_UP,       /* handler.up(address of bulk.peer, opened_here) */
    WEFT_NOTICE_DOWN      /* handler.down(bulk.peer, result) */
};

/* Something the owner is told after the call that caused it. Owner: whoever holds the pointer;
 * freed when it was told. The same object waits in a stream before: bulk being sent or received. */
struct weft_notice {
    struct weft_notice *next;    /* in a queue; NULL = last */
    enum weft_notice_kind kind;  /* which handler */
    struct weft_bulk bulk;       /* its argument */
    enum weft_err result;        /* its argument */
    uint32_t done_bytes;         /* of the bulk: sent or received so far */
    struct weft_address address; /* UP: where the peer listens */
    bool opened_here;            /* UP: by this node */
};

/* First in, first out. All zero = empty. */
struct weft_notice_queue {
    struct weft_notice *first; /* NULL = empty */
    struct weft_notice *last;  /* valid unless empty */
};

/* Put |notice| into |queue|; the queue owns it. */
void weft_notice_push(struct weft_notice_queue *queue, struct weft_notice *notice);

/* Take the first one; NULL if there is none. Owner: the caller. */
struct weft_notice *weft_notice_pop(struct weft_notice_queue *queue);

/* Take out one that is in |queue|, wherever it is. */
void weft_notice_unlink(struct weft_notice_queue *queue, struct weft_notice *notice);

/* Tell the owner later that no stream to |peer| is up. Nothing is told if memory is short. */
void weft_notice_down(struct weft_session *session, weft_node_id peer, enum weft_err why);

/* Tell the owner later that a stream to |peer| is up. Errors: false if memory is short. */
bool weft_notice_up(struct weft_session *session, const struct weft_endpoint *peer,
                    bool opened_here);

/* Tell nothing of what waits about streams to |peer| being up or down; bulk stays. */
void weft_notice_forget(struct weft_session *session, weft_node_id peer);

/* Tell the owner everything that waits, also what arises meanwhile. Not for functions that the
 * owner calls. */
void weft_notice_deliver(struct weft_session *session);

/* Free what waits, bulk buffers included, without telling. */
void weft_notice_drop(struct weft_notice_queue *queue);

#endif
