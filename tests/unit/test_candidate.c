/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word is worth nothing is no agent and no candidate for this node, and others take office
 * beside it: what election.c and candidate.c make of a doubt. */
#include "tests/support/check_main.h"

#include "protocol/candidate.h"
#include "protocol/claim.h"
#include "tests/support/fixture.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS
#define FELLOW 2 /* an agent */
#define OTHER 3  /* another one */
#define BETTER 4 /* a follower that stands before this node */
#define WORSE 5  /* one that stands behind it */

static struct fixture fixture;

/* A member with the class of all, as fast and as long up as can be. */
static void better_member(weft_node_id id)
{
    fixture_member(&fixture, id, /* agent */ false);
    struct weft_record record = *weft_member_said(fixture.core, weft_member_find(fixture.core, id));
    record.incarnation++;
    record.claim = WEFT_HALF_OCTAVES_MAX;
    record.stability = 7;
    fixture.core->actions = fixture.queue;
    ck_assert(weft_claim_merge(fixture.core, &record, WEFT_HEARSAY_SELF));
}

static void tick(weft_ns later_ns)
{
    fixture_step(&fixture, later_ns, (struct weft_event){.kind = WEFT_EVENT_TICK});
}

/* A node that has known its segment for long. */
static void begin(const struct weft_config *config)
{
    fixture = fixture_new(config);
    fixture.core->members.join.began_ns -= 60 * S;
}

static void setup(void)
{
    begin(NULL);
    fixture_member(&fixture, FELLOW, /* agent */ true);
    fixture_member(&fixture, OTHER, /* agent */ true);
    better_member(BETTER);
    fixture_member(&fixture, WORSE, /* agent */ false);
    fixture_link(&fixture, FELLOW);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static void doubt(weft_node_id id)
{
    weft_action_reset(fixture.queue);
    fixture.core->actions = fixture.queue;
    weft_penalty_add(fixture.core, id, WEFT_OFFENCE_CHUNK);
    ck_assert(weft_penalty_is_doubted(fixture.core, id));
}

static uint32_t agent_count(void)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    return weft_election_agents(fixture.core, agents);
}

static bool acts(void)
{
    return fixture.core->election.state == WEFT_ELECTION_AGENT;
}

/* The others answer nothing here, so that time passes in leaps in which none of them is probed. */
static bool acts_after(weft_ns wait_ns)
{
    weft_ns end_ns = fixture.now_ns + wait_ns;
    while (fixture.now_ns < end_ns && !acts()) {
        weft_ns due_ns = fixture.core->dues[WEFT_DUE_ELECTION];
        due_ns = due_ns < end_ns ? due_ns : end_ns;
        fixture.now_ns = due_ns > fixture.now_ns ? due_ns : fixture.now_ns;
        fixture.core->now_ns = fixture.now_ns;
        weft_action_reset(fixture.queue);
        fixture.core->actions = fixture.queue;
        weft_election_expire(fixture.core);
    }
    return acts();
}

START_TEST(a_doubted_agent_is_none_until_it_has_paid)
{
    tick(0);
    ck_assert_uint_eq(agent_count(), 2);
    ck_assert(weft_link_find(fixture.core, FELLOW)->agent);
    doubt(FELLOW);
    ck_assert_uint_eq(agent_count(), 1);
    ck_assert(!weft_election_is_agent(fixture.core, FELLOW));
    ck_assert(weft_election_is_agent(fixture.core, OTHER));
    ck_assert(weft_member_is_up(weft_member_find(fixture.core, FELLOW)));
    fixture.core->links.review_ns = fixture.now_ns;
    tick(0);
    ck_assert(!weft_link_find(fixture.core, FELLOW)->agent);
    fixture.core->now_ns += 60 * S;
    weft_election_on_role(fixture.core, WEFT_MEMBER_NONE, /* is_role */ false);
    ck_assert(weft_election_is_agent(fixture.core, FELLOW));
}
END_TEST

START_TEST(a_doubted_member_stands_behind_all_others)
{
    ck_assert_uint_gt(weft_election_score(fixture.core, BETTER),
                      weft_election_score(fixture.core, FIXTURE_SELF));
    ck_assert_uint_lt(weft_election_score(fixture.core, WORSE),
                      weft_election_score(fixture.core, FIXTURE_SELF));
    ck_assert(weft_candidate_is_before(fixture.core, BETTER, FIXTURE_SELF));
    ck_assert_uint_eq(weft_candidate_place(fixture.core), 1);
    ck_assert_uint_eq(weft_election_rank(fixture.core, FIXTURE_SELF), 1);
    doubt(BETTER);
    ck_assert_uint_eq(weft_election_score(fixture.core, BETTER), 0);
    ck_assert(weft_candidate_is_before(fixture.core, WORSE, BETTER));
    ck_assert_uint_eq(weft_candidate_place(fixture.core), 0);
    ck_assert_uint_eq(weft_election_rank(fixture.core, FIXTURE_SELF), 0);
}
END_TEST

START_TEST(while_agents_are_enough_nobody_joins_them)
{
    doubt(BETTER);
    ck_assert(!acts_after(30 * S));
}
END_TEST

/* The best of the others takes the place of each agent that is doubted, in a third of a second. */
START_TEST(the_next_takes_the_place_of_a_doubted_agent)
{
    doubt(BETTER);
    doubt(FELLOW);
    ck_assert(!acts_after(290 * MS));
    ck_assert(acts_after(20 * MS));
    ck_assert_uint_eq(agent_count(), 2);
    ck_assert(weft_election_self(fixture.core));
    ck_assert(weft_election_is_agent(fixture.core, OTHER));
}
END_TEST

START_TEST(both_agents_can_be_doubted)
{
    doubt(FELLOW);
    doubt(OTHER);
    ck_assert_uint_eq(agent_count(), 0);
    ck_assert(!acts_after(440 * MS)); /* the better one is to be first */
    ck_assert(acts_after(20 * MS));
    ck_assert_uint_eq(agent_count(), 1);
}
END_TEST

/* A better candidate may see no need, as it has seen nothing: it is waited for, not for ever. */
START_TEST(who_does_not_act_is_passed_over)
{
    doubt(FELLOW);
    ck_assert(!acts_after(940 * MS));
    ck_assert(acts_after(20 * MS));
}
END_TEST

/* A node that should never be an agent stands in if all who should be are doubted. */
START_TEST(nobody_but_doubted_ones_is_nobody)
{
    struct weft_config config = fixture_config();
    config.agent_class = WEFT_AGENT_NEVER;
    fixture_free(&fixture);
    begin(&config);
    fixture_member(&fixture, FELLOW, /* agent */ true);
    fixture_member(&fixture, OTHER, /* agent */ false);
    ck_assert(!weft_candidate_is_eligible(fixture.core));
    doubt(FELLOW);
    ck_assert(!weft_candidate_is_eligible(fixture.core));
    doubt(OTHER);
    ck_assert(weft_candidate_is_eligible(fixture.core));
    ck_assert(acts_after(2 * S));
}
END_TEST

static Suite *candidate_suite(void)
{
    const TTest *const tests[] = {
        a_doubted_agent_is_none_until_it_has_paid,
        a_doubted_member_stands_behind_all_others,
        while_agents_are_enough_nobody_joins_them,
        the_next_takes_the_place_of_a_doubted_agent,
        both_agents_can_be_doubted,
        who_does_not_act_is_passed_over,
        nobody_but_doubted_ones_is_nobody,
    };
    Suite *suite = suite_create("candidate");
    weft_check_case(suite, "candidate", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(candidate_suite)
