/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords. A password on the command line or in the environment would be seen by others; so there
 * is a file with the mode of a key, or a terminal without echo. */
#include "node/password.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* The first line of |line| becomes the password. */
static enum weft_err take(struct weft_password *password, const char *line, const char *from,
                          struct weft_message *message)
{
    size_t length = strcspn(line, "\r\n");
    if (length == 0 || length >= sizeof password->text) {
        weft_message_set(message, "%s: a password has 1 to %zu bytes", from,
                         sizeof password->text - 1);
        return WEFT_ERR_ARGUMENT;
    }
    memcpy(password->text, line, length);
    password->text[length] = '\0';
    password->is_known = true;
    return WEFT_ERR_OK;
}

static enum weft_err read_file(struct weft_password *password, struct weft_message *message)
{
    struct stat status;
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (stat(password->file, &status) != 0) {
        return weft_message_errno(message, errno, "read the password file", password->file);
    }
    if ((status.st_mode & 077) != 0) {
        weft_message_set(message, "%s can be read by other users (mode %04o); run: chmod 600 %s",
                         password->file, (unsigned)(status.st_mode & 07777), password->file);
        return WEFT_ERR_PERMISSION;
    }
    enum weft_err err =
        weft_fileio_load(password->file, 2 * WEFT_PASSWORD_BYTES_MAX, &bytes, &length);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot read the password file %s: %s", password->file,
                         weft_err_text(err));
        return err;
    }
    err = take(password, (const char *)bytes, password->file, message);
    sodium_memzero(bytes, length);
    free(bytes);
    return err;
}

/* A line typed at |terminal|, not shown. */
static bool read_line(int terminal, const char *question, char *line, size_t size)
{
    struct termios shown;
    size_t used = 0;
    char byte = '\0';
    if (tcgetattr(terminal, &shown) != 0) {
        return false;
    }
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(terminal, TCSAFLUSH, &hidden);
    dprintf(terminal, "%s", question);
    while (read(terminal, &byte, 1) == 1 && byte != '\n') {
        line[used] = byte;
        used += used + 1 < size;
    }
    line[used] = '\0';
    dprintf(terminal, "\n");
    tcsetattr(terminal, TCSAFLUSH, &shown);
    return byte == '\n';
}

static enum weft_err ask(struct weft_password *password, const char *what, bool is_new,
                         struct weft_message *message)
{
    char question[256];
    char line[WEFT_PASSWORD_BYTES_MAX + 1];
    char again[WEFT_PASSWORD_BYTES_MAX + 1];
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        weft_message_set(message,
                         "%s needs a password and there is no terminal to ask at; name a file "
                         "that holds it: --password-file FILE",
                         what);
        return WEFT_ERR_ARGUMENT;
    }
    snprintf(question, sizeof question, "%s of %.180s: ", is_new ? "New password" : "Password",
             what);
    bool read_one = read_line(terminal, question, line, sizeof line);
    bool read_two = !is_new || read_line(terminal, "Again: ", again, sizeof again);
    close(terminal);
    enum weft_err err = WEFT_ERR_ARGUMENT;
    if (!read_one || !read_two) {
        weft_message_set(message, "no password was typed");
    } else if (is_new && strcmp(line, again) != 0) {
        weft_message_set(message, "the two passwords differ; nothing was made");
    } else {
        err = take(password, line, "the terminal", message);
    }
    sodium_memzero(line, sizeof line);
    sodium_memzero(again, sizeof again);
    return err;
}

enum weft_err weft_password_get(struct weft_password *password, const char *what,
                                struct weft_message *message)
{
    if (password->is_known) {
        return WEFT_ERR_OK;
    }
    return password->file != NULL ? read_file(password, message)
                                  : ask(password, what, false, message);
}

enum weft_err weft_password_choose(struct weft_password *password, const char *what,
                                   struct weft_message *message)
{
    if (password->is_known) {
        return WEFT_ERR_OK;
    }
    return password->file != NULL ? read_file(password, message)
                                  : ask(password, what, true, message);
}

void weft_password_wipe(struct weft_password *password)
{
    sodium_memzero(password->text, sizeof password->text);
    password->is_known = false;
}
