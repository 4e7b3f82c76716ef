/* SPDX-License-Identifier: Apache-2.0 */
/* The register in memory, shared by register*.c and included by nobody else. What each answers:
 *   register.c         who gets in
 *   register_revoke.c  who is thrown out
 *   register_rotate.c  how the mesh gets another key
 *   register_file.c    how it lies on disk */
#ifndef WEFT_REGISTER_STATE_H
#define WEFT_REGISTER_STATE_H

#include "register.h"

struct weft_register_node {
    weft_node_id id;                            /* follows from key */
    uint8_t key[32];                            /* static key */
    uint16_t group;                             /* of its token */
    bool is_revoked;                            /* thrown out */
    bool is_no_agent;                           /* may be no Update Agent */
    uint64_t until_s;                           /* Unix time when the last of its certificates
                                                   expires; 0 = not known */
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1]; /* unique among those not thrown out */
};

struct weft_register_token {
    uint8_t id[8];                           /* names it */
    uint8_t digest[WEFT_TOKEN_DIGEST_BYTES]; /* of all of it */
    uint32_t uses;                           /* left */
    uint64_t expires_s;                      /* Unix time */
    uint16_t group;                          /* of the nodes it admits */
    bool is_no_agent;                        /* they may be no Update Agents */
};

struct weft_register {
    char data_dir[WEFT_FILE_PATH_BYTES];         /* of the server */
    int lock;                                    /* file that is locked; -1 = not open */
    uint8_t secret[WEFT_MESH_SECRET_BYTES];      /* mesh key, secret and public */
    uint8_t next_secret[WEFT_MESH_SECRET_BYTES]; /* of the next key, if there is one */
    uint64_t switch_s;                           /* when it counts alone; 0 = there is none */
    uint64_t serial;                             /* of the last certificate */
    struct weft_register_token tokens[WEFT_TOKENS_MAX]; /* not expired */
    uint32_t token_count;                               /* entries of tokens */
    struct weft_register_node *nodes;                   /* [node_count], owned */
    uint32_t node_count;                                /* entries of nodes */
    struct weft_membership membership;                  /* of the server */
    struct weft_membership_server server;               /* the server itself */
};

/* Lock and read the register of |data_dir|; a change of the mesh key that is due is made.
 * Errors: NOT_FOUND (no server), FORMAT (damaged), of fileio.h, with |message|.
 * Owner:  the caller, weft_register_close(), also after an error. */
enum weft_err weft_register_open(struct weft_register *reg, const char *data_dir,
                                 struct weft_message *message);

/* Write it back. Errors: of fileio.h, with |message|. */
enum weft_err weft_register_save(const struct weft_register *reg, struct weft_message *message);

/* Unlock, wipe and free. */
void weft_register_close(struct weft_register *reg);

/* Add an entry, all zero. Errors: NULL if out of memory. Valid until the next call. */
struct weft_register_node *weft_register_add(struct weft_register *reg);

/* Write mesh.key, whose seed is the first half of |secret|. Errors: of fileio.h, with |message|. */
enum weft_err weft_register_save_key(const struct weft_register *reg,
                                     const uint8_t secret[WEFT_MESH_SECRET_BYTES],
                                     struct weft_message *message);

/* Sign |next| as the newest revocation, and write it and the register.
 * Errors: of fileio.h, with |message|. */
enum weft_err weft_register_publish(struct weft_register *reg, struct weft_revocation *next,
                                    struct weft_message *message);

/* Which keys sign now? Called when the register was read.
 * Errors: FORMAT, of fileio.h, with |message|. */
enum weft_err weft_register_turn(struct weft_register *reg, struct weft_message *message);

/* A number that no certificate and no revocation had: Unix time in ms, or the next one. */
uint64_t weft_register_serial(struct weft_register *reg);

/* Make a certificate for |node| that is good for |life_s|. */
void weft_register_issue(struct weft_register *reg, struct weft_register_node *node,
                         uint64_t life_s, uint8_t certificate[WEFT_CERTIFICATE_BYTES]);

/* The node |id|, also one that was thrown out. Errors: NULL. Valid until weft_register_add(). */
struct weft_register_node *weft_register_find(struct weft_register *reg, weft_node_id id);

/* The node |name| that was not thrown out. Errors: NULL. Valid until weft_register_add(). */
struct weft_register_node *weft_register_find_name(struct weft_register *reg, const char *name);

/* Make the directory, lock it, and write a new mesh key; the register is then open and empty.
 * Errors: EXISTS, of fileio.h, with |message|. */
enum weft_err weft_register_create(struct weft_register *reg, const char *data_dir,
                                   struct weft_message *message);

#endif
