/* SPDX-License-Identifier: Apache-2.0 */
/* Queues what the owner is told; see notice.h. */
#include "session_state.h"

#include <stdlib.h>

void weft_notice_push(struct weft_notice_queue *queue, struct weft_notice *notice)
{
    notice->next = NULL;
    if (queue->first == NULL) {
        queue->first = notice;
    } else {
        queue->last->next = notice;
    }
    queue->last = notice;
}

struct weft_notice *weft_notice_pop(struct weft_notice_queue *queue)
{
    struct weft_notice *notice = queue->first;
    if (notice != NULL) {
        queue->first = notice->next;
        notice->next = NULL;
    }
    return notice;
}

void weft_notice_unlink(struct weft_notice_queue *queue, struct weft_notice *notice)
{
    struct weft_notice *before = NULL;
    struct weft_notice **link = &queue->first;
    while (*link != NULL && *link != notice) {
        before = *link;
        link = &before->next;
    }
    if (*link == NULL) {
        return;
    }
    *link = notice->next;
    if (queue->last == notice) {
        queue->last = before;
    }
    notice->next = NULL;
}

void weft_notice_down(struct weft_session *session, weft_node_id peer, enum weft_err why)
{
    struct weft_notice *notice = calloc(1, sizeof(*notice));
    if (notice == NULL) {
        return;
    }
    notice->kind = WEFT_NOTICE_DOWN;
    notice->bulk.peer = peer;
    notice->result = why;
    weft_notice_push(&session->notices, notice);
}

bool weft_notice_up(struct weft_session *session, const struct weft_endpoint *peer,
                    bool opened_here)
{
    struct weft_notice *notice = calloc(1, sizeof(*notice));
    if (notice == NULL) {
        return false;
    }
    notice->kind = WEFT_NOTICE_UP;
    notice->bulk.peer = peer->id;
    notice->address = peer->address;
    notice->opened_here = opened_here;
    weft_notice_push(&session->notices, notice);
    return true;
}

void weft_notice_forget(struct weft_session *session, weft_node_id peer)
{
    struct weft_notice *notice = session->notices.first;
    while (notice != NULL) {
        struct weft_notice *next = notice->next;
        bool is_state = notice->kind == WEFT_NOTICE_UP || notice->kind == WEFT_NOTICE_DOWN;
        if (is_state && notice->bulk.peer == peer) {
            weft_notice_unlink(&session->notices, notice);
            free(notice);
        }
        notice = next;
    }
}

static void tell(const struct weft_session_handler *handler, const struct weft_notice *notice)
{
    struct weft_endpoint peer = {.id = notice->bulk.peer, .address = notice->address};
    switch (notice->kind) {
    case WEFT_NOTICE_SENT:
        handler->sent(handler->context, &notice->bulk, notice->result);
        break;
    case WEFT_NOTICE_RECEIVED:
        handler->received(handler->context, &notice->bulk, notice->result);
        break;
    case WEFT_NOTICE_UP:
        handler->up(handler->context, &peer, notice->opened_here);
        break;
    case WEFT_NOTICE_DOWN:
        handler->down(handler->context, notice->bulk.peer, notice->result);
        break;
    }
}

void weft_notice_deliver(struct weft_session *session)
{
    while (!session->closing && session->notices.first != NULL) {
        struct weft_notice *notice = weft_notice_pop(&session->notices);
        tell(&session->config.handler, notice);
        free(notice);
    }
}

void weft_notice_drop(struct weft_notice_queue *queue)
{
    for (struct weft_notice *notice = weft_notice_pop(queue); notice != NULL;
         notice = weft_notice_pop(queue)) {
        free(notice->bulk.bytes);
        free(notice);
    }
}
