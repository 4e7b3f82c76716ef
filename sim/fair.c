/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how fast is each flow?".
 *
 * weft_sim_fair_solve() keeps a set of flows to be rated: first those on links that changed. The
 * set is filled progressively: all its flows rise together, each as steeply as its weight says, and
 * those on the link that is full first stay at that level, until all have stopped; flows outside
 * keep their rates. Then every touched link is looked at: a flow outside that lost its bottleneck,
 * or is faster than one that the link holds back, joins the set, and the filling starts again. When
 * nobody joins, every flow has a bottleneck: the rates are max-min fair. The set stays small where
 * links are not full. */
#include "fair.h"
#include "memory.h"

#define NONE UINT32_MAX

struct hop {
    uint32_t link; /* number */
    uint32_t next; /* next hop on the same link, as flow * HOPS + position; NONE = last */
    uint32_t prev; /* the one before; NONE = first */
};

struct flow {
    uint64_t rate;                       /* as of the last solve */
    uint64_t level;                      /* while solving: the new rate */
    uint64_t weight;                     /* its rate is that much of a level */
    uint64_t owner;                      /* the caller's name for it */
    uint32_t bottleneck;                 /* link that holds it back; NONE = none, or not rated */
    uint32_t hop_count;                  /* entries of hops */
    uint32_t next_free;                  /* list of free entries */
    bool chosen;                         /* in the set to be rated */
    bool stopped;                        /* while filling: has its rate */
    struct hop hops[WEFT_SIM_FAIR_HOPS]; /* its path */
};

struct link {
    uint64_t capacity; /* as given */
    uint64_t load;     /* sum of the rates of its flows */
    uint64_t left;     /* while filling: what the set may still use */
    uint64_t key;      /* while filling: place in the heap, a level that may have risen since */
    uint64_t fastest;  /* while checking: highest level of a flow of the set */
    uint64_t level;    /* while checking: at which it holds flows of the set; NEVER = none */
    uint32_t first;    /* first hop on it */
    uint32_t count;    /* flows on it */
    uint64_t rising;   /* while filling: weight of the flows of the set that still rise */
    uint64_t weight;   /* of all flows on it */
    bool touched;      /* has a flow of the set, or changed */
    bool dirty;        /* changed since the last solve */
};

/* An array that grows. */
struct list {
    uint32_t *items;
    uint32_t count;
    uint32_t room;
};

struct weft_sim_fair {
    struct flow *flows;
    uint32_t flow_count; /* ever used */
    uint32_t live_count; /* of them, not removed */
    uint32_t flow_room;
    uint32_t free_first;
    struct link *links;
    uint32_t link_count;
    uint32_t link_room;
    struct list dirty;   /* links that changed */
    struct list touched; /* links with flows of the set */
    struct list chosen;  /* the set */
    struct list heap;    /* touched links with rising flows, the one that is full first on top */
    struct list changed; /* flows with another rate than before */
};

#define HOLDS_NOBODY UINT64_MAX

/* --- arrays --- */

static void append(struct list *list, uint32_t item)
{
    if (list->count == list->room) {
        list->items = weft_sim_memory_grow(list->items, &list->room, sizeof(list->items[0]));
    }
    list->items[list->count++] = item;
}

static void discard(struct list *list)
{
    weft_sim_memory_give(list->items, list->room, sizeof(list->items[0]));
}

struct weft_sim_fair *weft_sim_fair_new(void)
{
    struct weft_sim_fair *fair = weft_sim_memory_take(1, sizeof(*fair));
    fair->free_first = NONE;
    return fair;
}

void weft_sim_fair_free(struct weft_sim_fair *fair)
{
    if (fair == NULL) {
        return;
    }
    discard(&fair->dirty);
    discard(&fair->touched);
    discard(&fair->chosen);
    discard(&fair->heap);
    discard(&fair->changed);
    weft_sim_memory_give(fair->flows, fair->flow_room, sizeof(fair->flows[0]));
    weft_sim_memory_give(fair->links, fair->link_room, sizeof(fair->links[0]));
    weft_sim_memory_give(fair, 1, sizeof(*fair));
}

/* --- links and flows --- */

static struct hop *hop_at(const struct weft_sim_fair *fair, uint32_t hop)
{
    return &fair->flows[hop / WEFT_SIM_FAIR_HOPS].hops[hop % WEFT_SIM_FAIR_HOPS];
}

static void mark_dirty(struct weft_sim_fair *fair, uint32_t link)
{
    if (!fair->links[link].dirty) {
        fair->links[link].dirty = true;
        append(&fair->dirty, link);
    }
}

uint32_t weft_sim_fair_add_link(struct weft_sim_fair *fair, uint64_t capacity)
{
    if (fair->link_count == fair->link_room) {
        fair->links = weft_sim_memory_grow(fair->links, &fair->link_room, sizeof(fair->links[0]));
    }
    fair->links[fair->link_count] = (struct link){.capacity = capacity, .first = NONE};
    return fair->link_count++;
}

void weft_sim_fair_set_capacity(struct weft_sim_fair *fair, uint32_t link, uint64_t capacity)
{
    if (fair->links[link].capacity != capacity) {
        fair->links[link].capacity = capacity;
        mark_dirty(fair, link);
    }
}

static uint32_t take_flow(struct weft_sim_fair *fair)
{
    if (fair->free_first != NONE) {
        uint32_t flow = fair->free_first;
        fair->free_first = fair->flows[flow].next_free;
        return flow;
    }
    if (fair->flow_count == fair->flow_room) {
        fair->flows = weft_sim_memory_grow(fair->flows, &fair->flow_room, sizeof(fair->flows[0]));
    }
    return fair->flow_count++;
}

static void put_hop(struct weft_sim_fair *fair, uint32_t flow, uint32_t position, uint32_t number)
{
    struct link *link = &fair->links[number];
    uint32_t hop = flow * WEFT_SIM_FAIR_HOPS + position;
    *hop_at(fair, hop) = (struct hop){.link = number, .next = link->first, .prev = NONE};
    if (link->first != NONE) {
        hop_at(fair, link->first)->prev = hop;
    }
    link->first = hop;
    link->count++;
    link->weight += fair->flows[flow].weight;
    mark_dirty(fair, number);
}

uint32_t weft_sim_fair_add(struct weft_sim_fair *fair, const uint32_t *links, uint32_t count,
                           uint64_t owner)
{
    return weft_sim_fair_add_weighted(fair, links, count, owner, 1);
}

uint32_t weft_sim_fair_add_weighted(struct weft_sim_fair *fair, const uint32_t *links,
                                    uint32_t count, uint64_t owner, uint32_t weight)
{
    uint32_t flow = take_flow(fair);
    fair->live_count++;
    fair->flows[flow] = (struct flow){.owner = owner,
                                      .weight = weight,
                                      .bottleneck = NONE,
                                      .hop_count = count,
                                      .next_free = NONE};
    if (count == 0) {
        fair->flows[flow].rate = WEFT_SIM_FAIR_UNLIMITED;
    }
    for (uint32_t i = 0; i < count; i++) {
        put_hop(fair, flow, i, links[i]);
    }
    return flow;
}

void weft_sim_fair_remove(struct weft_sim_fair *fair, uint32_t flow)
{
    struct flow *self = &fair->flows[flow];
    fair->live_count--;
    for (uint32_t i = 0; i < self->hop_count; i++) {
        const struct hop *hop = &self->hops[i];
        struct link *link = &fair->links[hop->link];
        if (hop->prev == NONE) {
            link->first = hop->next;
        } else {
            hop_at(fair, hop->prev)->next = hop->next;
        }
        if (hop->next != NONE) {
            hop_at(fair, hop->next)->prev = hop->prev;
        }
        link->count--;
        link->weight -= self->weight;
        link->load -= self->rate;
        mark_dirty(fair, hop->link);
    }
    self->next_free = fair->free_first;
    fair->free_first = flow;
}

/* --- the set --- */

static void touch(struct weft_sim_fair *fair, uint32_t number)
{
    struct link *link = &fair->links[number];
    if (!link->touched) {
        link->touched = true;
        append(&fair->touched, number);
    }
}

static void choose(struct weft_sim_fair *fair, uint32_t flow)
{
    struct flow *self = &fair->flows[flow];
    if (self->chosen) {
        return;
    }
    self->chosen = true;
    append(&fair->chosen, flow);
    for (uint32_t i = 0; i < self->hop_count; i++) {
        touch(fair, self->hops[i].link);
    }
}

static void choose_all_on(struct weft_sim_fair *fair, uint32_t link)
{
    for (uint32_t hop = fair->links[link].first; hop != NONE; hop = hop_at(fair, hop)->next) {
        choose(fair, hop / WEFT_SIM_FAIR_HOPS);
    }
}

/* --- progressive filling --- */

/* The level at which the link is full if nobody stops before. */
static uint64_t level_of(const struct link *link)
{
    return link->rising == 0 ? HOLDS_NOBODY : link->left / link->rising;
}

static bool is_before(const struct weft_sim_fair *fair, uint32_t a, uint32_t b)
{
    uint64_t left = fair->links[a].key;
    uint64_t right = fair->links[b].key;
    return left != right ? left < right : a < b;
}

static void sift_down(struct weft_sim_fair *fair, uint32_t hole)
{
    uint32_t *items = fair->heap.items;
    uint32_t count = fair->heap.count;
    uint32_t item = items[hole];
    for (;;) {
        uint32_t child = hole * 2 + 1;
        if (child >= count) {
            break;
        }
        child += child + 1 < count && is_before(fair, items[child + 1], items[child]);
        if (!is_before(fair, items[child], item)) {
            break;
        }
        items[hole] = items[child];
        hole = child;
    }
    items[hole] = item;
}

/* What the flows of the set may use of each touched link, and how many they are. */
static void begin_filling(struct weft_sim_fair *fair)
{
    for (uint32_t i = 0; i < fair->touched.count; i++) {
        struct link *link = &fair->links[fair->touched.items[i]];
        link->left = link->load; /* of all flows; the set's own part is taken off below */
        link->rising = 0;
        link->fastest = 0;
        link->level = HOLDS_NOBODY;
    }
    for (uint32_t i = 0; i < fair->chosen.count; i++) {
        struct flow *flow = &fair->flows[fair->chosen.items[i]];
        flow->stopped = false;
        for (uint32_t h = 0; h < flow->hop_count; h++) {
            struct link *link = &fair->links[flow->hops[h].link];
            link->left -= flow->rate;
            link->rising += flow->weight;
        }
    }
    fair->heap.count = 0;
    for (uint32_t i = 0; i < fair->touched.count; i++) {
        uint32_t number = fair->touched.items[i];
        struct link *link = &fair->links[number];
        link->left = link->capacity > link->left ? link->capacity - link->left : 0;
        link->key = level_of(link);
        if (link->rising > 0) {
            append(&fair->heap, number);
        }
    }
    for (uint32_t i = fair->heap.count / 2; i-- > 0;) {
        sift_down(fair, i);
    }
}

/* The flow has its rate: its links have less left for fewer. */
static void stop(struct weft_sim_fair *fair, struct flow *flow, uint64_t level, uint32_t bottleneck)
{
    flow->stopped = true;
    flow->level = level * flow->weight;
    flow->bottleneck = bottleneck;
    for (uint32_t h = 0; h < flow->hop_count; h++) {
        struct link *link = &fair->links[flow->hops[h].link];
        link->left -= flow->level;
        link->rising -= flow->weight;
        link->fastest = level > link->fastest ? level : link->fastest;
    }
}

/* The link is full: its flows that still rise stay at this level. */
static void stop_all_on(struct weft_sim_fair *fair, uint32_t number)
{
    struct link *link = &fair->links[number];
    uint64_t level = level_of(link);
    link->level = level;
    for (uint32_t hop = link->first; hop != NONE && link->rising > 0;) {
        struct flow *flow = &fair->flows[hop / WEFT_SIM_FAIR_HOPS];
        hop = hop_at(fair, hop)->next;
        if (flow->chosen && !flow->stopped) {
            stop(fair, flow, level, number);
        }
    }
}

/* The levels of the other links only rise when a flow stops, so keys are never too high: the link
 * on top is full next if its key is still right, else it is placed anew. */
static void fill(struct weft_sim_fair *fair)
{
    begin_filling(fair);
    struct list *heap = &fair->heap;
    while (heap->count > 0) {
        struct link *top = &fair->links[heap->items[0]];
        uint64_t level = level_of(top);
        if (level == top->key) {
            stop_all_on(fair, heap->items[0]);
            heap->items[0] = heap->items[--heap->count];
        } else if (level == HOLDS_NOBODY) {
            heap->items[0] = heap->items[--heap->count];
        } else {
            top->key = level;
        }
        if (heap->count > 1) {
            sift_down(fair, 0);
        }
    }
}

/* --- does everybody have a bottleneck? --- */

/* Flows outside the set that have to join it because of what happened on |link|. */
static void check_link(struct weft_sim_fair *fair, uint32_t number)
{
    const struct link *link = &fair->links[number];
    bool full = link->left <= WEFT_SIM_FAIR_SLACK * link->weight;
    for (uint32_t hop = link->first; hop != NONE; hop = hop_at(fair, hop)->next) {
        uint32_t flow = hop / WEFT_SIM_FAIR_HOPS;
        const struct flow *self = &fair->flows[flow];
        if (self->chosen) {
            continue;
        }
        uint64_t weight = self->weight;
        bool lost = self->bottleneck == number &&
                    (!full || self->rate + WEFT_SIM_FAIR_SLACK * weight < link->fastest * weight);
        bool greedy = link->level != HOLDS_NOBODY &&
                      self->rate > (link->level + WEFT_SIM_FAIR_SLACK) * weight;
        if (lost || greedy) {
            choose(fair, flow);
        }
    }
}

static bool has_joined(struct weft_sim_fair *fair)
{
    uint32_t before = fair->chosen.count;
    uint32_t links = fair->touched.count; /* those that join touch more; not looked at yet */
    for (uint32_t i = 0; i < links; i++) {
        uint32_t number = fair->touched.items[i];
        if (fair->links[number].count > 0) {
            check_link(fair, number);
        }
    }
    return fair->chosen.count > before;
}

/* --- taking the result over --- */

static void commit(struct weft_sim_fair *fair)
{
    for (uint32_t i = 0; i < fair->chosen.count; i++) {
        uint32_t number = fair->chosen.items[i];
        struct flow *flow = &fair->flows[number];
        flow->chosen = false;
        if (flow->level == flow->rate) {
            continue;
        }
        for (uint32_t h = 0; h < flow->hop_count; h++) {
            fair->links[flow->hops[h].link].load += flow->level - flow->rate;
        }
        flow->rate = flow->level;
        append(&fair->changed, number);
    }
    for (uint32_t i = 0; i < fair->touched.count; i++) {
        fair->links[fair->touched.items[i]].touched = false;
    }
    fair->chosen.count = 0;
    fair->touched.count = 0;
}

uint32_t weft_sim_fair_solve(struct weft_sim_fair *fair)
{
    fair->changed.count = 0;
    for (uint32_t i = 0; i < fair->dirty.count; i++) {
        fair->links[fair->dirty.items[i]].dirty = false;
        choose_all_on(fair, fair->dirty.items[i]);
    }
    fair->dirty.count = 0;
    do {
        fill(fair);
    } while (has_joined(fair));
    commit(fair);
    return fair->changed.count;
}

/* --- results --- */

uint32_t weft_sim_fair_changed(const struct weft_sim_fair *fair, uint32_t index)
{
    return fair->changed.items[index];
}

uint64_t weft_sim_fair_owner(const struct weft_sim_fair *fair, uint32_t flow)
{
    return fair->flows[flow].owner;
}

uint64_t weft_sim_fair_rate(const struct weft_sim_fair *fair, uint32_t flow)
{
    return fair->flows[flow].rate;
}

uint64_t weft_sim_fair_load(const struct weft_sim_fair *fair, uint32_t link)
{
    return fair->live_count == 0 ? 0 : fair->links[link].load;
}

uint64_t weft_sim_fair_capacity(const struct weft_sim_fair *fair, uint32_t link)
{
    return fair->links[link].capacity;
}

uint32_t weft_sim_fair_flows(const struct weft_sim_fair *fair, uint32_t link)
{
    return fair->links[link].count;
}
