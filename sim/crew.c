/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who simulates which shard?": the same thread as in the window before, whose cache holds
 * the shard's memory; only if it is late with it, another one that is done.
 *
 * A window lasts milliseconds at most, so the threads spin for a moment before they sleep: waking
 * one costs more than a short window. */
#include "crew.h"
#include "memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Looks at what another thread has to do before a waiting one gives up its processor, or takes a
 * shard that the other has not begun. */
#define SPINS 2000
#define YIELDS 200

/* What one thread has to do in a window, in a cache line of its own: the caller writes it, the
 * thread takes shard by shard. */
struct share {
    _Alignas(64) _Atomic uint32_t window; /* number of the newest window */
    _Atomic uint32_t done;                /* number of the window that the thread has finished */
    _Atomic uint32_t next;                /* shard to be taken next */
    uint32_t end;                         /* one behind the last */
    weft_sim_work *work;                  /* on each of them */
    void *context;                        /* of the work */
};

struct weft_sim_crew {
    uint32_t threads;           /* the caller's included */
    uint32_t room;              /* of shares and others */
    struct share *shares;       /* one for each thread; owned */
    pthread_t *others;          /* threads - 1 of them; owned */
    atomic_bool ending;         /* the threads end */
    pthread_mutex_t lock;       /* of those that sleep */
    pthread_cond_t wake;        /* there is work, or an end */
    _Atomic uint32_t sleepings; /* threads that wait for |wake| */
};

struct hand {
    struct weft_sim_crew *crew;
    uint32_t worker;
};

/* Let |worker| do what is left of a share. */
static void take_shards(struct share *share, uint32_t worker)
{
    uint32_t index = atomic_fetch_add(&share->next, 1);
    while (index < share->end) {
        share->work(share->context, index, worker);
        index = atomic_fetch_add(&share->next, 1);
    }
}

/* Is there still a shard that nobody has begun, after a moment? */
static bool is_late(struct share *share)
{
    bool is_left = true;
    for (uint32_t i = 0; i < SPINS && is_left; i++) {
        is_left = atomic_load(&share->next) < share->end;
    }
    return is_left;
}

static void help_others(struct weft_sim_crew *crew, uint32_t worker)
{
    for (uint32_t i = 1; i < crew->threads; i++) {
        struct share *share = &crew->shares[(worker + i) % crew->threads];
        if (is_late(share)) {
            take_shards(share, worker);
        }
    }
}

static bool is_called(struct weft_sim_crew *crew, const struct share *share, uint32_t seen)
{
    return atomic_load(&share->window) != seen || atomic_load(&crew->ending);
}

static void wait_for_window(struct weft_sim_crew *crew, const struct share *share, uint32_t seen)
{
    for (uint32_t i = 0; i < SPINS + YIELDS; i++) {
        if (is_called(crew, share, seen)) {
            return;
        }
        if (i >= SPINS) {
            sched_yield();
        }
    }
    pthread_mutex_lock(&crew->lock);
    atomic_fetch_add(&crew->sleepings, 1);
    while (!is_called(crew, share, seen)) {
        pthread_cond_wait(&crew->wake, &crew->lock);
    }
    atomic_fetch_sub(&crew->sleepings, 1);
    pthread_mutex_unlock(&crew->lock);
}

static void *work_along(void *argument)
{
    struct hand hand = *(struct hand *)argument;
    struct share *share = &hand.crew->shares[hand.worker];
    weft_sim_memory_give(argument, 1, sizeof(hand));
    uint32_t seen = 0;
    for (;;) {
        wait_for_window(hand.crew, share, seen);
        if (atomic_load(&hand.crew->ending)) {
            return NULL;
        }
        seen++;
        take_shards(share, hand.worker);
        help_others(hand.crew, hand.worker);
        atomic_store(&share->done, seen);
    }
}

struct weft_sim_crew *weft_sim_crew_new(uint32_t threads)
{
    struct weft_sim_crew *crew = weft_sim_memory_take(1, sizeof(*crew));
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->wake, NULL);
    crew->room = threads;
    crew->shares = weft_sim_memory_take(threads, sizeof(crew->shares[0]));
    crew->others = weft_sim_memory_take(threads, sizeof(crew->others[0]));
    for (crew->threads = 1; crew->threads < threads; crew->threads++) {
        struct hand *hand = weft_sim_memory_take(1, sizeof(*hand));
        *hand = (struct hand){.crew = crew, .worker = crew->threads};
        if (pthread_create(&crew->others[crew->threads - 1], NULL, work_along, hand) != 0) {
            weft_sim_memory_give(hand, 1, sizeof(*hand));
            break;
        }
    }
    return crew;
}

/* Wake who sleeps. Whoever is about to has counted itself, or will see what it is woken for. */
static void call(struct weft_sim_crew *crew)
{
    if (atomic_load(&crew->sleepings) > 0) {
        pthread_mutex_lock(&crew->lock);
        pthread_cond_broadcast(&crew->wake);
        pthread_mutex_unlock(&crew->lock);
    }
}

void weft_sim_crew_free(struct weft_sim_crew *crew)
{
    if (crew == NULL) {
        return;
    }
    atomic_store(&crew->ending, true);
    call(crew);
    for (uint32_t i = 1; i < crew->threads; i++) {
        pthread_join(crew->others[i - 1], NULL);
    }
    weft_sim_memory_give(crew->others, crew->room, sizeof(crew->others[0]));
    weft_sim_memory_give(crew->shares, crew->room, sizeof(crew->shares[0]));
    pthread_cond_destroy(&crew->wake);
    pthread_mutex_destroy(&crew->lock);
    weft_sim_memory_give(crew, 1, sizeof(*crew));
}

uint32_t weft_sim_crew_size(const struct weft_sim_crew *crew)
{
    return crew->threads;
}

/* Wait until a thread has finished the window that its share is of. */
static void wait_for(const struct share *share)
{
    for (uint32_t i = 0; atomic_load(&share->done) != atomic_load(&share->window); i++) {
        if (i >= SPINS) {
            sched_yield();
        }
    }
}

void weft_sim_crew_run(struct weft_sim_crew *crew, weft_sim_work *work, void *context,
                       uint32_t count)
{
    if (crew->threads == 1) {
        for (uint32_t i = 0; i < count; i++) {
            work(context, i, 0);
        }
        return;
    }
    for (uint32_t i = 0; i < crew->threads; i++) {
        struct share *share = &crew->shares[i];
        share->work = work;
        share->context = context;
        share->end = (uint32_t)((uint64_t)count * (i + 1) / crew->threads);
        atomic_store(&share->next, (uint32_t)((uint64_t)count * i / crew->threads));
    }
    for (uint32_t i = 1; i < crew->threads; i++) {
        atomic_fetch_add(&crew->shares[i].window, 1);
    }
    call(crew);
    take_shards(&crew->shares[0], 0);
    help_others(crew, 0);
    for (uint32_t i = 1; i < crew->threads; i++) {
        wait_for(&crew->shares[i]);
    }
}
