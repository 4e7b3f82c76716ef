/* SPDX-License-Identifier: Apache-2.0 */
/* The world of play.h. */
#include "tests/support/play.h"

#include <check.h>

/* More steps at one moment are a loop without end. */
#define STEPS_MAX 10000

static void note_frame(struct play *play, const struct weft_action_send *send)
{
    struct weft_frame frame;
    if (weft_frame_decode(send->bytes, send->length, &frame) == WEFT_REJECT_NONE &&
        frame.kind == WEFT_FRAME_REQUEST && play->request_count < PLAY_PENDING_MAX) {
        play->requests[play->request_count++] =
            (struct play_request){.peer = send->to.id, .chunk = frame.chunk};
    }
}

static void note_datagram(struct play *play, const struct weft_action_send *send)
{
    struct weft_message message;
    if (send->to.id != 0 &&
        weft_message_decode(send->bytes, send->length, &message) == WEFT_REJECT_NONE &&
        message.kind == WEFT_MESSAGE_PING && play->ping_count < PLAY_PENDING_MAX) {
        play->sequences[play->ping_count] = message.probe.sequence;
        play->pinged[play->ping_count++] = send->to;
    }
}

void play_collect(struct play *play)
{
    const struct weft_action_queue *queue = play->fixture->queue;
    for (uint32_t i = 0; i < queue->count; i++) {
        const struct weft_action *action = &queue->items[i];
        if (action->kind == WEFT_ACTION_SOURCE_FETCH && play->fetch_count < PLAY_PENDING_MAX) {
            play->fetches[play->fetch_count++] = action->source;
        } else if (action->kind == WEFT_ACTION_FRAME) {
            note_frame(play, &action->send);
        } else if (action->kind == WEFT_ACTION_DATAGRAM) {
            note_datagram(play, &action->send);
        }
        if (play->notice != NULL) {
            play->notice(play, action);
        }
    }
}

void play_send(struct play *play, const struct weft_endpoint *from, bool near,
               struct weft_message *message)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    message->mesh = play->fixture->core->config.mesh;
    message->sender = from->id;
    uint32_t length = weft_message_encode(message, bytes, sizeof(bytes));
    ck_assert_uint_gt(length, 0);
    struct weft_event event = {
        .kind = WEFT_EVENT_DATAGRAM,
        .datagram = {
            .from = *from, .hop_limit = near ? 255 : 60, .bytes = bytes, .length = length}};
    fixture_step(play->fixture, 0, event);
    play_collect(play);
}

/* The member that was pinged says that it lives. */
static void acknowledge(struct play *play)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_ACK};
    play->ping_count--;
    message.probe.sequence = play->sequences[play->ping_count];
    play_send(play, &play->pinged[play->ping_count], /* near */ true, &message);
}

/* The source has what is asked of it, or cannot be reached. */
static void serve(struct play *play)
{
    struct weft_action_source fetch = play->fetches[--play->fetch_count];
    for (uint32_t k = 0; k < fetch.chunk_count && !play->source_fails; k++) {
        fixture_chunk(play->fixture, 0, fetch.token, fetch.first_chunk + k, WEFT_ERR_OK);
        play_collect(play);
    }
    struct weft_event event = {
        .kind = WEFT_EVENT_SOURCE,
        .source = {.token = fetch.token,
                   .result = play->source_fails ? WEFT_ERR_UNREACHABLE : WEFT_ERR_OK}};
    fixture_step(play->fixture, 0, event);
    play_collect(play);
}

/* Carry out what is asked of the world, until nothing is. */
static void carry_out(struct play *play)
{
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        if (play->ping_count > 0) {
            acknowledge(play);
        } else if (play->fetch_count > 0 && !play->source_hangs) {
            serve(play);
        } else if (play->request_count > 0) {
            struct play_request request = play->requests[--play->request_count];
            if (play->answer != NULL) {
                weft_action_reset(play->fixture->queue); /* it may have no answer */
                play->answer(play->fixture, request.peer, request.chunk);
                play_collect(play);
            }
        } else if (play->act == NULL || !play->act(play)) {
            return;
        }
    }
    ck_abort_msg("what is to be done at one moment does not end");
}

void play_on(struct play *play, weft_ns span_ns)
{
    struct fixture *fixture = play->fixture;
    weft_ns end_ns = fixture->now_ns + span_ns;
    weft_ns nag_ns = fixture->now_ns;
    while (fixture->now_ns < end_ns) {
        if (fixture->now_ns >= nag_ns) {
            nag_ns = fixture->now_ns + WEFT_NS_PER_S;
            if (play->nag != NULL) {
                weft_action_reset(fixture->queue);
                play->nag(fixture);
                play_collect(play);
            }
        }
        carry_out(play);
        weft_ns due = weft_core_deadline(fixture->core);
        due = due < nag_ns ? due : nag_ns;
        due = due < end_ns ? due : end_ns;
        weft_ns later = due > fixture->now_ns ? due - fixture->now_ns : 0;
        fixture_step(fixture, later, (struct weft_event){.kind = WEFT_EVENT_TICK});
        play_collect(play);
    }
}
