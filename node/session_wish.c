/* SPDX-License-Identifier: Apache-2.0 */
/* Which streams wait for the key of their peer? A stream begins with a message that only its peer
 * can open, so the key comes first; the table of peers asks for it by datagram. */
#include "session_state.h"

static uint32_t place_of(const struct weft_session *session, weft_node_id peer)
{
    uint32_t place = 0;
    while (place < session->wish_count && session->wishes[place].id != peer) {
        place++;
    }
    return place;
}

bool weft_session_wish_has(const struct weft_session *session, weft_node_id peer)
{
    return place_of(session, peer) < session->wish_count;
}

bool weft_session_wish_forget(struct weft_session *session, weft_node_id peer)
{
    uint32_t place = place_of(session, peer);
    if (place == session->wish_count) {
        return false;
    }
    session->wish_count--;
    session->wishes[place] = session->wishes[session->wish_count];
    session->wish_ns[place] = session->wish_ns[session->wish_count];
    return true;
}

void weft_session_wish(struct weft_session *session, const struct weft_endpoint *to)
{
    uint8_t key[WEFT_NOISE_KEY_BYTES];
    if (weft_peers_key(session->peers, to->id, key)) {
        weft_session_dial(session, to);
        return;
    }
    if (session->wish_count == WEFT_LINKS_MAX) {
        weft_notice_down(session, to->id, WEFT_ERR_LIMIT);
        return;
    }
    session->wish_ns[session->wish_count] = uv_hrtime();
    session->wishes[session->wish_count++] = *to;
    weft_peers_ask(session->peers, to, uv_hrtime());
}

void weft_session_wish_sweep(struct weft_session *session)
{
    weft_ns now_ns = uv_hrtime();
    for (uint32_t i = session->wish_count; i > 0; i--) {
        struct weft_endpoint to = session->wishes[i - 1];
        if (now_ns - session->wish_ns[i - 1] > WEFT_HELLO_MS * WEFT_NS_PER_MS) {
            weft_session_wish_lost(session, to.id);
        } else {
            weft_peers_ask(session->peers, &to, now_ns);
        }
    }
}

void weft_session_wish_known(void *context, weft_node_id peer)
{
    struct weft_session *session = context;
    uint32_t place = place_of(session, peer);
    if (place < session->wish_count) {
        struct weft_endpoint to = session->wishes[place];
        weft_session_wish_forget(session, peer);
        weft_session_dial(session, &to);
    }
}

void weft_session_wish_lost(void *context, weft_node_id peer)
{
    struct weft_session *session = context;
    if (weft_session_wish_forget(session, peer)) {
        weft_notice_down(session, peer, WEFT_ERR_UNREACHABLE);
    }
}
