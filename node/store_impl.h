/* SPDX-License-Identifier: Apache-2.0 */
/* What the files store*.c share: the tables of a store and its jobs. For nobody else.
 *
 * Each piece of work is a job: |work| runs in the thread pool, then |after| on the loop thread. A
 * job keeps its store and release alive until weft_store_job_end(). Long work is cut into slices of
 * WEFT_STORE_SLICE_BYTES, so that no worker is taken for more than a fraction of a second and
 * closing does not wait for the scan of gigabytes. */
#ifndef WEFT_STORE_IMPL_H
#define WEFT_STORE_IMPL_H

#include "node/store.h"
#include "protocol/limits.h"
#include "protocol/trust/index.h"
#include "protocol/trust/sha256.h"

/* Bytes scanned by one job before others get their turn. */
#define WEFT_STORE_SLICE_BYTES (UINT64_C(64) << 20)

/* Bytes of "0123456789abcdef.data" with its NUL. */
#define WEFT_STORE_NAME_BYTES 22

struct weft_store_job;

struct weft_store_release {
    struct weft_store_release *next;     /* in weft_store.releases */
    weft_release_id id;                  /* not 0 */
    uint64_t bytes;                      /* of the whole */
    uint32_t chunk_count;                /* 1..WEFT_CHUNKS_MAX */
    uint64_t *offsets;                   /* [chunk_count + 1]; owned */
    uint8_t *hashes;                     /* [chunk_count * WEFT_SHA256_BYTES]; owned */
    int fd;                              /* of ID.part or ID.data; -1 = not open yet */
    uint8_t *have;                       /* bitmap, LSB first: verified once and durable; owned */
    uint8_t *checked;                    /* bitmap: verified by this process; owned */
    uint32_t have_count;                 /* bits in have */
    uint64_t have_bytes;                 /* bytes of the chunks in have */
    bool fresh;                          /* name and size of the file may not be durable yet */
    bool ready;                          /* the scan is over; before, only the scan touches have */
    bool finished;                       /* the file is ID.data */
    int64_t stamp_ns;                    /* its time of change when checked began to count */
    bool removed;                        /* not in the list any more; goes with its last job */
    uint32_t jobs;                       /* jobs that refer to it */
    bool committing;                     /* an fdatasync is under way */
    uint64_t epoch;                      /* failed fdatasyncs: writes begun before one are lost */
    struct weft_store_job *written;      /* jobs written, waiting for an fdatasync; oldest first */
    struct weft_store_job **written_end; /* where the next one is appended */
};

struct weft_store {
    struct weft_store_options options;   /* as given; data_dir is owned */
    int lock_fd;                         /* DATA/lock, with the lock */
    int dir_fd;                          /* DATA/releases */
    struct weft_store_release *releases; /* added and not removed */
    uint64_t queued_bytes;               /* of chunks in memory */
    uint32_t job_count;                  /* jobs alive */
    bool closing;                        /* weft_store_close() was called */
    void (*closed)(void *context);       /* given there; may be NULL */
    void *closed_context;                /* passed to closed */
};

/* A walk over the chunks of a file, in slices. */
struct weft_store_walk {
    uint8_t *buffer;      /* [WEFT_CHUNK_BYTES_MAX]; owned */
    uint8_t *found;       /* bitmap of the chunks that verify; owned */
    uint32_t found_count; /* bits in found */
    uint32_t next;        /* chunk to look at */
    uint64_t data_end;    /* end of the data region that covers the chunk looked at last */
    uint64_t hole_end;    /* end of the hole that covers the chunk looked at last */
    uint32_t zero_length; /* bytes that zero_hash is the hash of */
    uint8_t zero_hash[WEFT_SHA256_BYTES]; /* of zero_length zeros; valid if zero_known */
    bool zero_known;                      /* zero_hash is valid */
};

struct weft_store_job {
    uv_work_t request;                         /* of libuv; data = the job */
    struct weft_store *store;                  /* never NULL */
    struct weft_store_release *release;        /* NULL = concerns none */
    void (*work)(struct weft_store_job *job);  /* in the pool; NULL = nothing to do */
    void (*after)(struct weft_store_job *job); /* on the loop; ends or runs the job again */
    struct weft_store_job *next;               /* in a list of jobs */
    enum weft_err err;                         /* result so far */
    struct weft_message message;               /* what to log with err; empty = nothing */
    uint32_t chunk;                            /* index */
    uint32_t length;                           /* of bytes */
    uint8_t *bytes;                            /* a chunk, or a list of names; owned */
    uint64_t epoch;                            /* of the release when the job began */
    bool held;                                 /* the chunk needs no writing, or no checking */
    bool finished;                             /* scan: ID.data was found; read: it is ID.data */
    int64_t stamp_ns;                          /* read: time of change of the file */
    struct weft_store_walk *walk;              /* owned; NULL = none */
    weft_store_done *done;                     /* one of the three is set */
    weft_store_bytes *done_bytes;              /* see done */
    weft_store_added *added;                   /* see done */
    void *context;                             /* passed to it */
};

/* A job for |release| (may be NULL); run it with weft_store_job_run().
 * Errors: NULL if out of memory. Owner: the store, until weft_store_job_end(). */
struct weft_store_job *weft_store_job_new(struct weft_store *store,
                                          struct weft_store_release *release);

/* Run |work| in the pool, then |after| on the loop. The job is not in the pool already. */
void weft_store_job_run(struct weft_store_job *job, void (*work)(struct weft_store_job *job),
                        void (*after)(struct weft_store_job *job));

/* Release a job with all it owns; then its release if it was removed, and the store if it closes
 * and this was the last job. Callbacks were called before. */
void weft_store_job_end(struct weft_store_job *job);

/* Is the result of |job| of no use any more: store closing, or release removed? */
bool weft_store_job_is_stale(const struct weft_store_job *job);

/* The release |id|, or NULL if it is not added. */
struct weft_store_release *weft_store_find(const struct weft_store *store, weft_release_id id);

/* Write the file name of |id| with |suffix| ("part" or "data"). */
void weft_store_name(char name[WEFT_STORE_NAME_BYTES], weft_release_id id, const char *suffix);

/* Log a formatted line through the options. */
void weft_store_log(const struct weft_store *store, enum weft_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A release that holds nothing yet, a copy of |index|; not in the list.
 * Errors: NULL if out of memory. */
struct weft_store_release *weft_store_release_new(const struct weft_index *index);

/* Close its file and release it; NULL is allowed. */
void weft_store_release_free(struct weft_store_release *release);

/* When the content of the file changed last; 0 if that cannot be told. Nobody writes into ID.data:
 * another time than before means that the chunks have to be verified again. */
int64_t weft_store_stamp_ns(int fd);

/* Make what was written to the file durable; for the pool, one at a time. The first time that is
 * its name and size, too, which fdatasync does not cover.
 * Errors: IO, DISK_FULL; |message| says more. */
enum weft_err weft_store_flush(const struct weft_store *store, struct weft_store_release *release,
                               struct weft_message *message);

/* Note that |chunk| is held (verified and durable), or not any more. */
void weft_store_hold(struct weft_store_release *release, uint32_t chunk, bool held);

/* Note that |chunk| does not verify or cannot be read any more: a finished release becomes an
 * unfinished one, and the owner of the store is told. */
void weft_store_damage(struct weft_store *store, struct weft_store_release *release, uint32_t chunk,
                       enum weft_err err);

/* A walk from the first chunk on. Errors: NULL if out of memory. Owner: weft_store_walk_free(). */
struct weft_store_walk *weft_store_walk_new(uint32_t chunk_count);

/* Release a walk; NULL is allowed. */
void weft_store_walk_free(struct weft_store_walk *walk);

/* Look at the next chunks, one slice of them; walk->found gets a bit for each that verifies. At the
 * end walk->next is the chunk count. For the pool. */
void weft_store_walk_slice(const struct weft_store_release *release, struct weft_store_walk *walk);

/* Is bit |index| of a bitmap set? */
static inline bool weft_store_bit(const uint8_t *bits, uint32_t index)
{
    return (bits[index / 8] >> (index % 8)) & 1;
}

/* Set bit |index| of a bitmap to |value|. */
static inline void weft_store_bit_put(uint8_t *bits, uint32_t index, bool value)
{
    uint8_t mask = (uint8_t)(1U << (index % 8));
    bits[index / 8] = (uint8_t)(value ? bits[index / 8] | mask : bits[index / 8] & ~mask);
}

/* Length of a chunk in bytes. */
static inline uint32_t weft_store_length(const struct weft_store_release *release, uint32_t chunk)
{
    return (uint32_t)(release->offsets[chunk + 1] - release->offsets[chunk]);
}

/* The hash a chunk must have. */
static inline const uint8_t *weft_store_hash(const struct weft_store_release *release,
                                             uint32_t chunk)
{
    return release->hashes + (size_t)chunk * WEFT_SHA256_BYTES;
}

#endif
