/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who simulates which shard?": whoever is free takes the next one.
 *
 * A window lasts milliseconds at most, so the threads spin for a moment before they sleep: waking
 * one costs more than a short window. */
#include "crew.h"
#include "memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Looks at the clock of windows before a waiting thread gives up its processor. */
#define SPINS 2000
#define YIELDS 200

struct weft_sim_crew {
    uint32_t threads;         /* the caller's included */
    pthread_t *others;        /* threads - 1 of them; owned */
    weft_sim_work *work;      /* of this window */
    void *context;            /* of the work */
    uint32_t count;           /* shards of this window */
    _Atomic uint32_t next;    /* shard to be taken next */
    _Atomic uint32_t window;  /* grows when there is work */
    _Atomic uint32_t working; /* other threads that have not finished this window */
    atomic_bool ending;       /* the threads end */
    pthread_mutex_t lock;     /* of those that sleep */
    pthread_cond_t wake;      /* there is work, or an end */
    uint32_t sleeping;        /* threads that wait for |wake|; under the lock */
};

struct hand {
    struct weft_sim_crew *crew;
    uint32_t worker;
};

static void take_shards(struct weft_sim_crew *crew, uint32_t worker)
{
    uint32_t index = atomic_fetch_add(&crew->next, 1);
    while (index < crew->count) {
        crew->work(crew->context, index, worker);
        index = atomic_fetch_add(&crew->next, 1);
    }
}

static bool is_called(struct weft_sim_crew *crew, uint32_t seen)
{
    return atomic_load(&crew->window) != seen || atomic_load(&crew->ending);
}

static void wait_for_window(struct weft_sim_crew *crew, uint32_t seen)
{
    for (uint32_t i = 0; i < SPINS + YIELDS; i++) {
        if (is_called(crew, seen)) {
            return;
        }
        if (i >= SPINS) {
            sched_yield();
        }
    }
    pthread_mutex_lock(&crew->lock);
    crew->sleeping++;
    while (!is_called(crew, seen)) {
        pthread_cond_wait(&crew->wake, &crew->lock);
    }
    crew->sleeping--;
    pthread_mutex_unlock(&crew->lock);
}

static void *work_along(void *argument)
{
    struct hand hand = *(struct hand *)argument;
    weft_sim_memory_give(argument, 1, sizeof(hand));
    uint32_t seen = 0;
    for (;;) {
        wait_for_window(hand.crew, seen);
        if (atomic_load(&hand.crew->ending)) {
            return NULL;
        }
        seen++;
        take_shards(hand.crew, hand.worker);
        atomic_fetch_sub(&hand.crew->working, 1);
    }
}

struct weft_sim_crew *weft_sim_crew_new(uint32_t threads)
{
    struct weft_sim_crew *crew = weft_sim_memory_take(1, sizeof(*crew));
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->wake, NULL);
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

static void call(struct weft_sim_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    if (crew->sleeping > 0) {
        pthread_cond_broadcast(&crew->wake);
    }
    pthread_mutex_unlock(&crew->lock);
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
    weft_sim_memory_give(crew->others, crew->threads, sizeof(crew->others[0]));
    pthread_cond_destroy(&crew->wake);
    pthread_mutex_destroy(&crew->lock);
    weft_sim_memory_give(crew, 1, sizeof(*crew));
}

uint32_t weft_sim_crew_size(const struct weft_sim_crew *crew)
{
    return crew->threads;
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
    crew->work = work;
    crew->context = context;
    crew->count = count;
    atomic_store(&crew->next, 0);
    atomic_store(&crew->working, crew->threads - 1);
    atomic_fetch_add(&crew->window, 1);
    call(crew);
    take_shards(crew, 0);
    while (atomic_load(&crew->working) > 0) {
        sched_yield();
    }
}
