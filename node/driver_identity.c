/* SPDX-License-Identifier: Apache-2.0 */
/* Who is this node, and whom did it know? Files in the data directory: those of
 * membership_file.h, incarnation (a number, grows with each start), peers ("ID ADDR:PORT" a line,
 * hints only). SPEC.md section "Data directory". */
#include "driver_state.h"

#include "log.h"
#include "session_socket.h"

#include "../protocol/address.h"
#include "../protocol/view.h"

#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Bytes of the small files; longer ones are damaged. */
#define NUMBER_BYTES_MAX 64
#define PEERS_BYTES_MAX 8192

/* Read a number in |base| from a small file. Errors: NOT_FOUND, FORMAT, of fileio.h. */
static enum weft_err load_number(const char *path, int base, uint64_t *value)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum weft_err err = weft_fileio_load(path, NUMBER_BYTES_MAX, &bytes, &length);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    char *end = NULL;
    unsigned long long number = strtoull((const char *)bytes, &end, base);
    bool is_whole = end != (char *)bytes && (*end == '\n' || *end == 0);
    free(bytes);
    *value = number;
    return is_whole && number > 0 ? WEFT_ERR_OK : WEFT_ERR_FORMAT;
}

/* The mesh of everybody who has the root file. */
static enum weft_err join_open(const struct weft_run_options *options,
                               struct weft_membership *membership, struct weft_message *message)
{
    uint8_t *root = NULL;
    size_t length = 0;
    struct weft_noise_pair own;
    enum weft_err err = weft_membership_file_key(options->data_dir, &own, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_fileio_load(options->root_file, WEFT_DOCUMENT_BYTES_MAX, &root, &length);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot read %s: %s", options->root_file, weft_err_text(err));
        return err;
    }
    weft_membership_open(membership, root, length, &own);
    free(root);
    sodium_memzero(&own, sizeof(own));
    weft_log(WEFT_LOG_WARNING,
             "this node was not admitted by `weft join`: it takes part in the open "
             "mesh of its publisher, with everybody who has the root file");
    return WEFT_ERR_OK;
}

enum weft_err weft_driver_identity_join(const struct weft_run_options *options,
                                        struct weft_membership *membership,
                                        struct weft_membership_server *server,
                                        struct weft_message *message)
{
    if (!weft_membership_file_exists(options->data_dir)) {
        return join_open(options, membership, message);
    }
    return weft_membership_file_load(options->data_dir, membership, server, message);
}

/* Write the time of this start, or the last greeting's. */
static enum weft_err save_incarnation(const char *data_dir, uint64_t value)
{
    char path[WEFT_FILE_PATH_BYTES];
    char text[32];
    if (!weft_fileio_join(path, data_dir, "incarnation")) {
        return WEFT_ERR_LIMIT;
    }
    int length = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
    return weft_fileio_replace(path, text, (size_t)length, 0644);
}

void weft_driver_identity_save_time(const struct weft_driver *driver)
{
    /* Peers refuse greetings that are older than the last one: it must not come again after a clock
     * went back. What cannot be written now is written in a minute. */
    (void)save_incarnation(driver->options->data_dir, weft_session_time_ms(driver->session));
}

enum weft_err weft_driver_identity_load(const char *data_dir, uint64_t *incarnation,
                                        struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint64_t last = 0;
    struct timespec now;
    if (!weft_fileio_join(path, data_dir, "incarnation")) {
        weft_message_set(message, "the path of the data directory is too long");
        return WEFT_ERR_LIMIT;
    }
    if (load_number(path, 10, &last) != WEFT_ERR_OK) {
        last = 0; /* then the wall clock alone */
    }
    clock_gettime(CLOCK_REALTIME, &now);
    *incarnation = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    *incarnation = *incarnation > last ? *incarnation : last + 1;
    enum weft_err err = save_incarnation(data_dir, *incarnation);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    return err;
}

/* The first address of a host name. */
static bool resolve(const struct weft_run_seed *seed, struct weft_address *address)
{
    struct addrinfo *list = NULL;
    const struct addrinfo wish = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    if (getaddrinfo(seed->host, NULL, &wish, &list) != 0 || list == NULL) {
        weft_log(WEFT_LOG_WARNING, "cannot find the address of --seed %s", seed->host);
        return false;
    }
    memcpy(&storage, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    *address = weft_session_socket_from(&storage);
    address->port = seed->port;
    return true;
}

static size_t read_peers(const char *data_dir, struct weft_endpoint *known, size_t size)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    size_t count = 0;
    if (!weft_fileio_join(path, data_dir, "peers") ||
        weft_fileio_load(path, PEERS_BYTES_MAX, &bytes, &length) != WEFT_ERR_OK) {
        return 0;
    }
    char *rest = (char *)bytes;
    for (char *line = strsep(&rest, "\n"); line != NULL && count < size;
         line = strsep(&rest, "\n")) {
        char *end = NULL;
        struct weft_endpoint *peer = &known[count];
        peer->id = strtoull(line, &end, 16);
        if (end == line + 16 && *end == ' ' && weft_address_parse(end + 1, 0, &peer->address) &&
            peer->id != 0 && peer->address.port != 0) {
            count++;
        }
    }
    free(bytes);
    return count;
}

size_t weft_driver_identity_known(const struct weft_driver *driver, struct weft_endpoint *known,
                                  size_t size)
{
    const struct weft_run_options *options = driver->options;
    size_t count = 0;
    for (uint32_t i = 0; i < options->seed_count && count < size; i++) {
        const struct weft_run_seed *seed = &options->seeds[i];
        struct weft_endpoint *peer = &known[count];
        peer->id = 0;
        bool is_known = weft_address_parse(seed->host, seed->port, &peer->address) ||
                        resolve(seed, &peer->address);
        count += is_known && !weft_address_equal(&peer->address, &driver->self.address);
    }
    return count + read_peers(options->data_dir, known + count, size - count);
}

void weft_driver_identity_save_peers(const struct weft_driver *driver)
{
    static char text[PEERS_BYTES_MAX];
    char path[WEFT_FILE_PATH_BYTES];
    struct weft_text peers = weft_text_into(text, sizeof(text));
    struct weft_view_member member;
    uint32_t count = 0;
    for (uint32_t i = 0;
         count < WEFT_DRIVER_PEERS_MAX && weft_view_member(driver->core, i, &member); i++) {
        if (member.state == WEFT_MEMBER_ALIVE || member.state == WEFT_MEMBER_SUSPECT) {
            weft_text_add_hex64(&peers, member.endpoint.id);
            weft_text_add(&peers, " ");
            weft_text_add_address(&peers, &member.endpoint.address);
            weft_text_add(&peers, "\n");
            count++;
        }
    }
    /* Nobody is known after a start without network: then the old hints are better than none. */
    if (count > 0 && weft_fileio_join(path, driver->options->data_dir, "peers")) {
        enum weft_err err = weft_fileio_replace(path, peers.start, peers.length, 0644);
        if (err != WEFT_ERR_OK) {
            weft_log(WEFT_LOG_WARNING, "cannot write %s: %s", path, weft_err_text(err));
        }
    }
}
