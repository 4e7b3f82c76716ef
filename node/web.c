/* SPDX-License-Identifier: Apache-2.0 */
/* The command `weft source`: flags, libmicrohttpd, answers, end. Which file is web_file.h, which
 * bytes web_range.h, how fast web_limit.h.
 *
 * Without a limit one thread serves all connections with sendfile(); with one each connection has
 * its own, which sleeps for its share. */
#include "web.h"

#include "exit.h"
#include "rows.h"
#include "session_socket.h"
#include "usage.h"
#include "web_file.h"
#include "web_limit.h"
#include "web_range.h"

#include "../protocol/address.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 1000, /* a further one is closed at once */
    IDLE_S = 60,            /* a connection without traffic is closed */
    PIECE_BYTES = 8192      /* sent at once under a limit */
};

struct options {
    const char *repository;    /* --repo */
    const char *listen;        /* --listen */
    uint64_t rate_bytes_per_s; /* --rate; 0 = no limit */
    bool verbose;              /* --verbose */
    bool help;                 /* --help */
};

struct server {
    struct options options;      /* flags */
    struct weft_address address; /* --listen */
    struct weft_web_limit limit; /* --rate */
};

/* A body that is sent under the limit. */
struct paced {
    struct weft_web_limit *limit; /* borrowed */
    int fd;                       /* owned */
    uint64_t offset;              /* of the first byte in the file */
};

static ssize_t paced_read(void *context, uint64_t position, char *buffer, size_t size)
{
    struct paced *paced = context;
    size_t wanted = size < PIECE_BYTES ? size : PIECE_BYTES;
    ssize_t got = pread(paced->fd, buffer, wanted, (off_t)(paced->offset + position));
    if (got <= 0) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    weft_web_limit_wait(paced->limit, (uint64_t)got);
    return got;
}

static void paced_free(void *context)
{
    struct paced *paced = context;
    close(paced->fd);
    free(paced);
}

/* A response with |length| bytes of |file| from |offset|; takes file->fd. NULL: no memory. */
static struct MHD_Response *make_body(struct server *server, const struct weft_web_file *file,
                                      uint64_t offset, uint64_t length)
{
    if (server->limit.rate_bytes_per_s == 0) {
        struct MHD_Response *response =
            MHD_create_response_from_fd_at_offset64(length, file->fd, offset);
        if (response == NULL) {
            close(file->fd);
        }
        return response;
    }
    struct paced *paced = malloc(sizeof(*paced));
    if (paced == NULL) {
        close(file->fd);
        return NULL;
    }
    *paced = (struct paced){&server->limit, file->fd, offset};
    struct MHD_Response *response =
        MHD_create_response_from_callback(length, PIECE_BYTES, paced_read, paced, paced_free);
    if (response == NULL) {
        paced_free(paced);
    }
    return response;
}

static struct MHD_Response *make_text(const char *text)
{
    /* libmicrohttpd copies; its interface just does not say so. */
    return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                           MHD_RESPMEM_MUST_COPY);
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Does an If-None-Match name |etag|? */
static bool is_match(const char *header, const char *etag)
{
    return header != NULL && (strcmp(header, "*") == 0 || strstr(header, etag) != NULL);
}

static void add_headers(struct MHD_Response *response, const struct weft_web_file *file)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, file->etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            file->changes ? "no-cache" : "public, max-age=86400");
}

static void add_range(struct MHD_Response *response, const struct weft_web_range *range,
                      uint64_t size)
{
    char value[80];
    if (range->kind == WEFT_WEB_RANGE_PART) {
        snprintf(value, sizeof(value), "bytes %llu-%llu/%llu", (unsigned long long)range->first,
                 (unsigned long long)range->last, (unsigned long long)size);
    } else {
        snprintf(value, sizeof(value), "bytes */%llu", (unsigned long long)size);
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, value);
}

/* The range that counts: an If-Range that names another object asks for all of it. */
static struct weft_web_range range_of(struct MHD_Connection *connection,
                                      const struct weft_web_file *file)
{
    const char *condition = header_of(connection, MHD_HTTP_HEADER_IF_RANGE);
    bool counts = condition == NULL || strcmp(condition, file->etag) == 0;
    return weft_web_range_read(counts ? header_of(connection, MHD_HTTP_HEADER_RANGE) : NULL,
                               file->size);
}

/* Answer with |file|, whose descriptor is closed in any case; *status is what was sent. */
static struct MHD_Response *answer_file(struct server *server, struct MHD_Connection *connection,
                                        const struct weft_web_file *file, unsigned int *status)
{
    struct weft_web_range range = range_of(connection, file);
    struct MHD_Response *response = NULL;
    if (is_match(header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), file->etag)) {
        *status = MHD_HTTP_NOT_MODIFIED;
    } else if (range.kind == WEFT_WEB_RANGE_NONE) {
        *status = MHD_HTTP_RANGE_NOT_SATISFIABLE;
    } else if (range.kind == WEFT_WEB_RANGE_PART) {
        *status = MHD_HTTP_PARTIAL_CONTENT;
        response = make_body(server, file, range.first, range.last - range.first + 1);
    } else {
        *status = MHD_HTTP_OK;
        response = make_body(server, file, 0, file->size);
    }
    if (*status == MHD_HTTP_NOT_MODIFIED || *status == MHD_HTTP_RANGE_NOT_SATISFIABLE) {
        close(file->fd);
        response = make_text("");
    }
    if (response == NULL) {
        return NULL;
    }
    add_headers(response, file);
    if (*status == MHD_HTTP_OK || *status == MHD_HTTP_PARTIAL_CONTENT) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, file->type);
    }
    if (range.kind != WEFT_WEB_RANGE_ALL && *status != MHD_HTTP_NOT_MODIFIED) {
        add_range(response, &range, file->size);
    }
    return response;
}

static struct MHD_Response *make_answer(struct server *server, struct MHD_Connection *connection,
                                        const char *url, const char *method, unsigned int *status)
{
    struct weft_web_file file;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        *status = MHD_HTTP_METHOD_NOT_ALLOWED;
        struct MHD_Response *response = make_text("only GET and HEAD\n");
        if (response != NULL) {
            MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
        }
        return response;
    }
    if (!weft_web_file_open(&file, server->options.repository, url)) {
        *status = MHD_HTTP_NOT_FOUND;
        return make_text("no such file\n");
    }
    return answer_file(server, connection, &file, status);
}

/* One line: time, who, what, range, status. */
static void log_access(struct MHD_Connection *connection, const char *method, const char *url,
                       unsigned int status)
{
    char peer[WEFT_ADDRESS_TEXT_BYTES] = "-";
    char stamp[32] = "";
    time_t now = time(NULL);
    struct tm parts;
    const char *range = header_of(connection, MHD_HTTP_HEADER_RANGE);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info != NULL && info->client_addr != NULL) {
        struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
        size_t size = info->client_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                              : sizeof(struct sockaddr_in6);
        memcpy(&storage, info->client_addr, size);
        struct weft_address address = weft_session_socket_from(&storage);
        weft_address_format(&address, peer, sizeof(peer));
    }
    gmtime_r(&now, &parts);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &parts);
    fprintf(stderr, "%s %s %s %.512s %.64s %u\n", stamp, peer, method, url,
            range != NULL ? range : "-", status);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_bytes, void **request)
{
    static int seen; /* only its address is used */
    struct server *server = context;
    unsigned int status = 0;
    (void)version;
    (void)upload;
    if (*request == NULL) {
        /* Called first with the head only; a body, if any, is read past. */
        *request = &seen;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        *upload_bytes = 0;
        return MHD_YES;
    }
    struct MHD_Response *response = make_answer(server, connection, url, method, &status);
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    if (server->options.verbose) {
        log_access(connection, method, url, status);
    }
    return result;
}

/* libmicrohttpd decodes %XX in place; a zero in it would hide what follows. */
static size_t decode(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    if (strstr(text, "%00") != NULL) {
        text[0] = 0;
        return 0;
    }
    return MHD_http_unescape(text);
}

static struct MHD_Daemon *start_daemon(struct server *server)
{
    struct sockaddr_storage storage;
    weft_session_socket_to(&server->address, &storage);
    unsigned int flags = storage.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    flags |= server->limit.rate_bytes_per_s == 0
                 ? MHD_USE_EPOLL_INTERNAL_THREAD
                 : MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    return MHD_start_daemon(flags | MHD_USE_ITC, server->address.port, NULL, NULL, on_request,
                            server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&storage,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,
                            MHD_OPTION_UNESCAPE_CALLBACK, decode, NULL, MHD_OPTION_END);
}

static bool read_options(struct server *server, int argc, char **argv, int *exit_code)
{
    struct options *options = &server->options;
    const struct weft_flag flags[] = {
        WEFT_ROW_MUST("repo", "DIR", "repository made by weft publish",
                      WEFT_FLAG_AT(struct options, repository)),
        WEFT_ROW_MUST("listen", "ADDR:PORT", "where to listen; port 0 chooses one",
                      WEFT_FLAG_AT(struct options, listen)),
        {.name = "rate",
         .kind = WEFT_FLAG_RATE,
         .help = "rate of all answers together; 0 = not limited",
         WEFT_FLAG_AT(struct options, rate_bytes_per_s)},
        {.name = "verbose",
         .kind = WEFT_FLAG_BOOL,
         .help = "print a line for each request",
         WEFT_FLAG_AT(struct options, verbose)},
        WEFT_FLAG_HELP_ROW(WEFT_FLAG_AT(struct options, help)),
    };
    const struct weft_flag_group group = {
        .flags = flags, .flag_count = WEFT_FLAG_COUNT_OF(flags), .target = options};
    const struct weft_usage usage = {
        .command = "source",
        .arguments = "--repo DIR --listen ADDR:PORT [FLAG]...",
        .about = "Serve a repository over HTTP, for demos and small sites, until it is stopped.",
        .set = {&group, 1},
        .help = &options->help,
    };
    if (!weft_usage_read(&usage, argc, argv, NULL, exit_code)) {
        return false;
    }
    if (!weft_address_parse(options->listen, 0, &server->address)) {
        *exit_code = weft_usage_refuse("source", "--listen wants ADDR:PORT, for example "
                                                 "10.1.2.3:8080 or [fd00::1]:8080");
        return false;
    }
    return true;
}

static int fail(const struct server *server, const char *what, const char *reason)
{
    fprintf(stderr, "weft source: cannot %s %s: %s\n", what,
            what[0] == 's' ? server->options.repository : server->options.listen, reason);
    return WEFT_EXIT_FAILED;
}

/* Wait for SIGINT or SIGTERM, which all threads block. */
static void wait_for_end(const sigset_t *signals)
{
    int number = 0;
    while (sigwait(signals, &number) != 0) {
    }
}

static int serve(struct server *server)
{
    char text[WEFT_ADDRESS_TEXT_BYTES];
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    /* Before the threads start, so that they inherit it. */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *daemon = start_daemon(server);
    if (daemon == NULL) {
        bool is_busy = errno == EADDRINUSE;
        fail(server, "listen on",
             is_busy ? "the address is in use by another program" : strerror(errno));
        return is_busy ? WEFT_EXIT_BUSY : WEFT_EXIT_FAILED;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->address.port = info != NULL ? info->port : server->address.port;
    printf("weft source: serving %s at http://%s/\n", server->options.repository,
           weft_address_format(&server->address, text, sizeof(text)));
    fflush(stdout);
    wait_for_end(&signals);
    MHD_stop_daemon(daemon);
    return WEFT_EXIT_OK;
}

int weft_command_source(int argc, char **argv)
{
    static struct server server;
    struct stat entry;
    int exit_code = WEFT_EXIT_OK;
    if (!read_options(&server, argc, argv, &exit_code)) {
        return exit_code;
    }
    if (stat(server.options.repository, &entry) != 0) {
        return fail(&server, "serve", strerror(errno));
    }
    if (!S_ISDIR(entry.st_mode) || access(server.options.repository, R_OK | X_OK) != 0) {
        return fail(&server, "serve",
                    S_ISDIR(entry.st_mode) ? "permission denied" : "not a directory");
    }
    weft_web_limit_init(&server.limit, server.options.rate_bytes_per_s);
    return serve(&server);
}
