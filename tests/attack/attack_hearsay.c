/* SPDX-License-Identifier: Apache-2.0 */
/* A member of a segment lies about the others: how they are, where they are, and what they are. */
#include "tests/support/attack.h"

#include <string.h>

#include "tests/support/liar.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS

START_TEST(forged_death)
{
    struct weft_cluster *cluster = liar_cluster(101);
    for (uint32_t i = 0; i < 300; i++) {
        struct weft_record record = liar_held(cluster, LIAR_OTHER);
        record.state = i % 2 == 0 ? WEFT_MEMBER_DEAD : WEFT_MEMBER_SUSPECT;
        liar_gossip(cluster, &record);
        weft_cluster_run(cluster, 100 * MS);
        ck_assert_int_ne(liar_state(cluster, LIAR_OTHER), WEFT_MEMBER_DEAD);
    }
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    ck_assert_uint_eq(
        weft_cluster_count(cluster, WEFT_TRACE_MEMBER_DEAD, weft_cluster_id(LIAR_OTHER), 0), 0);
    weft_cluster_free(cluster);
}
END_TEST

/* The first lie is refuted at once, and no later one waits for longer than half of a suspicion; but
 * a refutation is news to the whole segment, so fifty lies a second do not make as many. */
START_TEST(forged_own_death)
{
    struct weft_cluster *cluster = liar_cluster(102);
    weft_ns half_ns = cluster->config.tuning.suspicion_ms * MS / 2;
    uint64_t incarnation = liar_held(cluster, LIAR_VICTIM).incarnation;
    for (uint32_t i = 0; i < 1000; i++) {
        struct weft_record record = liar_held(cluster, LIAR_VICTIM);
        record.state = i % 2 == 0 ? WEFT_MEMBER_DEAD : WEFT_MEMBER_LEFT;
        record.incarnation = ++incarnation;
        liar_gossip(cluster, &record);
        if (i == 0) {
            ck_assert_uint_gt(liar_held(cluster, LIAR_VICTIM).incarnation, incarnation);
        }
        weft_cluster_run(cluster, 20 * MS);
    }
    weft_cluster_run(cluster, half_ns);
    ck_assert_uint_gt(liar_held(cluster, LIAR_VICTIM).incarnation, incarnation);
    ck_assert_uint_le(weft_cluster_count(cluster, WEFT_TRACE_REFUTE, 0, 0), 20 * S / half_ns + 4);
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(top_incarnation)
{
    struct weft_cluster *cluster = liar_cluster(103);
    struct weft_record record = liar_held(cluster, LIAR_VICTIM);
    record.state = WEFT_MEMBER_DEAD;
    record.incarnation = WEFT_INCARNATION_MAX;
    liar_gossip(cluster, &record);
    weft_cluster_run(cluster, 20 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(top_incarnation_of_other)
{
    struct weft_cluster *cluster = liar_cluster(111);
    struct weft_record record = liar_held(cluster, LIAR_OTHER);
    record.state = WEFT_MEMBER_DEAD;
    record.incarnation = WEFT_INCARNATION_MAX;
    liar_gossip(cluster, &record);
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_start(cluster, LIAR_OTHER, LIAR_VICTIM); /* a new life, as the clock counts them */
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(forged_goodbye)
{
    struct weft_cluster *cluster = liar_cluster(104);
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_LEAVE;
    message.leave = liar_held(cluster, LIAR_OTHER);
    message.leave.state = WEFT_MEMBER_LEFT;
    liar_send(cluster, &cluster->nodes[LIAR].self, 255, &message);
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

/* Two nodes know each other through the liar alone. It says to each that the other has left, and is
 * gone before either can refute. */
START_TEST(forged_goodbyes_of_all)
{
    struct weft_cluster *cluster = weft_cluster_new(3, 3, 106);
    for (uint32_t i = 0; i < 3; i++) {
        weft_cluster_start(cluster, i, LIAR);
    }
    weft_cluster_run(cluster, 20 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    for (uint32_t i = 0; i < 3; i += 2) {
        const struct weft_core *core = cluster->nodes[i].core;
        uint32_t slot = weft_member_slot(core, weft_cluster_id(2 - i));
        struct weft_record record = weft_member_record(core, slot);
        record.state = WEFT_MEMBER_LEFT;
        liar_gossip_to(cluster, i, &record);
        ck_assert_int_eq(core->members.table[slot].state, WEFT_MEMBER_LEFT);
    }
    weft_cluster_kill(cluster, LIAR);
    weft_cluster_run(cluster, 2 * MS);
    ck_assert_uint_eq(weft_cluster_count(cluster, WEFT_TRACE_REFUTE, 0, 0), 0);
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(replay)
{
    struct weft_cluster *cluster = liar_cluster(105);
    struct weft_record old = liar_held(cluster, LIAR_OTHER);
    weft_cluster_start(cluster, LIAR_OTHER, LIAR_VICTIM); /* a new life */
    weft_cluster_run(cluster, 10 * S);
    uint64_t incarnation = liar_held(cluster, LIAR_OTHER).incarnation;
    for (uint32_t state = 0; state < WEFT_MEMBER_STATE_COUNT; state++) {
        old.state = (uint8_t)state;
        liar_gossip(cluster, &old);
        ck_assert_int_eq(liar_state(cluster, LIAR_OTHER), WEFT_MEMBER_ALIVE);
        ck_assert_uint_eq(liar_held(cluster, LIAR_OTHER).incarnation, incarnation);
    }
    weft_cluster_free(cluster);
}
END_TEST

/* An address of the segment where nobody is. */
static void move_away(struct weft_record *record)
{
    record->address.ip[14] = 77;
    record->address.ip[15] = 7;
}

START_TEST(forged_address)
{
    struct weft_cluster *cluster = liar_cluster(112);
    const struct weft_address true_address = liar_held(cluster, LIAR_OTHER).address;
    for (uint32_t i = 0; i < 300; i++) {
        struct weft_record record = liar_held(cluster, LIAR_OTHER);
        record.incarnation += 1 + i % 5;
        move_away(&record);
        liar_gossip_to_all(cluster, &record);
        weft_cluster_run(cluster, 100 * MS);
        struct weft_address address = liar_held(cluster, LIAR_OTHER).address;
        ck_assert_mem_eq(&address, &true_address, sizeof address);
        ck_assert_int_eq(liar_state(cluster, LIAR_OTHER), WEFT_MEMBER_ALIVE);
        ck_assert(weft_cluster_is_agreed(cluster));
    }
    weft_cluster_free(cluster);
}
END_TEST

/* An honest move is believed as before: by those it is told to first hand, who pass it on. */
START_TEST(true_address)
{
    struct weft_cluster *cluster = liar_cluster(113);
    struct weft_cluster_node *node = &cluster->nodes[LIAR_OTHER];
    node->self.address.ip[15] = 99;
    struct weft_event event = {
        .kind = WEFT_EVENT_LINK,
        .link = {.up = true, .address = node->self.address, .segment = node->segment}};
    weft_cluster_step(cluster, LIAR_OTHER, &event);
    weft_cluster_run(cluster, 5 * S);
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        const struct weft_member *member = weft_member_find(core, weft_cluster_id(LIAR_OTHER));
        ck_assert(i == LIAR_OTHER || (weft_member_said(core, member)->address.ip[15] == 99 &&
                                      weft_member_is_up(member)));
    }
    weft_cluster_free(cluster);
}
END_TEST

/* The agents are said to be none, all others to be agents, or unfit for it. */
START_TEST(forged_roles)
{
    struct weft_cluster *cluster = liar_cluster(114);
    ck_assert(weft_cluster_agents_agree(cluster, LIAR_AGENTS));
    for (uint32_t i = 0; i < 300; i++) {
        for (uint32_t k = 0; k < LIAR_NODES; k++) {
            if (k == LIAR) {
                continue; /* of itself it may say anything */
            }
            struct weft_record record = liar_held(cluster, k);
            record.incarnation++;
            record.term++;
            record.role = record.role == WEFT_ROLE_AGENT ? WEFT_ROLE_FOLLOWER : WEFT_ROLE_AGENT;
            record.agent_class = i % 2 == 0 ? WEFT_AGENT_NEVER : WEFT_AGENT_SERVER;
            record.claim = 0;
            liar_gossip_to_all(cluster, &record);
        }
        weft_cluster_run(cluster, 100 * MS);
        ck_assert(weft_cluster_agents_agree(cluster, LIAR_AGENTS));
        ck_assert(weft_cluster_is_agreed(cluster));
    }
    weft_cluster_free(cluster);
}
END_TEST

/* While a node is away it is said to live on, elsewhere, in a life that no clock reaches. */
START_TEST(last_life_of_the_absent)
{
    struct weft_cluster *cluster = liar_cluster(115);
    struct weft_record record = liar_held(cluster, LIAR_OTHER);
    weft_cluster_kill(cluster, LIAR_OTHER);
    weft_cluster_run(cluster, 60 * S);
    ck_assert_int_eq(liar_state(cluster, LIAR_OTHER), WEFT_MEMBER_DEAD);
    record.incarnation = WEFT_INCARNATION_MAX;
    record.agent_class = WEFT_AGENT_NEVER;
    move_away(&record);
    for (uint32_t i = 0; i < 20; i++) {
        liar_gossip_to_all(cluster, &record);
        weft_cluster_run(cluster, S);
        ck_assert_int_eq(liar_state(cluster, LIAR_OTHER), WEFT_MEMBER_DEAD);
    }
    weft_cluster_start(cluster, LIAR_OTHER, LIAR_VICTIM);
    weft_cluster_run(cluster, 10 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

/* The same of a node that nobody knows yet: it comes in all the same, though not as fast. */
START_TEST(last_life_of_the_unknown)
{
    struct weft_cluster *cluster = weft_cluster_new(LIAR_NODES, LIAR_NODES, 116);
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        if (i != LIAR_OTHER) {
            weft_cluster_start(cluster, i, LIAR_VICTIM);
        }
    }
    weft_cluster_run(cluster, 30 * S);
    struct weft_record record = liar_held(cluster, LIAR);
    record.id = weft_cluster_id(LIAR_OTHER);
    record.incarnation = WEFT_INCARNATION_MAX;
    move_away(&record);
    liar_gossip_to_all(cluster, &record);
    weft_cluster_run(cluster, 60 * S);
    weft_cluster_start(cluster, LIAR_OTHER, LIAR_VICTIM);
    weft_cluster_run(cluster, 30 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

/* Everybody is told ten times a second that one node is suspect, dead, or gone. It refutes each
 * claim; what is left is that some hold it for doubtful, each time for as long as that takes. */
START_TEST(lasting_slander)
{
    static const uint8_t states[] = {WEFT_MEMBER_SUSPECT, WEFT_MEMBER_DEAD, WEFT_MEMBER_LEFT};
    struct weft_cluster *cluster = liar_cluster(117);
    uint32_t up = 0;
    uint32_t looks = 0;
    for (uint32_t i = 0; i < 600; i++) {
        struct weft_record record = liar_held(cluster, LIAR_OTHER);
        record.state = states[i % 3];
        liar_gossip_to_all(cluster, &record);
        for (uint32_t ms = 0; ms < 100; ms += 10) {
            weft_cluster_run(cluster, 10 * MS);
            up += liar_state(cluster, LIAR_OTHER) == WEFT_MEMBER_ALIVE;
            looks++;
        }
        ck_assert_int_ne(liar_state(cluster, LIAR_OTHER), WEFT_MEMBER_DEAD);
    }
    ck_assert_uint_ge(up * 100 / looks, 98);
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

/* Lies by the thousand do not make a node ask by the thousand. */
START_TEST(questions_are_bounded)
{
    struct weft_cluster *cluster = liar_cluster(118);
    uint64_t sent = cluster->nodes[LIAR_VICTIM].datagrams_sent;
    for (uint32_t i = 0; i < 5000; i++) { /* in half a second */
        for (uint32_t k = 2; k < LIAR_NODES; k++) {
            struct weft_record record = liar_held(cluster, k);
            record.incarnation += 2;
            move_away(&record);
            liar_gossip(cluster, &record);
        }
        weft_cluster_run(cluster, 100 * WEFT_NS_PER_US);
    }
    weft_ns timeout_ms = cluster->config.tuning.probe_timeout_ms;
    ck_assert_uint_le(cluster->nodes[LIAR_VICTIM].datagrams_sent - sent,
                      (500 / timeout_ms + 1) * WEFT_ASKS_MAX + 30);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

/* Every node measured that LIAR_OTHER sends fast, and tells. */
static struct weft_cluster *measured_cluster(uint64_t seed)
{
    struct weft_cluster *cluster = liar_cluster(seed);
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        weft_bandwidth_observe(cluster->nodes[i].core, weft_cluster_id(LIAR_OTHER),
                               i == LIAR_OTHER ? 0 : 60000000, S);
    }
    weft_cluster_run(cluster, 70 * S);
    return cluster;
}

static void expect_rate(const struct weft_cluster *cluster, uint32_t subject, uint8_t rate)
{
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        ck_assert_uint_eq(weft_bandwidth_attested(cluster->nodes[i].core, weft_cluster_id(subject)),
                          rate);
    }
}

START_TEST(true_rates)
{
    struct weft_cluster *cluster = measured_cluster(119);
    expect_rate(cluster, LIAR_OTHER, weft_bandwidth_half_octaves(60000000));
    expect_rate(cluster, LIAR, WEFT_MEMBER_RATE_UNKNOWN);
    weft_cluster_free(cluster);
}
END_TEST

/* The liar has it that all have seen it fast, and another one slow. */
START_TEST(forged_rates)
{
    struct weft_cluster *cluster = measured_cluster(120);
    for (uint32_t i = 0; i < 300; i++) {
        struct weft_message message;
        memset(&message, 0, sizeof message);
        message.kind = WEFT_MESSAGE_GOSSIP;
        for (uint32_t k = 0; k < LIAR_NODES && message.gossip.rate_count < 7; k++) {
            weft_node_id observer = weft_cluster_id(k);
            uint32_t sequence = (uint32_t)liar_held(cluster, k).incarnation + 1000 + i; /* newer */
            if (k != LIAR && k != LIAR_OTHER) {
                message.gossip.rates[message.gossip.rate_count++] =
                    (struct weft_rate){observer, weft_cluster_id(LIAR), sequence, 31};
                message.gossip.rates[message.gossip.rate_count++] =
                    (struct weft_rate){observer, weft_cluster_id(LIAR_OTHER), sequence, 0};
            }
        }
        for (uint32_t to = 0; to < LIAR_NODES; to++) {
            if (to != LIAR) {
                liar_send_to(cluster, to, &cluster->nodes[LIAR].self, 255, &message);
            }
        }
        weft_cluster_run(cluster, 100 * MS);
        expect_rate(cluster, LIAR_OTHER, weft_bandwidth_half_octaves(60000000));
        expect_rate(cluster, LIAR, WEFT_MEMBER_RATE_UNKNOWN);
        ck_assert(weft_cluster_agents_agree(cluster, LIAR_AGENTS));
    }
    weft_cluster_free(cluster);
}
END_TEST

/* In its own name it may say what it likes: one voice of five. */
START_TEST(own_rates)
{
    struct weft_cluster *cluster = measured_cluster(121);
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_GOSSIP;
    message.gossip.rate_count = 1;
    for (uint32_t i = 0; i < 8; i++) {
        message.gossip.rates[0] =
            (struct weft_rate){weft_cluster_id(LIAR), weft_cluster_id(LIAR_OTHER),
                               UINT32_MAX / 4 * i, i % 2 == 0 ? 0 : WEFT_HALF_OCTAVES_MAX};
        liar_send(cluster, &cluster->nodes[LIAR].self, 255, &message);
        ck_assert_uint_eq(
            weft_bandwidth_attested(cluster->nodes[LIAR_VICTIM].core, weft_cluster_id(LIAR_OTHER)),
            weft_bandwidth_half_octaves(60000000));
    }
    weft_cluster_free(cluster);
}
END_TEST

/* Does every other node hold |count| agents in force, and the barred one for none of them? */
static bool is_barred(const struct weft_cluster *cluster, uint32_t barred, uint32_t count)
{
    bool is_so = true;
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        weft_node_id agents[WEFT_AGENTS_MAX];
        is_so = is_so && (i == barred || (weft_election_agents(core, agents) == count &&
                                          !weft_election_is_agent(core, weft_cluster_id(barred)) &&
                                          weft_election_score(core, weft_cluster_id(barred)) == 0));
    }
    return is_so;
}

/* One that is admitted as no agent says that it is pinned, and takes the role at once. */
START_TEST(barred_agent)
{
    struct weft_cluster *cluster = weft_cluster_new(LIAR_NODES, LIAR_NODES, 122);
    cluster->config.has_source = true;
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        cluster->nodes[i].no_agent = i == LIAR;
        cluster->config.agent_class = i == LIAR ? WEFT_AGENT_PIN : WEFT_AGENT_AUTO;
        weft_cluster_start(cluster, i, LIAR_VICTIM);
    }
    weft_cluster_run(cluster, 30 * S);
    ck_assert(weft_election_self(cluster->nodes[LIAR].core)); /* so it thinks */
    for (uint32_t i = 0; i < 20; i++) {
        ck_assert(is_barred(cluster, LIAR, LIAR_AGENTS));
        struct weft_record record = liar_held(cluster, LIAR);
        record.agent_class = WEFT_AGENT_SERVER; /* and others say so, too */
        record.role = WEFT_ROLE_AGENT;
        record.incarnation += 100000;
        for (uint32_t to = 0; to < LIAR_NODES; to++) {
            struct weft_message message;
            memset(&message, 0, sizeof message);
            message.kind = WEFT_MESSAGE_GOSSIP;
            message.gossip.records.count = 1;
            message.gossip.records.items[0] = record;
            if (to != LIAR && to != LIAR_OTHER) {
                liar_send_to(cluster, to, &cluster->nodes[LIAR_OTHER].self, 255, &message);
            }
        }
        weft_cluster_run(cluster, S);
    }
    cluster->nodes[LIAR].no_agent = false; /* admitted anew */
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_election_is_agent(cluster->nodes[LIAR_VICTIM].core, weft_cluster_id(LIAR)));
    weft_cluster_free(cluster);
}
END_TEST

/* Where nobody may be an agent, one is all the same: the others would all go to the source. */
START_TEST(all_barred)
{
    struct weft_cluster *cluster = weft_cluster_new(LIAR_NODES, LIAR_NODES, 123);
    cluster->config.has_source = true;
    cluster->config.agent_class = WEFT_AGENT_NEVER; /* as the node itself does */
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        cluster->nodes[i].no_agent = true;
        weft_cluster_start(cluster, i, LIAR_VICTIM);
    }
    weft_cluster_run(cluster, 30 * S);
    ck_assert(weft_cluster_agents_agree(cluster, LIAR_AGENTS));
    weft_cluster_free(cluster);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"deaths of others are forged, ten a second", "nobody dies of hearsay", forged_death},
        {"own death and goodbye are forged, fifty a second",
         "the first is refuted at once, the last in half of a suspicion", forged_own_death},
        {"own death in the highest life", "the node stays a member", top_incarnation},
        {"another one's death in the highest life", "it stays a member", top_incarnation_of_other},
        {"a goodbye in another node's name", "that node is a member again soon", forged_goodbye},
        {"goodbyes of two nodes to each other, and the liar is gone", "they meet again in a minute",
         forged_goodbyes_of_all},
        {"records of an earlier life are replayed", "the newer life stands", replay},
        {"another one's address is forged, ten a second", "its owner is asked", forged_address},
        {"a node moves (no attack)", "all follow in 5 s", true_address},
        {"roles and classes of all are forged", "the agents stay the agents", forged_roles},
        {"an absent node is put into its last life", "it is back in 10 s", last_life_of_the_absent},
        {"an unknown node is put into its last life", "it is in after 30 s",
         last_life_of_the_unknown},
        {"one node is slandered everywhere, ten a second", "it never dies, and is mostly up",
         lasting_slander},
        {"all measure one node (no attack)", "everybody holds the same rate", true_rates},
        {"rates in the name of all others, ten a second", "who measured is believed, nobody else",
         forged_rates},
        {"a member lies about what it measured", "the median of five stands", own_rates},
        {"who may be no agent says it is pinned", "nobody takes it for an agent", barred_agent},
        {"nobody may be an agent (no attack)", "stand-ins are, as among class never", all_barred},
        {"10,000 lies a second about addresses", "8 questions at a time", questions_are_bounded},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
