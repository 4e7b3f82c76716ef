/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that exists during one run. Included by the modules of sim/, by nobody else; each
 * module owns its part.
 *
 * The nodes are divided into shards, a site each, and one for the source. Time passes in windows no
 * longer than a message between two shards takes, so within a window the shards have nothing to do
 * with each other: each one's entries are handled in order of time by one thread, which touches
 * this shard and reads the rest of the world. Between windows nothing runs; then letters are
 * delivered, lines between sites are rated, and what concerns everybody happens.
 *
 * A node's core is stepped only by weft_sim_node_step(); what it asks for becomes entries of the
 * queue, never an immediate event, so steps do not nest. */
#ifndef WEFT_SIM_WORLD_H
#define WEFT_SIM_WORLD_H

#include "backbone.h"
#include "beacon.h"
#include "buffer.h"
#include "check.h"
#include "crew.h"
#include "decisions.h"
#include "fault.h"
#include "lan.h"
#include "mail.h"
#include "mishap.h"
#include "network.h"
#include "node.h"
#include "options.h"
#include "pool.h"
#include "progress.h"
#include "publish.h"
#include "queue.h"
#include "record.h"
#include "roster.h"
#include "topology.h"
#include "screen.h"
#include "watch.h"

#include "protocol/action.h"
#include "protocol/core.h"

/* What an entry of a queue means; the module that handles it stands before the colon. */
enum weft_sim_kind {
    /* entries of a shard */
    WEFT_SIM_NODE_START,     /* node: the node starts (again) */
    WEFT_SIM_NODE_CRASH,     /* fault: the node dies */
    WEFT_SIM_NODE_EVENING,   /* place: it is switched off until the next morning */
    WEFT_SIM_NODE_TICK,      /* node: its core's deadline has come */
    WEFT_SIM_DATAGRAM,       /* stream: a datagram arrives */
    WEFT_SIM_FRAME,          /* stream: a control frame arrives */
    WEFT_SIM_CONNECT,        /* stream: somebody wants a stream */
    WEFT_SIM_CONNECTED,      /* stream: the other side agreed */
    WEFT_SIM_REFUSED,        /* stream: nobody answers there */
    WEFT_SIM_DISCONNECT,     /* stream: the other side closed it */
    WEFT_SIM_PIPE_DUE,       /* pipe: the last byte of an item has left */
    WEFT_SIM_PIPE_BEGIN,     /* pipe: a connection that was idle is up to speed */
    WEFT_SIM_CHUNK_OFFER,    /* upload: the header of a chunk arrives */
    WEFT_SIM_CHUNK_ARRIVED,  /* upload: its last byte is here */
    WEFT_SIM_CHUNK_STORED,   /* upload: it is on disk */
    WEFT_SIM_UPLOAD_END,     /* upload: to the sender it is over: written, cancelled, or failed */
    WEFT_SIM_FETCH_ASKED,    /* source: a range request arrives at the source */
    WEFT_SIM_FETCH_STOP,     /* source: the node takes it back */
    WEFT_SIM_FETCH_SLOW,     /* source: the answer may have been too slow for too long */
    WEFT_SIM_FETCH_ARRIVED,  /* source: a chunk is at the node */
    WEFT_SIM_FETCH_STORED,   /* source: it is on disk */
    WEFT_SIM_FETCH_END,      /* source: the request is over */
    WEFT_SIM_DOCUMENT_ASKED, /* document: the request arrives where the document is */
    WEFT_SIM_DOCUMENT_END,   /* document: it is here, or will not come */
    WEFT_SIM_ACTIVATED,      /* shell: the whole release was checked */
    WEFT_SIM_VERDICT,        /* shell: what a peer announced was looked at */
    WEFT_SIM_BEACON_DUE,     /* beacon: the timer of a node */
    WEFT_SIM_BEACON,         /* beacon: a node that is alone hears one */
    /* entries of the world's agenda, handled between windows */
    WEFT_SIM_PUBLISH, /* publish: a release appears at the source */
    WEFT_SIM_MARK,    /* world: measure idle traffic from here on */
    WEFT_SIM_RESTART, /* fault: all nodes crash and come back */
    WEFT_SIM_OUTAGE,  /* fault: the source stops or begins to answer */
    WEFT_SIM_MISHAP,  /* mishap: one begins, goes on or ends */
    WEFT_SIM_KIND_COUNT
};

/* Bytes and chunks that left the sender and were not stored. */
struct weft_sim_losses {
    uint64_t chunks_discarded; /* the receiver read past them */
    uint64_t chunks_refused;   /* they did not verify, or the disk took nothing */
    uint64_t chunks_cut;       /* sender, receiver, stream or source went away in the middle */
};

/* Counters; of a shard, or summed of the whole run. */
struct weft_sim_totals {
    uint64_t chunks_stored;        /* verified and durable, twice counts twice */
    uint64_t chunks_begun;         /* transfers between nodes and from the source */
    uint64_t arriving;             /* transfers whose last byte has left */
    uint64_t arrived;              /* of them, at the receiver: stored, discarded or cut */
    uint64_t chunks_twice;         /* stored although they were there */
    uint64_t chunks_new;           /* stored for the first time, releases of the past included */
    uint64_t frames;               /* control frames delivered */
    uint64_t datagrams;            /* datagrams delivered */
    uint64_t datagrams_lost;       /* by --loss or because nobody was there */
    uint64_t datagrams_flipped;    /* of them, by --flip */
    uint64_t records_flipped;      /* streams that --flip-record has closed */
    uint64_t bodies_flipped;       /* chunks and documents that --flip-body has damaged */
    uint64_t steps;                /* events given to cores */
    uint64_t source_requests;      /* range requests */
    uint64_t source_refused;       /* of them, during an outage */
    uint64_t source_slow;          /* of them, given up as too slow */
    uint64_t crashes;              /* nodes killed */
    struct weft_sim_losses losses; /* what did not arrive */
    uint32_t complete;             /* nodes that have activated the newest release and live */
    uint32_t gone;                 /* nodes that are down for good */
    uint32_t away;                 /* nodes that are down and will start again */
    uint32_t planned;              /* faults in the shard's queue that still happen */
};

/* The machines that one thread simulates by itself for a window: those of a site, or the source, or
 * all of them where sites are too near to each other. */
struct weft_sim_shard {
    /* What the others look at after every window comes first, so that it is on a few cache lines:
     * it was another thread that wrote them. */
    _Alignas(64) struct weft_sim_world *world; /* the others; read only during a window */
    struct weft_sim_queue *queue;              /* what happens next here */
    struct weft_sim_mail mail;                 /* what happens next elsewhere */
    struct weft_sim_far far;                   /* flows to other sites that began or ended */
    bool is_rated;                     /* a pipe began, or has another rate, since the last look */
    uint32_t index;                    /* of the shard */
    uint32_t first_node;               /* its nodes are these */
    uint32_t end_node;                 /* up to this one, exclusive */
    struct weft_sim_totals totals;     /* counters */
    struct weft_sim_checks checks;     /* invariants */
    struct weft_sim_lan lan;           /* how fast bytes move inside the site */
    struct weft_sim_buffers buffers;   /* long messages on their way */
    struct weft_sim_record record;     /* trace hash */
    struct weft_sim_roster roster;     /* what machines here say of themselves */
    struct weft_sim_pool pipes;        /* directions of connections that carry bulk */
    struct weft_sim_pool uploads;      /* chunks waiting or being sent to other nodes */
    struct weft_sim_pool fetches;      /* range requests that nodes here have open */
    struct weft_sim_pool answers;      /* range requests that the source answers */
    struct weft_action_queue *actions; /* of the thread in this window; borrowed */
    struct weft_sim_pool documents;    /* requests for documents that nodes here have open */
    struct weft_host host;             /* given to every core */
    struct weft_reserves reserves;     /* pieces of memory that its cores share */
    void *reserve_memory;              /* the pieces; owned */
    size_t reserve_bytes;              /* of reserve_memory */
    uint32_t stepped;                  /* node whose core is being stepped, or was last */
    uint32_t offered;                  /* slot of the stream whose OFFER is being stepped */
    weft_ns first_known_ns;            /* when the first node knew of the newest release */
    weft_ns last_known_ns;             /* when the last one did */
    weft_ns last_complete_ns;          /* when the last node completed it */
    uint32_t epoch_next;               /* name of the next stream opened from here */
    uint32_t band_count;               /* bands of slots that its nodes have taken */
    struct weft_sim_grudge *grudges;   /* peers that sent bad chunks; owned */
    uint32_t grudge_count;             /* entries of grudges */
    uint32_t grudge_room;              /* entries that fit */
};

struct weft_sim_world {
    const struct weft_sim_options *options; /* borrowed */
    struct weft_sim_topology topology;      /* who is where */
    struct weft_sim_network network;        /* lines: delays, and who is charged */
    struct weft_sim_backbone backbone;      /* how fast bytes move between sites */
    struct weft_sim_queue *agenda;          /* what concerns everybody */
    struct weft_sim_shard *shards;          /* shard_count of them; owned */
    uint32_t shard_count;                   /* sites and the source, or 1 */
    struct weft_sim_crew *crew;             /* threads; owned */
    struct weft_action_queue *actions;      /* one for each thread; owned */
    struct weft_sim_checks checks;          /* invariants: the first violation of all shards */
    struct weft_sim_faults faults;          /* what goes wrong */
    struct weft_sim_mishaps mishaps;        /* of the menu, what is wrong now */
    struct weft_sim_releases releases;      /* what is distributed, and when */
    struct weft_sim_decisions *decisions;   /* lines of text; NULL = none; owned */
    struct weft_sim_watch *watch;           /* what a report needs; NULL = none; owned */
    struct weft_sim_screen screen;          /* the terminal, if somebody looks on */
    struct weft_sim_progress progress;      /* lines for somebody who does not */
    struct weft_sim_node *nodes;            /* node_count of them; owned */
    uint32_t node_count;                    /* nodes */
    uint32_t hostile_count;                 /* of them, nodes that nothing is owed to */
    uint32_t ends_max;                      /* streams of one node */
    uint32_t bands_max;                     /* bands of them, see stream.h */
    uint32_t *bands;                        /* numbers of the bands of each node; owned */
    struct weft_config config;              /* of every core; seed differs */
    uint8_t *cores;                         /* memory of all cores; owned */
    size_t core_bytes;                      /* of one core, a multiple of 64 */
    uint64_t *haves;                        /* chunks on each node's disk; owned */
    uint32_t have_words;                    /* words of one node's set */
    uint32_t *peers;                        /* node at the other end of each slot; owned */
    uint32_t *remembered;                   /* peers on disk + 1, of nodes that crashed; owned */
    struct weft_sim_end *ends;              /* ends of streams, see stream.h; owned */
    struct weft_sim_beacon *beacons;        /* timer of each node, see beacon.h; owned */
    weft_ns window_ns;                      /* longest window */
    weft_ns now_ns;                         /* all shards have come so far */
    weft_ns end_ns;                         /* of the window being simulated */
    weft_ns limit_ns;                       /* the run is over then in any case */
    bool source_up;                         /* the source answers */
    uint32_t source_version;                /* timestamp version the source shows */
    uint64_t *control_mark;                 /* control bytes up of each node at the mark; owned */
    uint64_t *control_zero;                 /* the same at time zero; owned */
    uint64_t wire_zero;                     /* bytes on the wire into sites at time zero */
    weft_ns mark_ns;                        /* when the idle measurement began */
    bool interrupted;                       /* Ctrl-C */
    struct weft_sim_seen *seen;             /* what the checks remember of each node; owned */
    uint64_t meetings;                      /* windows so far */
    uint64_t lines_due;                     /* so many, and the lines are looked at again */
    uint64_t operations;                    /* with --fail-nth: that could have failed so far */
    uint64_t window_entries;                /* entries handled in the last window */
    weft_ns busy_ns;                        /* when control traffic is looked at again */
    weft_ns settle_ns;                      /* the run is over then; 0 = not known yet */
    weft_ns wounded_ns;                     /* settling: not all was as it has to be then */
    weft_ns healed_look_ns;                 /* settling: when it is looked at again */
};

/* Make the world that |options| describe, with every node about to start.
 * Errors: false if the core refuses the configuration or the trace file cannot be written; a
 *         message was printed.
 * Owner:  the caller; ends with weft_sim_world_end(). Borrows |options|. */
bool weft_sim_world_begin(struct weft_sim_world *world, const struct weft_sim_options *options);

/* Have the run watched; before it begins. */
void weft_sim_world_watch(struct weft_sim_world *world);

/* Free everything. */
void weft_sim_world_end(struct weft_sim_world *world);

/* The counters of all shards, summed. */
struct weft_sim_totals weft_sim_world_totals(const struct weft_sim_world *world);

/* Does the operation that begins now fail, as --fail-nth wants? Such runs have one shard. */
static inline bool weft_sim_world_fails(struct weft_sim_world *world)
{
    return world->options->fail_nth != 0 && ++world->operations == world->options->fail_nth;
}

/* Between windows: give |event| to the core of |node| in its shard. */
void weft_sim_world_step(struct weft_sim_world *world, uint32_t node, struct weft_event *event);

/* Put something into the agenda: |kind| happens at |time_ns| with these words. */
void weft_sim_world_agree(struct weft_sim_world *world, weft_ns time_ns, enum weft_sim_kind kind,
                          uint64_t first, uint64_t second);

/* Write what the shards counted so far into the newest release. */
void weft_sim_world_count_release(struct weft_sim_world *world);

/* The shard of |node|, which may be WEFT_SIM_SOURCE. */
struct weft_sim_shard *weft_sim_world_shard(const struct weft_sim_world *world, uint32_t node);

/* --- world_run.c --- */

/* Let time pass until every living node has the newest release, the time limit is over, an
 * invariant is violated, or |stop| is set by a signal. */
void weft_sim_world_run(struct weft_sim_world *world, const volatile int *stop);

/* --- shard.c --- */

/* Make shard |index| for the nodes [first, end). */
void weft_sim_shard_begin(struct weft_sim_shard *shard, struct weft_sim_world *world,
                          uint32_t index, uint32_t first_node, uint32_t end_node);

/* Free what it owns. */
void weft_sim_shard_end(struct weft_sim_shard *shard);

/* Handle every entry before the end of the window. */
void weft_sim_shard_run(struct weft_sim_shard *shard, weft_ns end_ns);

/* Virtual time of the shard. */
static inline weft_ns weft_sim_now(const struct weft_sim_shard *shard)
{
    return weft_sim_queue_now(shard->queue);
}

/* Let an entry of |kind| happen to |node| (or WEFT_SIM_SOURCE) at |time_ns|, in this shard or in
 * another; its other fields are zeroed. For another shard the time is behind the window's end.
 * Owner: the queue or the mail; valid until the next call. */
struct weft_sim_entry *weft_sim_shard_push(struct weft_sim_shard *shard, weft_ns time_ns,
                                           enum weft_sim_kind kind, uint32_t node);

/* Put |bytes| into a message entry: behind its tag if they fit, else into a buffer. */
void weft_sim_shard_put(struct weft_sim_shard *shard, struct weft_sim_entry *entry,
                        const uint8_t *bytes, uint32_t length);

/* The bytes of a message entry that arrived; valid until weft_sim_shard_drop_bytes(). */
const uint8_t *weft_sim_shard_bytes(const struct weft_sim_shard *shard,
                                    const struct weft_sim_entry *entry);

/* The bytes of a message entry were used. */
void weft_sim_shard_drop_bytes(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* Hand the letters of |shard| over to the shards they are for. Between windows. */
void weft_sim_shard_deliver(struct weft_sim_shard *shard);

#endif
