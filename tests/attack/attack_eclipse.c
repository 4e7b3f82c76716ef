/* SPDX-License-Identifier: Apache-2.0 */
/* Everybody a node knows is hostile: all members of its segment, its agents among them, and all it
 * is told of. Nobody tells it of news, nobody hands out anything. It still gets the release, from
 * the source or from the one honest node that it was given as a seed, in a time that the flags
 * bound. */
#include "tests/support/attack.h"

#include "protocol/claim.h"
#include "tests/support/play.h"

#include <string.h>

#define S WEFT_NS_PER_S
#define FIRST 2     /* the hostile members are FIRST.. */
#define HOSTILE 20  /* so many */
#define AGENTS 4    /* the first of them are agents */
#define SEED 250    /* hostile, the one seed of the fixture */
#define HONEST 1000 /* an agent of another segment */
#define CHUNKS 64
#define NEWS weft_bulletin_of(1, 2, 7)

/* Looks are at most ten polls apart, +10 %. */
#define NEWS_NS (11 * 60 * S)

/* Then it waits for --fallback, and 5 s for each member before it. */
#define RELEASE_NS ((30 + 5 * (HOSTILE + 1) + 5) * S)

/* What a case is about. */
static struct {
    bool source_blocked;         /* the node does not reach the source */
    bool corrupt;                /* asked for chunks, the hostile send bad ones; else none */
    weft_ns published_ns;        /* before then the source has nothing new */
    weft_ns looked_ns;           /* when the node looked at the source first; 0 = not yet */
    weft_ns known_ns;            /* when it knew the release; 0 = not yet */
    uint32_t looks;              /* looks to answer */
    bool welcome;                /* the honest node was knocked at: answer */
    bool got;                    /* it was asked for its bulletin: answer */
    bool check;                  /* the shell is to check a bulletin */
    uint64_t document;           /* it is to be fetched from the honest node; 0 = none */
    bool stream;                 /* a stream to the honest node is to be opened */
    uint32_t nonce;              /* of the knock */
    struct weft_endpoint honest; /* address of the honest node */
} scene;

/* ---- What the hostile members say ---- */

static bool is_hostile(weft_node_id id)
{
    return (id >= FIRST && id < FIRST + HOSTILE) || id == SEED;
}

/* They have everything, and bring everything: no need to ask anybody else. */
static void lie(struct fixture *fixture)
{
    struct weft_release *release = weft_release_find(fixture->core, FIXTURE_RELEASE);
    if (release == NULL || release->download == WEFT_RELEASE_NONE) {
        return;
    }
    uint32_t extents = fixture->core->releases.downloads[release->download].extent_count;
    for (weft_node_id id = FIRST; id < FIRST + HOSTILE; id++) {
        const struct weft_link *link = weft_link_find(fixture->core, id);
        if (link == NULL || !link->up) {
            continue;
        }
        fixture_frame(
            fixture, id,
            (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = CHUNKS, .flags = WEFT_MAP_ALL});
        for (uint32_t k = 0; id < FIRST + AGENTS && k < extents; k++) {
            fixture_frame(
                fixture, id,
                (struct weft_frame){.kind = WEFT_FRAME_LEASE, .chunk = k, .value = UINT16_MAX});
        }
    }
}

static void answer(struct fixture *fixture, weft_node_id peer, uint32_t chunk)
{
    if (!is_hostile(peer)) {
        fixture_chunk(fixture, peer, 0, chunk, WEFT_ERR_OK);
    } else if (scene.corrupt) {
        fixture_chunk(fixture, peer, 0, chunk, WEFT_ERR_MISMATCH);
    }
}

/* ---- What the shell and the honest node do ---- */

static void notice(struct play *play, const struct weft_action *action)
{
    struct weft_message message;
    if (action->kind == WEFT_ACTION_SOURCE_LOOK) {
        scene.looks++;
        scene.looked_ns = scene.looked_ns == 0 ? play->fixture->now_ns : scene.looked_ns;
    } else if (action->kind == WEFT_ACTION_BULLETIN_CHECK && action->bulletin.peer.id == HONEST) {
        scene.check = true;
    } else if (action->kind == WEFT_ACTION_DOCUMENT_FETCH && action->document.from == HONEST) {
        scene.document = action->document.token;
    } else if (action->kind == WEFT_ACTION_STREAM_OPEN && action->stream.id == HONEST) {
        scene.stream = true;
    } else if (action->kind == WEFT_ACTION_DATAGRAM &&
               memcmp(&action->send.to.address, &scene.honest.address,
                      sizeof(scene.honest.address)) == 0 &&
               weft_message_decode(action->send.bytes, action->send.length, &message) ==
                   WEFT_REJECT_NONE) {
        scene.welcome = scene.welcome || message.kind == WEFT_MESSAGE_JOIN;
        scene.nonce = message.kind == WEFT_MESSAGE_JOIN ? message.join.nonce : scene.nonce;
        scene.got = scene.got || message.kind == WEFT_MESSAGE_ANNOUNCE_GET;
    }
}

static void step(struct play *play, struct weft_event event)
{
    fixture_step(play->fixture, 0, event);
    play_collect(play);
}

/* The shell trusts the news now, and wants to know what is in it. */
static void trust_news(struct play *play, weft_node_id from)
{
    step(play, (struct weft_event){
                   .kind = WEFT_EVENT_BULLETIN,
                   .bulletin = {.bulletin = NEWS, .bytes = (const uint8_t *)"{}", .length = 2}});
    if (from == 0) {
        scene.known_ns = play->fixture->now_ns;
        fixture_release(play->fixture, CHUNKS);
        play_collect(play);
        return;
    }
    step(play, (struct weft_event){.kind = WEFT_EVENT_DOCUMENT_WANTED,
                                   .document_wanted = {.token = 9,
                                                       .path = "targets/index",
                                                       .bytes_max = 1000,
                                                       .bulletin = NEWS,
                                                       .hint = from}});
}

static void look(struct play *play)
{
    bool fails = scene.source_blocked;
    scene.looks--;
    bool is_new = play->fixture->now_ns >= scene.published_ns &&
                  weft_announce_bulletin(play->fixture->core) != NEWS;
    if (!fails && is_new) {
        trust_news(play, 0);
    }
    step(play,
         (struct weft_event){.kind = WEFT_EVENT_LOOKED,
                             .looked = {.result = fails ? WEFT_ERR_UNREACHABLE : WEFT_ERR_OK}});
}

static void welcome(struct play *play)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_WELCOME, .bulletin = NEWS};
    message.welcome.nonce = scene.nonce;
    message.welcome.contacts.count = 1;
    message.welcome.contacts.items[0] = (struct weft_contact){.endpoint = scene.honest,
                                                              .segment = 77,
                                                              .bulletin = NEWS,
                                                              .agent_class = WEFT_AGENT_AUTO,
                                                              .is_agent = true};
    scene.welcome = false;
    play_send(play, &scene.honest, /* near */ false, &message);
}

static void announce(struct play *play)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_ANNOUNCE, .bulletin = NEWS};
    message.announce.bytes = (const uint8_t *)"{}";
    message.announce.length = 2;
    scene.got = false;
    play_send(play, &scene.honest, /* near */ false, &message);
}

/* The honest node has every chunk. */
static void link_up(struct play *play)
{
    scene.stream = false;
    step(play, (struct weft_event){.kind = WEFT_EVENT_STREAM_UP,
                                   .stream = {.peer = scene.honest, .opened_here = true}});
}

static void hand_out(struct play *play)
{
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT,
                               .document = {.token = scene.document, .result = WEFT_ERR_OK}};
    scene.document = 0;
    step(play, event);
    scene.known_ns = play->fixture->now_ns;
    fixture_release(play->fixture, CHUNKS);
    play_collect(play);
    fixture_frame(
        play->fixture, HONEST,
        (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = CHUNKS, .flags = WEFT_MAP_ALL});
    play_collect(play);
}

static bool act(struct play *play)
{
    if (scene.looks > 0) {
        look(play);
    } else if (scene.welcome) {
        welcome(play);
    } else if (scene.got) {
        announce(play);
    } else if (scene.check) {
        scene.check = false;
        trust_news(play, HONEST);
    } else if (scene.stream) {
        link_up(play);
    } else if (scene.document != 0) {
        hand_out(play);
    } else {
        return false;
    }
    return true;
}

/* ---- The cases ---- */

static struct fixture begin(void)
{
    struct weft_config config = fixture_config();
    config.links_max = WEFT_LINKS_MAX;
    memset(&scene, 0, sizeof(scene));
    return fixture_new(&config);
}

/* Member |id| as it tells of itself: nobody is better. */
static struct weft_record praise(const struct fixture *fixture, weft_node_id id, bool agent)
{
    struct weft_record record = {.id = id,
                                 .incarnation = 5,
                                 .address = fixture->core->self.address,
                                 .agent_class = WEFT_AGENT_PREFER,
                                 .role = agent ? WEFT_ROLE_AGENT : WEFT_ROLE_FOLLOWER,
                                 .term = agent,
                                 .claim = WEFT_HALF_OCTAVES_MAX,
                                 .stability = 7};
    record.address.ip[15] = (uint8_t)id;
    return record;
}

/* All members are there, and linked. */
static void surround(struct fixture *fixture)
{
    for (weft_node_id id = FIRST; id < FIRST + HOSTILE; id++) {
        struct weft_record record = praise(fixture, id, id < FIRST + AGENTS);
        fixture->core->actions = fixture->queue;
        ck_assert(weft_claim_merge(fixture->core, &record, WEFT_HEARSAY_SELF));
        fixture_step(fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
        fixture_link(fixture, id);
    }
}

/* Does the node have the release in time, if it is published right after it has looked? */
static void outlast(struct fixture *fixture, struct play *play)
{
    weft_ns began_ns = fixture->now_ns;
    scene.published_ns = scene.source_blocked ? 0 : WEFT_NS_NEVER;
    while (!scene.source_blocked && scene.looked_ns == 0 && fixture->now_ns < began_ns + NEWS_NS) {
        play_on(play, S);
    }
    ck_assert(scene.source_blocked || scene.looked_ns != 0);
    began_ns = scene.published_ns = fixture->now_ns;
    while (scene.known_ns == 0 && fixture->now_ns < began_ns + NEWS_NS) {
        play_on(play, S);
    }
    ck_assert_uint_ne(scene.known_ns, 0);
    const struct weft_release *release = weft_release_find(fixture->core, FIXTURE_RELEASE);
    while (release->have_count < CHUNKS && fixture->now_ns < scene.known_ns + RELEASE_NS) {
        play_on(play, S);
    }
    ck_assert_uint_eq(release->have_count, CHUNKS);
}

static void eclipse(bool corrupt)
{
    struct fixture fixture = begin();
    struct play play = {
        .fixture = &fixture, .answer = answer, .nag = lie, .notice = notice, .act = act};
    scene.corrupt = corrupt;
    surround(&fixture);
    ck_assert(!weft_election_self(fixture.core));
    outlast(&fixture, &play);
    ck_assert_uint_eq(
        weft_release_find(fixture.core, FIXTURE_RELEASE)->bytes_by_tier[WEFT_TIER_SOURCE],
        CHUNKS * FIXTURE_CHUNK_BYTES);
    fixture_free(&fixture);
}

START_TEST(silent_view)
{
    eclipse(false);
}
END_TEST

START_TEST(corrupt_view)
{
    eclipse(true);
}
END_TEST

/* The only seed is hostile, and knows hostile members only. */
START_TEST(bootstrap)
{
    struct fixture fixture = begin();
    struct play play = {
        .fixture = &fixture, .answer = answer, .nag = lie, .notice = notice, .act = act};
    struct weft_message message = {.kind = WEFT_MESSAGE_WELCOME};
    struct weft_endpoint seed = {.id = SEED, .address = fixture.core->self.address};
    message.welcome.nonce = fixture.core->members.join.nonce;
    for (uint32_t i = 0; i < WEFT_MESSAGE_WELCOME_MAX; i++) {
        weft_node_id id = i == 0 ? SEED : FIRST + i - 1;
        message.welcome.records.items[i] = praise(&fixture, id, /* agent */ true);
    }
    message.welcome.records.count = WEFT_MESSAGE_WELCOME_MAX;
    seed.address.ip[15] = SEED;
    play_send(&play, &seed, /* near */ true, &message);
    ck_assert_uint_gt(fixture.core->election.agent_count, 0);
    for (weft_node_id id = FIRST; id < FIRST + WEFT_MESSAGE_WELCOME_MAX - 1; id++) {
        fixture_link(&fixture, id);
    }
    outlast(&fixture, &play);
    ck_assert_uint_gt(scene.looked_ns, 0);
    fixture_free(&fixture);
}
END_TEST

/* The source is out of reach as well: what is left is one honest seed, elsewhere. */
START_TEST(source_blocked)
{
    struct fixture fixture = begin();
    struct play play = {.fixture = &fixture,
                        .answer = answer,
                        .nag = lie,
                        .notice = notice,
                        .act = act,
                        .source_fails = true};
    scene.source_blocked = true;
    scene.honest = (struct weft_endpoint){.id = HONEST, .address = fixture.core->self.address};
    scene.honest.address.ip[13] = 9;
    scene.honest.address.ip[15] = 1;
    weft_join_remember(fixture.core, &scene.honest);
    surround(&fixture);
    outlast(&fixture, &play);
    ck_assert_uint_eq(
        weft_release_find(fixture.core, FIXTURE_RELEASE)->bytes_by_tier[WEFT_TIER_REMOTE],
        CHUNKS * FIXTURE_CHUNK_BYTES);
    fixture_free(&fixture);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"every member is hostile and hands out nothing",
         "news in 11 polls, then all from the source in 140 s", silent_view},
        {"every member is hostile and hands out bad chunks",
         "news in 11 polls, then all from the source in 140 s", corrupt_view},
        {"the only seed names hostile members",
         "news in 11 polls, then all from the source in 140 s", bootstrap},
        {"every member is hostile, and the source out of reach",
         "an honest seed elsewhere has it, in the same time", source_blocked},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
