/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's directory: made with enough room, removed without fail. */
#include "demo_place.h"

#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    WALK_FILES_MAX = 32,   /* descriptors a walk may hold */
    BLOCK_BYTES = 4096,    /* a file takes whole blocks */
    WRITE_BYTES = 1 << 20, /* of the random file at a time */
    CLEAN_TRIES = 20,      /* removals until the directory is gone */
    CLEAN_PAUSE_MS = 100,  /* between two of them */
    INODES_PER_NODE = 64,  /* beside the files of a tree */
    SPARE_BYTES = 16 << 20 /* per node: metadata, indexes, logs */
};

/* nftw() hands nothing through: one walk at a time. */
static uint64_t walk_files;
static uint64_t walk_bytes;
static uint64_t walk_disk_bytes;

static int count_entry(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)path;
    (void)where;
    walk_files++;
    if (kind == FTW_F) {
        uint64_t bytes = (uint64_t)entry->st_size;
        walk_bytes += bytes;
        walk_disk_bytes += (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    } else {
        walk_disk_bytes += BLOCK_BYTES;
    }
    return 0;
}

static bool look_at_payload(struct weft_demo_place *place, const char *path, char *message,
                            size_t size)
{
    struct stat entry;
    if (realpath(path, place->payload) == NULL || stat(place->payload, &entry) != 0 ||
        access(place->payload, R_OK) != 0) {
        snprintf(message, size, "cannot read %.300s: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(entry.st_mode) && !S_ISDIR(entry.st_mode)) {
        snprintf(message, size, "%.300s is neither a file nor a directory", path);
        return false;
    }
    place->payload_is_tree = S_ISDIR(entry.st_mode);
    walk_files = 0;
    walk_bytes = 0;
    walk_disk_bytes = 0;
    if (nftw(place->payload, count_entry, WALK_FILES_MAX, FTW_PHYS) != 0) {
        snprintf(message, size, "cannot look through %.300s: %s", path, strerror(errno));
        return false;
    }
    place->bytes = walk_bytes;
    place->disk_bytes = walk_disk_bytes;
    place->files = walk_files;
    return true;
}

/* A release lies on each node twice, in the store and activated (once where the file system shares
 * blocks); the repository holds one more copy, and the random file is one itself. */
static bool has_room(const struct weft_demo_place *place, const struct weft_demo_options *options,
                     const char *base, char *message, size_t size)
{
    struct statvfs disk;
    if (statvfs(base, &disk) != 0) {
        snprintf(message, size, "cannot use %.300s: %s", base, strerror(errno));
        return false;
    }
    uint64_t copies = 2 * (uint64_t)options->nodes + (options->path == NULL ? 2 : 1);
    uint64_t spare = SPARE_BYTES * ((uint64_t)options->nodes + 1);
    uint64_t wanted = place->disk_bytes > (UINT64_MAX - spare) / copies
                          ? UINT64_MAX
                          : place->disk_bytes * copies + spare;
    uint64_t there = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (there < wanted) {
        snprintf(message, size,
                 "%.300s has %s free, but %u nodes with %s each need about %s; set TMPDIR to a "
                 "larger disk, or take fewer --nodes%s",
                 base, weft_units_bytes(there).text, (unsigned)options->nodes,
                 weft_units_bytes(place->bytes).text, weft_units_bytes(wanted).text,
                 options->path == NULL ? " or a smaller --size" : "");
        return false;
    }
    uint64_t inodes = (place->files + INODES_PER_NODE) * options->nodes;
    if (disk.f_files > 0 && disk.f_favail < inodes) {
        snprintf(message, size,
                 "%.300s has room for %llu more files, but %llu are needed; set "
                 "TMPDIR to another disk",
                 base, (unsigned long long)disk.f_favail, (unsigned long long)inodes);
        return false;
    }
    return true;
}

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)entry;
    (void)kind;
    (void)where;
    remove(path);
    return 0;
}

/* A tree may hold directories that nothing can be removed from. */
static int open_up(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)where;
    if (kind == FTW_D && (entry->st_mode & S_IRWXU) != S_IRWXU) {
        chmod(path, 0700);
    }
    return 0;
}

static void pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* In the cleaner: wait until the demo closes its end, by wish or by death, then remove. Nodes that
 * die at the same moment may still write, hence several tries. */
static void clean(const char *directory, int pipe_end)
{
    char word = 0;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, "weft-demo-clean");
    while (read(pipe_end, &word, 1) < 0 && errno == EINTR) {
    }
    for (int i = 0; word != 'k' && i < CLEAN_TRIES && access(directory, F_OK) == 0; i++) {
        nftw(directory, open_up, WALK_FILES_MAX, FTW_PHYS);
        nftw(directory, remove_entry, WALK_FILES_MAX, FTW_DEPTH | FTW_PHYS);
        if (access(directory, F_OK) == 0) {
            pause_ms(CLEAN_PAUSE_MS);
        }
    }
    _exit(0);
}

static bool start_cleaner(struct weft_demo_place *place)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        close(ends[1]);
        clean(place->directory, ends[0]);
    }
    close(ends[0]);
    place->cleaner = pid > 0 ? pid : 0;
    place->cleaner_pipe = ends[1];
    return pid > 0;
}

static bool make_directory(struct weft_demo_place *place, const char *base, char *message,
                           size_t size)
{
    snprintf(place->directory, sizeof(place->directory), "%.900s/weft-demo.XXXXXX", base);
    if (mkdtemp(place->directory) == NULL) {
        snprintf(message, size, "cannot make a directory in %.300s: %s", base, strerror(errno));
        place->directory[0] = '\0';
        return false;
    }
    if (!start_cleaner(place)) {
        snprintf(message, size, "cannot start a process: %s", strerror(errno));
        rmdir(place->directory);
        return false;
    }
    return true;
}

static bool write_random(FILE *file, uint64_t bytes)
{
    static unsigned char block[WRITE_BYTES];
    while (bytes > 0) {
        size_t length = bytes < sizeof(block) ? (size_t)bytes : sizeof(block);
        randombytes_buf(block, length);
        if (fwrite(block, 1, length, file) != length) {
            return false;
        }
        bytes -= length;
    }
    return true;
}

static bool make_payload(struct weft_demo_place *place, uint64_t bytes, char *message, size_t size)
{
    snprintf(place->payload, sizeof(place->payload), "%s/payload.bin", place->directory);
    FILE *file = fopen(place->payload, "wbxe");
    bool written = file != NULL && write_random(file, bytes);
    if ((file != NULL && fclose(file) != 0) || !written) {
        snprintf(message, size, "cannot write %.900s: %s", place->payload, strerror(errno));
        return false;
    }
    return true;
}

bool weft_demo_place_open(struct weft_demo_place *place, const struct weft_demo_options *options,
                          char *message, size_t size)
{
    char base[PATH_MAX];
    const char *wished = getenv("TMPDIR");
    wished = wished != NULL && wished[0] != '\0' ? wished : "/tmp";
    memset(place, 0, sizeof(*place));
    place->cleaner_pipe = -1;
    place->bytes = options->size_bytes;
    place->disk_bytes = options->size_bytes;
    place->files = 1;
    if (options->path != NULL && !look_at_payload(place, options->path, message, size)) {
        return false;
    }
    if (sodium_init() < 0 || realpath(wished, base) == NULL) {
        snprintf(message, size, "cannot use %.300s: %s", wished, strerror(errno));
        return false;
    }
    return has_room(place, options, base, message, size) &&
           make_directory(place, base, message, size) &&
           (options->path != NULL || make_payload(place, options->size_bytes, message, size));
}

void weft_demo_place_leave(struct weft_demo_place *place, bool keep)
{
    int status;
    if (place->cleaner == 0) {
        return;
    }
    if (keep && write(place->cleaner_pipe, "k", 1) != 1) {
        fprintf(stderr, "weft demo: %s cannot be kept\n", place->directory);
    }
    close(place->cleaner_pipe);
    while (waitpid(place->cleaner, &status, 0) < 0 && errno == EINTR) {
    }
    place->cleaner = 0;
}
