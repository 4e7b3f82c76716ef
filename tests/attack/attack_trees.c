/* SPDX-License-Identifier: Apache-2.0 */
/* A neighbour in the push trees floods, or sleeps. */
#include "tests/support/attack.h"

#include "tests/support/fixture.h"

#define LIAR 2
#define HONEST 3
#define CHUNKS 64

/* A node with two neighbours that wants a release of which they have nothing yet. */
static struct fixture wanting(bool agent)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_member(&fixture, LIAR, /* agent */ false);
    fixture_member(&fixture, HONEST, /* agent */ false);
    if (agent) {
        fixture_become_agent(&fixture);
    }
    fixture_link(&fixture, LIAR);
    fixture_link(&fixture, HONEST);
    fixture_release(&fixture, CHUNKS);
    fixture_peer_has(&fixture, LIAR, 0, 0);
    fixture_peer_has(&fixture, HONEST, 0, 0);
    return fixture;
}

/* The liar's entry of links. */
static uint32_t liar(struct fixture *fixture)
{
    return weft_link_index(fixture->core, weft_link_find(fixture->core, LIAR));
}

START_TEST(follow_flood)
{
    struct fixture fixture = wanting(/* agent */ true);
    uint32_t uploads = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        fixture_frame(&fixture, LIAR, (struct weft_frame){.kind = WEFT_FRAME_FOLLOW, .value = 15});
        uploads += fixture_count(&fixture, WEFT_ACTION_UPLOAD);
        if (i < CHUNKS) {
            fixture_chunk(&fixture, 0, 1, i, WEFT_ERR_OK);
            uploads += fixture_count(&fixture, WEFT_ACTION_UPLOAD);
        }
    }
    ck_assert_uint_le(uploads, 2); /* one to each neighbour; none of them ends */
    const struct weft_kin *kin = &fixture.core->releases.downloads[0].kin;
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        ck_assert_uint_eq(kin->children[stripe] & ~weft_kin_bit(liar(&fixture)), 0);
    }
    fixture_free(&fixture);
}
END_TEST

START_TEST(decline_flood)
{
    struct fixture fixture = wanting(/* agent */ false);
    uint32_t frames = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        fixture_frame(&fixture, LIAR, (struct weft_frame){.kind = WEFT_FRAME_DECLINE, .value = 15});
        frames += fixture_count(&fixture, WEFT_ACTION_FRAME);
    }
    ck_assert_uint_le(frames, 2);
    fixture_free(&fixture);
}
END_TEST

/* The liar is the parent in every stripe; the honest neighbour has every chunk, and says so. */
START_TEST(pushes_nothing)
{
    struct fixture fixture = wanting(/* agent */ false);
    struct weft_kin *kin = &fixture.core->releases.downloads[0].kin;
    weft_kin_set(kin->parents, liar(&fixture), WEFT_STRIPES_ALL);
    fixture.core->releases.downloads[0].orphans = 0;
    uint8_t list[2 * CHUNKS];
    for (uint32_t i = 0; i < CHUNKS; i++) {
        list[2 * i] = 0;
        list[2 * i + 1] = (uint8_t)i;
    }
    fixture_frame(&fixture, HONEST,
                  (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = {list, sizeof(list)}});
    fixture_run(&fixture, 100 * WEFT_NS_PER_MS);
    for (uint32_t i = 0; i < CHUNKS; i++) {
        ck_assert_uint_gt(fixture.core->wants.count, 0);
        fixture_chunk(&fixture, HONEST, 0, weft_want_at(&fixture.core->wants, 0)->chunk,
                      WEFT_ERR_OK);
    }
    ck_assert_uint_eq(weft_release_find(fixture.core, FIXTURE_RELEASE)->have_count, CHUNKS);
    ck_assert_uint_eq(weft_kin_stripes(kin->parents, liar(&fixture)), 0);
    fixture_free(&fixture);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"FOLLOW 10,000 times", "one push at a time to each", follow_flood},
        {"DECLINE 10,000 times", "answered twice at most", decline_flood},
        {"a parent that pushes nothing", "others serve, it is left", pushes_nothing},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
