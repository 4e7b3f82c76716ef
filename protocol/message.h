/* SPDX-License-Identifier: Apache-2.0 */
/* One struct per datagram, and its encoding (SPEC.md section "Datagrams").
 *
 * Answers "what stands in this datagram, and is it well formed?"; knows no state and no policy. A
 * datagram is one msgpack array [version, mesh, kind, sender, bulletin, body...]; unknown trailing
 * elements are passed over, unknown kinds rejected. Decoding checks every range that does not
 * depend on state, so that what leaves the decoder is safe to index with and to compare. */
#ifndef WEFT_MESSAGE_H
#define WEFT_MESSAGE_H

#include "err.h"
#include "limits.h"
#include "types.h"
#include "view.h"

/* What a datagram says. The numbers are on the wire. */
enum weft_message_kind {
    WEFT_MESSAGE_PING = 1,          /* do you live? */
    WEFT_MESSAGE_ACK = 2,           /* I live; or: the subject does */
    WEFT_MESSAGE_PINGREQ = 3,       /* please ping somebody for me */
    WEFT_MESSAGE_GOSSIP = 4,        /* records of members, observed rates */
    WEFT_MESSAGE_SYNC = 5,          /* hashes of my view, bucket by bucket */
    WEFT_MESSAGE_SYNC_RECORDS = 6,  /* records of the buckets that differ */
    WEFT_MESSAGE_JOIN = 7,          /* here I am; whom do you know in my segment? */
    WEFT_MESSAGE_WELCOME = 8,       /* answer to JOIN */
    WEFT_MESSAGE_AGENTS = 9,        /* agents of my segment and some of others */
    WEFT_MESSAGE_ANNOUNCE = 10,     /* a signed timestamp document */
    WEFT_MESSAGE_ANNOUNCE_GET = 11, /* send me your ANNOUNCE */
    WEFT_MESSAGE_HINT = 12,         /* empty: the header's bulletin is the news */
    WEFT_MESSAGE_LEAVE = 13         /* goodbye, with the sender's last record */
};

/* Parts of a message: how many fit whatever their values are. */
#define WEFT_MESSAGE_RECORDS_MAX 20  /* member records in one datagram */
#define WEFT_MESSAGE_CONTACTS_MAX 12 /* contacts in one datagram */
#define WEFT_MESSAGE_RATES_MAX 8     /* observed rates in one datagram */
#define WEFT_MESSAGE_BUCKETS 128     /* buckets of a view in SYNC */
#define WEFT_MESSAGE_WELCOME_MAX 8   /* member records in a WELCOME, and as many contacts */

/* No incarnation above this is accepted, so that refuting can always go higher. */
#define WEFT_INCARNATION_MAX (UINT64_C(1) << 62)

/* Goodput in half-octaves above 128 KiB/s: 2 * log2(rate / 128 KiB/s), cut to this maximum. */
#define WEFT_HALF_OCTAVES_MAX 31

/* What part a node plays in its segment; stands in its record. */
enum weft_role {
    WEFT_ROLE_FOLLOWER, /* an ordinary node */
    WEFT_ROLE_AGENT,    /* an Update Agent in force */
    WEFT_ROLE_DRAIN,    /* an agent that hands over: takes nothing new */
    WEFT_ROLE_COUNT
};

/* What the segment is told of one member. Only its owner raises the incarnation. */
struct weft_record {
    weft_node_id id;             /* subject, never 0 */
    uint64_t incarnation;        /* 1..WEFT_INCARNATION_MAX; the higher one is newer */
    uint32_t site;               /* hash of --site, 0 = none */
    uint32_t term;               /* of its role, grows with every claim in the segment */
    struct weft_address address; /* where it listens; port not 0 */
    uint8_t state;               /* enum weft_member_state */
    uint8_t agent_class;         /* enum weft_agent_class */
    uint8_t role;                /* enum weft_role */
    uint8_t stability;           /* log2 of hours up, 0..7 */
    uint8_t claim;               /* own upper bound of its goodput, half-octaves; MAX = no bound */
};

/* What is told of a node outside the segment of whoever reads it. */
struct weft_contact {
    struct weft_endpoint endpoint; /* id not 0; port not 0 */
    uint64_t segment;              /* weft_segment_key() of its prefix */
    uint32_t site;                 /* hash of --site, 0 = none */
    weft_bulletin bulletin;        /* newest metadata it is known to have */
    uint8_t agent_class;           /* enum weft_agent_class */
    bool is_agent;                 /* an Update Agent in force */
};

/* What one node measured of another (SPEC.md section "Bandwidth"). */
struct weft_rate {
    weft_node_id observer; /* who received */
    weft_node_id subject;  /* who sent */
    uint32_t sequence;     /* of the observer, newer is larger (modulo 2^32) */
    uint8_t half_octaves;  /* goodput, 0..WEFT_HALF_OCTAVES_MAX */
};

/* Records of members. */
struct weft_records {
    uint32_t count;                                     /* 0..WEFT_MESSAGE_RECORDS_MAX */
    struct weft_record items[WEFT_MESSAGE_RECORDS_MAX]; /* in the order of the wire */
};

/* Contacts in other segments. */
struct weft_contacts {
    uint32_t count;                                       /* 0..WEFT_MESSAGE_CONTACTS_MAX */
    struct weft_contact items[WEFT_MESSAGE_CONTACTS_MAX]; /* in the order of the wire */
};

/* PING and ACK. */
struct weft_message_probe {
    uint32_t sequence;           /* of the prober; the ACK repeats it */
    weft_node_id subject;        /* PING: who is meant; ACK: who lives, 0 = the sender */
    uint64_t suspected;          /* incarnation at which the sender suspects the reader; 0 = not */
    uint64_t digest;             /* of the sender's view of the segment */
    struct weft_records records; /* piggyback */
};

/* PINGREQ. */
struct weft_message_pingreq {
    uint32_t sequence;           /* of the asker; the forwarded ACK repeats it */
    struct weft_endpoint target; /* whom to ping; id not 0 */
    uint64_t suspected;          /* to be passed on to the target */
};

/* GOSSIP, SYNC_RECORDS (without rates). */
struct weft_message_gossip {
    struct weft_records records;                    /* news of members */
    uint32_t rate_count;                            /* 0..WEFT_MESSAGE_RATES_MAX */
    struct weft_rate rates[WEFT_MESSAGE_RATES_MAX]; /* news of rates */
};

/* What the reader of a SYNC should do. */
enum weft_sync_mode {
    WEFT_SYNC_COMPARE, /* send records, and your own SYNC as REPLY */
    WEFT_SYNC_REPLY,   /* send records */
    WEFT_SYNC_LEARN,   /* send records: the sender is new and has nothing to tell */
    WEFT_SYNC_MODE_COUNT
};

/* SYNC. */
struct weft_message_sync {
    uint8_t mode;                           /* enum weft_sync_mode */
    uint32_t salt;                          /* of the hashes: no two views look equal for ever */
    uint16_t buckets[WEFT_MESSAGE_BUCKETS]; /* hash of the live members of each bucket */
};

/* JOIN. */
struct weft_message_join {
    uint32_t nonce;             /* the WELCOME repeats it */
    struct weft_record record;  /* the sender's own */
    struct weft_prefix segment; /* the sender's own; host bits zero */
};

/* WELCOME. */
struct weft_message_welcome {
    uint32_t nonce;                /* of the JOIN */
    uint64_t digest;               /* of the sender's view, 0 if the asker is in another segment */
    struct weft_records records;   /* members of the segment both are in */
    struct weft_contacts contacts; /* nodes of the asker's segment, agents of others */
};

/* AGENTS. */
struct weft_message_agents {
    bool is_reply;                 /* answer to an AGENTS: no further one */
    struct weft_contact sender;    /* the sender itself */
    struct weft_contacts contacts; /* agents it knows, its own segment's first */
};

/* ANNOUNCE. */
struct weft_message_announce {
    const uint8_t *bytes; /* the timestamp document; borrowed from the datagram */
    uint32_t length;      /* 0..WEFT_BULLETIN_BYTES_MAX; 0 = too long, fetch it as a document */
};

/* One datagram. */
struct weft_message {
    enum weft_message_kind kind; /* which member of the union holds */
    uint64_t mesh;               /* tag of the mesh */
    weft_node_id sender;         /* never 0 */
    weft_bulletin bulletin;      /* newest metadata the sender accepted */
    union {
        struct weft_message_probe probe;       /* PING, ACK */
        struct weft_message_pingreq pingreq;   /* PINGREQ */
        struct weft_message_gossip gossip;     /* GOSSIP, SYNC_RECORDS */
        struct weft_message_sync sync;         /* SYNC */
        struct weft_message_join join;         /* JOIN */
        struct weft_message_welcome welcome;   /* WELCOME */
        struct weft_message_agents agents;     /* AGENTS */
        struct weft_message_announce announce; /* ANNOUNCE */
        struct weft_record leave;              /* LEAVE */
    };
};

/* Read a datagram.
 * Shape:  bytes[length], any bytes.
 * Errors: the reason it is not well formed; |message| then holds nothing that may be used.
 * Owner:  |message| borrows |bytes| (ANNOUNCE only). */
enum weft_reject weft_message_decode(const uint8_t *bytes, size_t length,
                                     struct weft_message *message);

/* Write |message| into |buffer|.
 * Shape:  buffer[size]; WEFT_DATAGRAM_BYTES_MAX bytes hold every message within its limits.
 * Errors: 0 if it does not fit or a count is over its limit. Returns the bytes written. */
uint32_t weft_message_encode(const struct weft_message *message, uint8_t *buffer, size_t size);

/* Hash of a prefix: names a segment between segments. */
uint64_t weft_segment_key(const struct weft_prefix *prefix);

#endif
