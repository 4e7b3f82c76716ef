/* SPDX-License-Identifier: Apache-2.0 */
/* Requests out, answers in; see offline.h. DATA/request is the nonce and nothing else. */
#include "offline.h"

#include "units.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a file that holds one word, or a revocation; a longer one is another file. */
#define FILE_BYTES_MAX 4096

static bool pending_path(char *path, const char *data_dir, struct weft_message *message)
{
    bool fits = weft_fileio_join(path, data_dir, "request");
    if (!fits) {
        weft_message_set(message, "the path of the data directory is too long");
    }
    return fits;
}

static bool is_revocation(const char *text, size_t length)
{
    return length > 4 && memcmp(text, "WFR1", 4) == 0;
}

enum weft_err weft_offline_load(const char *path, char **text, size_t *length,
                                struct weft_message *message)
{
    uint8_t *bytes = NULL;
    enum weft_err err = weft_fileio_load(path, FILE_BYTES_MAX, &bytes, length);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot read %.300s: %s", path, weft_err_text(err));
        return err;
    }
    *text = (char *)bytes;
    bool is_word = !is_revocation(*text, *length);
    while (is_word && *length > 0 && isspace(bytes[*length - 1])) {
        (*length)--;
    }
    return WEFT_ERR_OK;
}

/* ---- Out ---- */

static enum weft_err write_request(const struct weft_request *request,
                                   const struct weft_noise_pair *own, const char *path,
                                   struct weft_message *message)
{
    uint8_t random[32];
    char text[WEFT_REQUEST_TEXT_BYTES];
    randombytes_buf(random, sizeof(random));
    weft_request_format(request, own->secret, random, text);
    size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL: a line */
    enum weft_err err = weft_fileio_replace(path, text, length + 1, 0600);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %.300s: %s", path, weft_err_text(err));
    }
    return err;
}

/* The mesh that the node is in, and its name there if it wants no other. */
static enum weft_err look_up(const char *data_dir, struct weft_request *request,
                             struct weft_message *message)
{
    struct weft_membership now;
    if (!weft_membership_file_exists(data_dir)) {
        return WEFT_ERR_OK;
    }
    enum weft_err err = weft_membership_file_load(data_dir, &now, NULL, message);
    if (err == WEFT_ERR_OK) {
        request->tag = now.tag;
        if (request->name[0] == '\0') {
            memcpy(request->name, now.read.name, sizeof(request->name));
        }
    }
    sodium_memzero(&now, sizeof(now));
    return err;
}

enum weft_err weft_offline_request(const char *data_dir, const char *name, const char *path,
                                   struct weft_message *message)
{
    char pending[WEFT_FILE_PATH_BYTES];
    struct weft_noise_pair own;
    struct weft_request request = {.made_s = weft_membership_now_s()};
    if (!pending_path(pending, data_dir, message)) {
        return WEFT_ERR_LIMIT;
    }
    randombytes_buf(request.nonce, sizeof(request.nonce));
    snprintf(request.name, sizeof(request.name), "%s", name);
    enum weft_err err = weft_fileio_make_dirs(data_dir, 0755);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot make %.300s: %s", data_dir, weft_err_text(err));
        return err;
    }
    err = weft_membership_file_key(data_dir, &own, message);
    if (err == WEFT_ERR_OK) {
        memcpy(request.key, own.open, sizeof(request.key));
        err = look_up(data_dir, &request, message);
    }
    if (err == WEFT_ERR_OK) {
        err = write_request(&request, &own, path, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_fileio_replace(pending, request.nonce, sizeof(request.nonce), 0600);
        if (err != WEFT_ERR_OK) {
            weft_message_set(message, "cannot write %.300s: %s", pending, weft_err_text(err));
        }
    }
    sodium_memzero(&own, sizeof(own));
    return err;
}

/* ---- In ---- */

/* What the node waits for. */
static enum weft_err load_pending(const char *data_dir, uint8_t nonce[WEFT_REQUEST_NONCE_BYTES],
                                  struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (!pending_path(path, data_dir, message)) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = weft_fileio_load(path, WEFT_REQUEST_NONCE_BYTES, &bytes, &length);
    if (err == WEFT_ERR_OK && length == WEFT_REQUEST_NONCE_BYTES) {
        memcpy(nonce, bytes, length);
    } else {
        err = err == WEFT_ERR_OK ? WEFT_ERR_FORMAT : err;
        weft_message_set(message,
                         "no request of %.300s is open (%s): its answer was taken already, or "
                         "--data names another node; make one with: weft join --request FILE",
                         data_dir, weft_err_text(err));
    }
    free(bytes);
    return err;
}

/* Open the answer in text[length]. */
static enum weft_err open_answer(const char *path, const char *text, size_t length,
                                 const struct weft_noise_pair *own,
                                 struct weft_admission *admission, struct weft_message *message)
{
    uint8_t sealed[WEFT_ADMISSION_SEALED_BYTES_MAX];
    size_t sealed_length = 0;
    if (length > 4 && memcmp(text, "wjq1", 4) == 0) {
        weft_message_set(message,
                         "%.300s is a request; take it to where the mesh key is, and run there: "
                         "weft admit FILE",
                         path);
        return WEFT_ERR_FORMAT;
    }
    if (!weft_admission_parse(text, length, sealed, &sealed_length)) {
        weft_message_set(message,
                         "%.300s is not what weft admit wrote, or is not complete: carry it again",
                         path);
        return WEFT_ERR_FORMAT;
    }
    enum weft_doubt doubt = weft_admission_open(admission, own, sealed, sealed_length);
    if (doubt == WEFT_DOUBT_KEY) {
        weft_message_set(message,
                         "%.300s was made for another node than this one, or was changed on its "
                         "way",
                         path);
        return WEFT_ERR_PERMISSION;
    }
    if (doubt != WEFT_DOUBT_NONE) {
        weft_message_set(message, "%.300s was not made by who has the key of its mesh", path);
        return WEFT_ERR_SIGNATURE;
    }
    return WEFT_ERR_OK;
}

/* May |made| take the place of what the node of |data_dir| is now? */
static enum weft_err check(const char *data_dir, const struct weft_membership *made,
                           struct weft_message *message)
{
    struct weft_membership now;
    enum weft_doubt doubt = weft_certificate_date(&made->read, weft_membership_now_s());
    if (doubt != WEFT_DOUBT_NONE) {
        weft_message_set(message,
                         "%s (it is good from %s to %s); compare the clocks, and make another "
                         "request: weft join --request FILE",
                         weft_doubt_text(doubt),
                         weft_units_date((int64_t)made->read.not_before_s).text,
                         weft_units_date((int64_t)made->read.not_after_s).text);
        return WEFT_ERR_EXPIRED;
    }
    if (!weft_membership_file_exists(data_dir)) {
        return WEFT_ERR_OK;
    }
    enum weft_err err = weft_membership_file_load(data_dir, &now, NULL, message);
    if (err == WEFT_ERR_OK && memcmp(now.mesh, made->mesh, sizeof(now.mesh)) != 0) {
        weft_message_set(
            message,
            "this is an admission to another mesh, %016llx; the node is in %016llx. To "
            "leave that one, remove %.200s/membership and node.key, and ask anew",
            (unsigned long long)made->tag, (unsigned long long)now.tag, data_dir);
        err = WEFT_ERR_PERMISSION;
    } else if (err == WEFT_ERR_OK && !weft_membership_is_signer(&now, made->signer)) {
        weft_message_set(message,
                         "the mesh has another key than the one that this node knows, and nobody "
                         "told it of a change; if that is right, remove %.200s/membership, and ask "
                         "anew: weft join --request FILE",
                         data_dir);
        err = WEFT_ERR_PERMISSION;
    }
    sodium_memzero(&now, sizeof(now));
    return err;
}

/* Write |made|; a revocation only if there is no newer one. */
static enum weft_err save(const char *data_dir, struct weft_membership *made,
                          const struct weft_membership_server *server,
                          const struct weft_admission *admission, struct weft_message *message)
{
    uint8_t revoked[WEFT_REVOCATION_BYTES_MAX];
    size_t length = weft_membership_file_read_revoked(data_dir, revoked);
    (void)weft_membership_revoke(made, revoked, length);
    bool is_newer = weft_membership_revoke(made, admission->revocation,
                                           admission->revocation_length) == WEFT_DOUBT_NONE;
    enum weft_err err = weft_membership_file_save(data_dir, made, server, message);
    return err == WEFT_ERR_OK && is_newer ? weft_membership_file_save_revoked(data_dir, made) : err;
}

/* The answer is for this node: make it a member. */
static enum weft_err settle(const char *data_dir, const struct weft_noise_pair *own,
                            const struct weft_admission *admission, struct weft_message *message)
{
    struct weft_membership made = {.own = *own};
    struct weft_membership_server server = {.address = admission->address};
    memcpy(made.mesh, admission->mesh, sizeof(made.mesh));
    memcpy(made.signer, admission->signer, sizeof(made.signer));
    memcpy(made.next, admission->next, sizeof(made.next));
    memcpy(made.contact.secret, admission->contact, sizeof(made.contact.secret));
    memcpy(made.certificate, admission->certificate, sizeof(made.certificate));
    memcpy(server.key, admission->server, sizeof(server.key));
    enum weft_doubt doubt = weft_membership_complete(&made);
    enum weft_err err = WEFT_ERR_OK;
    if (doubt != WEFT_DOUBT_NONE) {
        weft_message_set(message, "the admission is wrong: %s", weft_doubt_text(doubt));
        err = WEFT_ERR_SIGNATURE;
    }
    if (err == WEFT_ERR_OK) {
        err = check(data_dir, &made, message);
    }
    if (err == WEFT_ERR_OK) {
        err = save(data_dir, &made, &server, admission, message);
    }
    if (err == WEFT_ERR_OK) {
        weft_message_set(message, "node %016llx, %s, is a member of mesh %016llx until %s",
                         (unsigned long long)made.id, made.read.name, (unsigned long long)made.tag,
                         weft_units_date((int64_t)made.read.not_after_s).text);
    }
    sodium_memzero(&made, sizeof(made));
    return err;
}

static enum weft_err take_answer(const char *data_dir, const char *path, const char *text,
                                 size_t length, struct weft_message *message)
{
    char pending[WEFT_FILE_PATH_BYTES];
    uint8_t nonce[WEFT_REQUEST_NONCE_BYTES];
    struct weft_noise_pair own;
    struct weft_admission admission;
    enum weft_err err = load_pending(data_dir, nonce, message);
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_key(data_dir, &own, message);
    }
    if (err == WEFT_ERR_OK) {
        err = open_answer(path, text, length, &own, &admission, message);
    }
    if (err == WEFT_ERR_OK && memcmp(nonce, admission.nonce, sizeof(nonce)) != 0) {
        weft_message_set(message,
                         "%.300s answers an earlier request of this node; a newer one was made "
                         "since: take its answer, or make another",
                         path);
        err = WEFT_ERR_PERMISSION;
    }
    if (err == WEFT_ERR_OK) {
        err = settle(data_dir, &own, &admission, message);
    }
    if (err == WEFT_ERR_OK && pending_path(pending, data_dir, message)) {
        unlink(pending);
    }
    sodium_memzero(&own, sizeof(own));
    sodium_memzero(&admission, sizeof(admission));
    return err;
}

/* The file `revoked` of whoever has the mesh key. */
static enum weft_err take_revocation(const char *data_dir, const char *path, const uint8_t *bytes,
                                     size_t length, struct weft_message *message)
{
    struct weft_membership now;
    enum weft_err err = weft_membership_file_load(data_dir, &now, NULL, message);
    if (err == WEFT_ERR_OK && weft_revocation_number(bytes, length) == now.revoked.number) {
        weft_message_set(message, "%.300s is known already", path);
    } else if (err == WEFT_ERR_OK) {
        enum weft_doubt doubt = weft_membership_revoke(&now, bytes, length);
        if (doubt == WEFT_DOUBT_NONE) {
            err = weft_membership_file_save_revoked(data_dir, &now);
            weft_message_set(message, "%s thrown out; a running node tells the others",
                             weft_units_count(now.revoked.count, "node").text);
        } else {
            weft_message_set(message,
                             "%.300s is older than what this node knows, damaged, or of another "
                             "mesh",
                             path);
            err = WEFT_ERR_FORMAT;
        }
    }
    sodium_memzero(&now, sizeof(now));
    return err;
}

enum weft_err weft_offline_take(const char *data_dir, const char *path,
                                struct weft_message *message)
{
    char *text = NULL;
    size_t length = 0;
    enum weft_err err = weft_offline_load(path, &text, &length, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = is_revocation(text, length)
              ? take_revocation(data_dir, path, (const uint8_t *)text, length, message)
              : take_answer(data_dir, path, text, length, message);
    free(text);
    return err;
}
