/* SPDX-License-Identifier: Apache-2.0 */
/* Where does the demo live? A directory of its own, removed at the end whatever happens: a small
 * process waits for the demo to be over, even if it is killed, and then removes it. Also: what is
 * distributed, and is there room for it. */
#ifndef WEFT_DEMO_PLACE_H
#define WEFT_DEMO_PLACE_H

#include "demo_options.h"

#include <sys/types.h>

struct weft_demo_place {
    char directory[1024]; /* absolute */
    char payload[4096];   /* what is distributed: absolute path */
    bool payload_is_tree; /* a directory */
    uint64_t bytes;       /* of its files */
    uint64_t disk_bytes;  /* what they take on a disk */
    uint64_t files;       /* in it */
    pid_t cleaner;        /* process that removes the directory; 0 = none */
    int cleaner_pipe;     /* closing it starts the removal; -1 = none */
};

/* Look at the payload, check disk space, make the directory, and the random file if no path was
 * given.
 * Errors: false, and |message| for people; message[size]. weft_demo_place_leave() all the same. */
bool weft_demo_place_open(struct weft_demo_place *place, const struct weft_demo_options *options,
                          char *message, size_t size);

/* Remove everything, and wait until it is done; with |keep|, only stop guarding it. */
void weft_demo_place_leave(struct weft_demo_place *place, bool keep);

#endif
