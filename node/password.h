/* SPDX-License-Identifier: Apache-2.0 */
/* The password of key files: from a file, or asked for at the terminal. Asked once a call of a
 * command, wiped by its owner. */
#ifndef WEFT_PASSWORD_H
#define WEFT_PASSWORD_H

#include "node/fileio.h"

/* Longest password, in bytes; a longer one is refused. */
#define WEFT_PASSWORD_BYTES_MAX 512

struct weft_password {
    const char *file;                   /* --password-file; NULL = ask; borrowed */
    bool is_known;                      /* text is valid */
    char text[WEFT_PASSWORD_BYTES_MAX]; /* as UTF-8 or whatever was typed; NUL behind it */
};

/* Get the password of |what| (a path, for the question), unless it is known already.
 * Errors: NOT_FOUND, PERMISSION (others may read the file), ARGUMENT (empty, too long, or there is
 *         no terminal to ask at), IO, with |message|. */
enum weft_err weft_password_get(struct weft_password *password, const char *what,
                                struct weft_message *message);

/* The same for a new password: asked twice at the terminal. Errors: also ARGUMENT = they differ. */
enum weft_err weft_password_choose(struct weft_password *password, const char *what,
                                   struct weft_message *message);

/* Forget it; |file| stays. */
void weft_password_wipe(struct weft_password *password);

#endif
