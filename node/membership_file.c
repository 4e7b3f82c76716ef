/* SPDX-License-Identifier: Apache-2.0 */
/* The membership file: "WFM2" 4 | mesh key 32 | shared secret 32 | server key 32 | server IP 16 |
 * port 2 | certificate 168 | signer 32 | next signer 32. */
#include "membership_file.h"

#include "../protocol/transport/bytes.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MESH = 4,
    CONTACT = 36,
    SERVER = 68,
    IP = 100,
    PORT = 116,
    CERTIFICATE = 118,
    SIGNER = CERTIFICATE + WEFT_CERTIFICATE_BYTES,
    NEXT = SIGNER + WEFT_MESH_KEY_BYTES,
    FILE_BYTES = NEXT + WEFT_MESH_KEY_BYTES,
    KEY_BYTES = 32
};

static const char magic[4] = {'W', 'F', 'M', '2'};

static bool join(char *path, const char *data_dir, const char *name, struct weft_message *message)
{
    bool fits = weft_fileio_join(path, data_dir, name);
    if (!fits) {
        weft_message_set(message, "the path of the data directory is too long");
    }
    return fits;
}

enum weft_err weft_membership_file_guard(const char *path, struct weft_message *message)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return errno == ENOENT ? WEFT_ERR_NOT_FOUND
                               : weft_message_errno(message, errno, "read", path);
    }
    if ((status.st_mode & 077) != 0) {
        weft_message_set(message, "%s can be read by other users (mode %04o); run: chmod 600 %s",
                         path, (unsigned)(status.st_mode & 07777), path);
        return WEFT_ERR_PERMISSION;
    }
    return WEFT_ERR_OK;
}

/* Read a secret file of exactly |size| bytes. */
static enum weft_err load_secret(const char *path, uint8_t *bytes, size_t size,
                                 struct weft_message *message)
{
    uint8_t *read = NULL;
    size_t length = 0;
    enum weft_err err = weft_membership_file_guard(path, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_fileio_load(path, size, &read, &length);
    if (err == WEFT_ERR_OK && length != size) {
        err = WEFT_ERR_FORMAT;
    }
    if (err == WEFT_ERR_OK) {
        memcpy(bytes, read, size);
    } else {
        weft_message_set(message, "%s is damaged (%s); remove it and join the mesh again", path,
                         weft_err_text(err));
    }
    if (read != NULL) {
        sodium_memzero(read, length);
        free(read);
    }
    return err;
}

static enum weft_err save_secret(const char *path, const uint8_t *bytes, size_t size,
                                 struct weft_message *message)
{
    enum weft_err err = weft_fileio_replace(path, bytes, size, 0600);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    return err;
}

enum weft_err weft_membership_file_key(const char *data_dir, struct weft_noise_pair *own,
                                       struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!join(path, data_dir, "node.key", message)) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = load_secret(path, own->secret, KEY_BYTES, message);
    if (err == WEFT_ERR_NOT_FOUND) {
        randombytes_buf(own->secret, sizeof(own->secret));
        err = save_secret(path, own->secret, sizeof(own->secret), message);
    }
    if (err == WEFT_ERR_OK) {
        weft_noise_publish(own);
    }
    return err;
}

uint64_t weft_membership_file_stamp(const char *data_dir)
{
    char path[WEFT_FILE_PATH_BYTES];
    struct stat status;
    if (!weft_fileio_join(path, data_dir, "membership") || stat(path, &status) != 0) {
        return 0;
    }
    /* A replaced file has another inode, unless that of the one before the last is used again. */
    return (uint64_t)status.st_ino ^ (uint64_t)status.st_mtim.tv_sec * 1000000000 ^
           (uint64_t)status.st_mtim.tv_nsec;
}

bool weft_membership_file_exists(const char *data_dir)
{
    char path[WEFT_FILE_PATH_BYTES];
    return weft_fileio_join(path, data_dir, "membership") && access(path, F_OK) == 0;
}

static enum weft_err take_apart(const uint8_t *bytes, struct weft_membership *membership,
                                struct weft_membership_server *server)
{
    memcpy(membership->mesh, bytes + MESH, WEFT_MESH_KEY_BYTES);
    memcpy(membership->signer, bytes + SIGNER, WEFT_MESH_KEY_BYTES);
    memcpy(membership->next, bytes + NEXT, WEFT_MESH_KEY_BYTES);
    memcpy(membership->contact.secret, bytes + CONTACT, KEY_BYTES);
    memcpy(membership->certificate, bytes + CERTIFICATE, WEFT_CERTIFICATE_BYTES);
    if (server != NULL) {
        memcpy(server->key, bytes + SERVER, KEY_BYTES);
        memcpy(server->address.ip, bytes + IP, WEFT_IP_BYTES);
        server->address.port = (uint16_t)weft_bytes_get(bytes + PORT, 2);
    }
    bool is_right = memcmp(bytes, magic, sizeof(magic)) == 0 &&
                    weft_membership_complete(membership) == WEFT_DOUBT_NONE;
    return is_right ? WEFT_ERR_OK : WEFT_ERR_FORMAT;
}

size_t weft_membership_file_read_revoked(const char *data_dir, uint8_t *bytes)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *read = NULL;
    size_t length = 0;
    if (!weft_fileio_join(path, data_dir, "revoked") ||
        weft_fileio_load(path, WEFT_REVOCATION_BYTES_MAX, &read, &length) != WEFT_ERR_OK) {
        return 0;
    }
    memcpy(bytes, read, length);
    free(read);
    return length;
}

enum weft_err weft_membership_file_load(const char *data_dir, struct weft_membership *membership,
                                        struct weft_membership_server *server,
                                        struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t bytes[FILE_BYTES];
    uint8_t revoked[WEFT_REVOCATION_BYTES_MAX];
    memset(membership, 0, sizeof(*membership));
    if (!join(path, data_dir, "membership", message)) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = load_secret(path, bytes, sizeof(bytes), message);
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_key(data_dir, &membership->own, message);
    }
    if (err == WEFT_ERR_OK) {
        err = take_apart(bytes, membership, server);
        if (err != WEFT_ERR_OK) {
            weft_message_set(message,
                             "%s is damaged, or belongs to another node.key; remove it and run: "
                             "weft join TOKEN",
                             path);
        }
    }
    sodium_memzero(bytes, sizeof(bytes));
    if (err == WEFT_ERR_OK) {
        size_t length = weft_membership_file_read_revoked(data_dir, revoked);
        /* A damaged one is as none: peers have it, and tell. */
        (void)weft_membership_revoke(membership, revoked, length);
    }
    return err;
}

enum weft_err weft_membership_file_save(const char *data_dir,
                                        const struct weft_membership *membership,
                                        const struct weft_membership_server *server,
                                        struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t bytes[FILE_BYTES];
    if (!join(path, data_dir, "membership", message)) {
        return WEFT_ERR_LIMIT;
    }
    memcpy(bytes, magic, sizeof(magic));
    memcpy(bytes + MESH, membership->mesh, WEFT_MESH_KEY_BYTES);
    memcpy(bytes + SIGNER, membership->signer, WEFT_MESH_KEY_BYTES);
    memcpy(bytes + NEXT, membership->next, WEFT_MESH_KEY_BYTES);
    memcpy(bytes + CONTACT, membership->contact.secret, KEY_BYTES);
    memcpy(bytes + SERVER, server->key, KEY_BYTES);
    memcpy(bytes + IP, server->address.ip, WEFT_IP_BYTES);
    weft_bytes_put(bytes + PORT, 2, server->address.port);
    memcpy(bytes + CERTIFICATE, membership->certificate, WEFT_CERTIFICATE_BYTES);
    enum weft_err err = save_secret(path, bytes, sizeof(bytes), message);
    sodium_memzero(bytes, sizeof(bytes));
    return err;
}

enum weft_err weft_membership_file_save_revoked(const char *data_dir,
                                                const struct weft_membership *membership)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!weft_fileio_join(path, data_dir, "revoked")) {
        return WEFT_ERR_LIMIT;
    }
    return weft_fileio_replace(path, membership->revocation, membership->revocation_length, 0644);
}
