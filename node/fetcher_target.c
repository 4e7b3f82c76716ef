/* SPDX-License-Identifier: Apache-2.0 */
/* What is written is what was hashed; a byte too many ends the download at once. */
#include "node/fetcher_target.h"

#include "protocol/trust/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes hashed at a time. */
#define PART_BYTES (256 * 1024)

struct download {
    struct weft_digest *digest;         /* of what came so far */
    int fd;                             /* file beside the final one */
    enum weft_err err;                  /* of disk or digest */
    bool done;                          /* it is over */
    struct weft_http_result result;     /* what the web client says */
    char scratch[WEFT_FILE_PATH_BYTES]; /* path of |fd| */
};

/* Hash the whole file |fd|. */
static enum weft_err hash_file(int fd, uint64_t length, struct weft_digest *digest)
{
    uint8_t *buffer = malloc(PART_BYTES);
    enum weft_err err = buffer == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
    for (uint64_t at = 0; err == WEFT_ERR_OK && at < length;) {
        size_t part = length - at < PART_BYTES ? (size_t)(length - at) : PART_BYTES;
        err = weft_fileio_read_at(fd, buffer, part, at);
        err = err == WEFT_ERR_OK ? weft_digest_add(digest, buffer, part) : err;
        at += part;
    }
    free(buffer);
    return err == WEFT_ERR_OK ? weft_digest_end(digest) : err;
}

bool weft_fetcher_target_is(const struct weft_pin *pin, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    off_t length = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    struct weft_digest *digest = weft_digest_new(pin);
    bool is = length >= 0 && (uint64_t)length == pin->length && digest != NULL &&
              hash_file(fd, pin->length, digest) == WEFT_ERR_OK;
    weft_digest_free(digest);
    if (fd >= 0) {
        close(fd);
    }
    return is;
}

static bool on_data(void *context, const uint8_t *bytes, size_t length)
{
    struct download *download = context;
    download->err = weft_digest_add(download->digest, bytes, length);
    if (download->err == WEFT_ERR_OK) {
        download->err = weft_fileio_write(download->fd, bytes, length);
    }
    return download->err == WEFT_ERR_OK;
}

static void on_done(void *context, const struct weft_http_result *result)
{
    struct download *download = context;
    download->result = *result;
    download->done = true;
}

/* Make the file beside |path|. */
static enum weft_err begin(struct download *download, const char *path,
                           struct weft_message *message)
{
    int length = snprintf(download->scratch, sizeof download->scratch, "%s.weft-XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof download->scratch) {
        weft_message_set(message, "the path %.200s... is too long", path);
        return WEFT_ERR_LIMIT;
    }
    download->fd = mkostemp(download->scratch, O_CLOEXEC);
    if (download->fd < 0) {
        return weft_message_errno(message, errno, "create a file beside", path);
    }
    return WEFT_ERR_OK;
}

/* All bytes are there: give them their name. */
static enum weft_err finish(const struct download *download, const char *path,
                            struct weft_message *message)
{
    char directory[WEFT_FILE_PATH_BYTES];
    mode_t mask = umask(0);
    umask(mask);
    enum weft_err err = weft_fileio_sync(download->fd);
    if (err == WEFT_ERR_OK &&
        (fchmod(download->fd, 0666 & ~mask) != 0 || rename(download->scratch, path) != 0)) {
        return weft_message_errno(message, errno, "write", path);
    }
    if (err == WEFT_ERR_OK) {
        weft_fileio_parent(directory, path);
        err = weft_fileio_sync_dir(directory);
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    return err;
}

/* How the transfer went, and whether what came is what is signed. */
static enum weft_err judge(struct download *download, struct weft_message *message)
{
    enum weft_err err = download->err != WEFT_ERR_OK ? download->err : download->result.err;
    if (err == WEFT_ERR_OK) {
        err = weft_digest_end(download->digest);
    }
    if (err != WEFT_ERR_OK) {
        bool is_web = download->err == WEFT_ERR_OK && download->result.err != WEFT_ERR_OK;
        weft_message_set(message, "%s", is_web ? download->result.text : weft_err_text(err));
    }
    return err;
}

/* The end of a download or copy that went as |err| says. */
static enum weft_err end(struct download *download, enum weft_err err, const char *path,
                         struct weft_message *message)
{
    if (err == WEFT_ERR_OK) {
        err = judge(download, message);
    }
    if (err == WEFT_ERR_OK) {
        err = finish(download, path, message);
    }
    if (download->fd >= 0) {
        close(download->fd);
        if (err != WEFT_ERR_OK) {
            unlink(download->scratch);
        }
    }
    weft_digest_free(download->digest);
    return err;
}

enum weft_err weft_fetcher_target_get(uv_loop_t *loop, struct weft_http *http, const char *url,
                                      const struct weft_pin *pin, const char *path,
                                      struct weft_message *message)
{
    struct download download = {.digest = weft_digest_new(pin), .fd = -1};
    enum weft_err err = download.digest == NULL ? WEFT_ERR_MEMORY : begin(&download, path, message);
    const struct weft_http_request request = {.url = url,
                                              .bytes_max = pin->length,
                                              .context = &download,
                                              .data = on_data,
                                              .done = on_done};
    if (err == WEFT_ERR_OK && weft_http_get(http, &request) == NULL) {
        err = WEFT_ERR_MEMORY;
    }
    while (err == WEFT_ERR_OK && !download.done) {
        uv_run(loop, UV_RUN_ONCE);
    }
    return end(&download, err, path, message);
}

/* Hand the bytes of the file |from| to |download|, like those of a web server. */
static enum weft_err pour(struct download *download, const char *from)
{
    uint8_t *buffer = malloc(PART_BYTES);
    int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum weft_err err = buffer == NULL ? WEFT_ERR_MEMORY
                        : fd < 0       ? weft_fileio_error(errno)
                                       : WEFT_ERR_OK;
    ssize_t got = 1;
    while (err == WEFT_ERR_OK && got != 0) {
        got = read(fd, buffer, PART_BYTES);
        if (got < 0 && errno != EINTR) {
            err = weft_fileio_error(errno);
        } else if (got > 0 && !on_data(download, buffer, (size_t)got)) {
            err = download->err;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    free(buffer);
    return err;
}

enum weft_err weft_fetcher_target_copy(const char *from, const struct weft_pin *pin,
                                       const char *path, struct weft_message *message)
{
    struct download download = {.digest = weft_digest_new(pin), .fd = -1};
    enum weft_err err = download.digest == NULL ? WEFT_ERR_MEMORY : begin(&download, path, message);
    if (err == WEFT_ERR_OK) {
        err = pour(&download, from);
    }
    return end(&download, err, path, message);
}
