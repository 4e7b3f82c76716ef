/* SPDX-License-Identifier: Apache-2.0 */
/* The two messages of the handshake, with the request in the first and the answer in the second. */
#include "join_client.h"

#include "register.h"
#include "session_socket.h"

#include "../protocol/address.h"
#include "../protocol/transport/bytes.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_MS = 5000, /* for the connection, and for the answer */
    PREFIX_BYTES = 2,
    REQUEST_BYTES_MAX = 1 + WEFT_TOKEN_BYTES + WEFT_CERTIFICATE_NAME_BYTES,
    MESSAGE_BYTES_MAX = PREFIX_BYTES + WEFT_NOISE_2_BYTES + WEFT_REGISTER_ANSWER_BYTES_MAX
};

/* Wait until |fd| can be used. */
static enum weft_err wait_for(int fd, short events)
{
    struct pollfd item = {.fd = fd, .events = events};
    int error_number = 0;
    socklen_t length = sizeof(error_number);
    if (poll(&item, 1, WAIT_MS) <= 0) {
        return WEFT_ERR_TIMEOUT;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length) != 0 || error_number != 0) {
        return weft_session_socket_error(error_number);
    }
    return WEFT_ERR_OK;
}

static enum weft_err dial(const struct weft_address *address, int *fd)
{
    struct sockaddr_storage storage;
    socklen_t length = weft_session_socket_to(address, &storage);
    *fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return weft_session_socket_error(errno);
    }
    if (connect(*fd, (struct sockaddr *)&storage, length) == 0) {
        return WEFT_ERR_OK;
    }
    return errno == EINPROGRESS ? wait_for(*fd, POLLOUT) : weft_session_socket_error(errno);
}

/* Read exactly |length| bytes. */
static enum weft_err receive(int fd, uint8_t *bytes, size_t length)
{
    size_t got = 0;
    while (got < length) {
        enum weft_err err = wait_for(fd, POLLIN);
        if (err != WEFT_ERR_OK) {
            return err;
        }
        ssize_t some = recv(fd, bytes + got, length - got, 0);
        if (some == 0 || (some < 0 && errno != EAGAIN && errno != EINTR)) {
            return WEFT_ERR_CLOSED;
        }
        got += some > 0 ? (size_t)some : 0;
    }
    return WEFT_ERR_OK;
}

/* Send message 1 and read message 2: the answer goes to reply[*length]. */
static enum weft_err talk(int fd, struct weft_noise *noise, const uint8_t *request,
                          size_t request_length, uint8_t *reply, size_t *length)
{
    uint8_t message[MESSAGE_BYTES_MAX];
    uint8_t ephemeral[WEFT_NOISE_KEY_BYTES];
    size_t size = WEFT_NOISE_1_BYTES + request_length;
    randombytes_buf(ephemeral, sizeof(ephemeral));
    if (!weft_noise_write_1(noise, ephemeral, request, request_length, message + PREFIX_BYTES)) {
        return WEFT_ERR_SIGNATURE;
    }
    weft_bytes_put(message, PREFIX_BYTES, size);
    if (send(fd, message, PREFIX_BYTES + size, MSG_NOSIGNAL) != (ssize_t)(PREFIX_BYTES + size)) {
        return WEFT_ERR_CLOSED;
    }
    enum weft_err err = receive(fd, message, PREFIX_BYTES);
    size = weft_bytes_get(message, PREFIX_BYTES);
    if (err == WEFT_ERR_OK &&
        (size <= WEFT_NOISE_2_BYTES || size > sizeof(message) - PREFIX_BYTES)) {
        return WEFT_ERR_FORMAT;
    }
    err = err == WEFT_ERR_OK ? receive(fd, message, size) : err;
    if (err == WEFT_ERR_OK && !weft_noise_read_2(noise, message, size, reply)) {
        return WEFT_ERR_SIGNATURE;
    }
    *length = size - WEFT_NOISE_2_BYTES;
    return err;
}

/* What a server says is shown on a terminal: letters only. */
static void show(const uint8_t *bytes, size_t length, char *text, size_t size)
{
    size_t shown = length < size - 1 ? length : size - 1;
    for (size_t i = 0; i < shown; i++) {
        text[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '?';
    }
    text[shown] = '\0';
}

enum weft_err weft_join_client_take(struct weft_membership *membership, const uint8_t *reply,
                                    size_t length, struct weft_message *message)
{
    struct weft_membership next = *membership;
    if (length > 1 && reply[0] != 0) {
        char why[256];
        show(reply + 1, length - 1, why, sizeof(why));
        weft_message_set(message, "the server refused: %s", why);
        return WEFT_ERR_PERMISSION;
    }
    if (length < WEFT_REGISTER_REVOCATION_AT) {
        weft_message_set(message, "the server's answer cannot be understood");
        return WEFT_ERR_FORMAT;
    }
    memcpy(next.certificate, reply + 1, WEFT_CERTIFICATE_BYTES);
    memcpy(next.contact.secret, reply + WEFT_REGISTER_CONTACT_AT, sizeof(next.contact.secret));
    memcpy(next.signer, reply + WEFT_REGISTER_SIGNER_AT, sizeof(next.signer));
    memcpy(next.next, reply + WEFT_REGISTER_NEXT_AT, sizeof(next.next));
    enum weft_doubt doubt = weft_membership_complete(&next);
    if (doubt != WEFT_DOUBT_NONE) {
        weft_message_set(message, "the server's answer is wrong: %s", weft_doubt_text(doubt));
        return WEFT_ERR_SIGNATURE;
    }
    if (!weft_membership_is_signer(&next, membership->signer)) {
        /* The key was changed: what the old one revoked does not count. */
        memset(&next.revoked, 0, sizeof(next.revoked));
        next.revocation_length = 0;
    }
    /* Often there is none, or it is known. */
    (void)weft_membership_revoke(&next, reply + WEFT_REGISTER_REVOCATION_AT,
                                 length - WEFT_REGISTER_REVOCATION_AT);
    *membership = next;
    sodium_memzero(&next, sizeof(next));
    return WEFT_ERR_OK;
}

static enum weft_err ask(const struct weft_membership_server *server,
                         struct weft_membership *membership, const uint8_t *request, size_t length,
                         struct weft_message *message)
{
    char text[WEFT_ADDRESS_TEXT_BYTES];
    uint8_t reply[WEFT_REGISTER_ANSWER_BYTES_MAX];
    size_t reply_length = 0;
    struct weft_noise noise;
    int fd = -1;
    weft_membership_begin(membership);
    weft_noise_begin(&noise, &membership->own, server->key, membership->prologue,
                     sizeof(membership->prologue));
    enum weft_err err = dial(&server->address, &fd);
    if (err == WEFT_ERR_OK) {
        err = talk(fd, &noise, request, length, reply, &reply_length);
    }
    if (fd >= 0) {
        close(fd);
    }
    weft_noise_wipe(&noise);
    weft_address_format(&server->address, text, sizeof(text));
    if (err == WEFT_ERR_CLOSED || err == WEFT_ERR_SIGNATURE || err == WEFT_ERR_FORMAT) {
        weft_message_set(message,
                         "%s answers, but it is not the server of this mesh, or it does not admit: "
                         "is `weft run` on it started with the data directory of `weft init`?",
                         text);
        return WEFT_ERR_SIGNATURE;
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message,
                         "the server %s does not answer (%s): is `weft run` started on it, and TCP "
                         "open between the machines?",
                         text, weft_err_text(err));
        return err;
    }
    err = weft_join_client_take(membership, reply, reply_length, message);
    sodium_memzero(reply, sizeof(reply));
    return err;
}

enum weft_err weft_join_client_join(const struct weft_token *token, const char *name,
                                    struct weft_membership *membership,
                                    struct weft_message *message)
{
    uint8_t request[REQUEST_BYTES_MAX];
    struct weft_membership_server server = {.address = token->address};
    size_t length = strnlen(name, WEFT_CERTIFICATE_NAME_BYTES);
    memcpy(server.key, token->server, sizeof(server.key));
    memcpy(membership->mesh, token->mesh, sizeof(membership->mesh));
    request[0] = WEFT_REGISTER_JOIN;
    weft_token_put(token, request + 1);
    memcpy(request + 1 + WEFT_TOKEN_BYTES, name, length);
    enum weft_err err = ask(&server, membership, request, 1 + WEFT_TOKEN_BYTES + length, message);
    sodium_memzero(request, sizeof(request));
    return err;
}

enum weft_err weft_join_client_renew(const struct weft_membership_server *server,
                                     struct weft_membership *membership,
                                     struct weft_message *message)
{
    const uint8_t request[1] = {WEFT_REGISTER_RENEW};
    return ask(server, membership, request, sizeof(request), message);
}
