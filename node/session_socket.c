/* SPDX-License-Identifier: Apache-2.0 */
/* Makes sockets and sets their options; see session_socket.h. */
#include "session_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* Attempts to find a port that is free for UDP and TCP. */
#define PORT_TRIES 64

/* Datagrams that may wait while the loop is busy: a burst of gossip from 512 members. */
#define DATAGRAM_BUFFER_BYTES (1024 * 1024)

/* Connections that may wait to be accepted. */
#define BACKLOG 128

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_ipv4(const struct weft_address *address)
{
    return memcmp(address->ip, mapped, sizeof(mapped)) == 0;
}

socklen_t weft_session_socket_to(const struct weft_address *address,
                                 struct sockaddr_storage *storage)
{
    memset(storage, 0, sizeof(*storage));
    if (is_ipv4(address)) {
        struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&ipv4.sin_addr, address->ip + sizeof(mapped), sizeof(ipv4.sin_addr));
        memcpy(storage, &ipv4, sizeof(ipv4));
        return sizeof(ipv4);
    }
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
    memcpy(&ipv6.sin6_addr, address->ip, sizeof(ipv6.sin6_addr));
    memcpy(storage, &ipv6, sizeof(ipv6));
    return sizeof(ipv6);
}

struct weft_address weft_session_socket_from(const struct sockaddr_storage *storage)
{
    struct weft_address address = {.port = 0};
    if (storage->ss_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, storage, sizeof(ipv4));
        memcpy(address.ip, mapped, sizeof(mapped));
        memcpy(address.ip + sizeof(mapped), &ipv4.sin_addr, sizeof(ipv4.sin_addr));
        address.port = ntohs(ipv4.sin_port);
    } else if (storage->ss_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, storage, sizeof(ipv6));
        memcpy(address.ip, &ipv6.sin6_addr, sizeof(address.ip));
        address.port = ntohs(ipv6.sin6_port);
    }
    return address;
}

enum weft_err weft_session_socket_error(int error_number)
{
    switch (error_number) {
    case EADDRINUSE:
        return WEFT_ERR_ADDRESS_IN_USE;
    case EACCES:
    case EPERM:
        return WEFT_ERR_PERMISSION;
    case ENOMEM:
    case ENOBUFS:
        return WEFT_ERR_MEMORY;
    case EMFILE:
    case ENFILE:
        return WEFT_ERR_LIMIT;
    case ETIMEDOUT:
        return WEFT_ERR_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
        return WEFT_ERR_CLOSED;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
        return WEFT_ERR_UNREACHABLE;
    default:
        return WEFT_ERR_IO;
    }
}

uint8_t weft_session_socket_hops(struct msghdr *message)
{
    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item != NULL;
         item = CMSG_NXTHDR(message, item)) {
        bool is_ipv4 = item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_TTL;
        bool is_ipv6 = item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_HOPLIMIT;
        int hops = 0;
        if (is_ipv4 || is_ipv6) {
            memcpy(&hops, CMSG_DATA(item), sizeof(hops));
            return hops > 0 && hops <= UINT8_MAX ? (uint8_t)hops : 0;
        }
    }
    return 0;
}

static void set(int fd, int level, int name, int value)
{
    /* An option that this kernel lacks costs speed or comfort, not correctness. */
    int result = setsockopt(fd, level, name, &value, sizeof(value));
    (void)result;
}

static int make(const struct weft_address *address, int type)
{
    int family = is_ipv4(address) ? AF_INET : AF_INET6;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && type == SOCK_DGRAM) {
        set(fd, SOL_SOCKET, SO_RCVBUF, DATAGRAM_BUFFER_BYTES);
        set(fd, SOL_SOCKET, SO_SNDBUF, DATAGRAM_BUFFER_BYTES);
        /* An IPv6 socket bound to the wildcard receives IPv4 too. */
        set(fd, IPPROTO_IP, IP_RECVTTL, 1);
        if (family == AF_INET6) {
            set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        }
    } else if (fd >= 0) {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    }
    return fd;
}

/* A socket of |type| bound to |address|; -1 and errno. */
static int make_bound(const struct weft_address *address, int type)
{
    struct sockaddr_storage storage;
    socklen_t length = weft_session_socket_to(address, &storage);
    int fd = make(address, type);
    if (fd < 0) {
        return -1;
    }
    if (bind(fd, (struct sockaddr *)&storage, length) != 0 ||
        (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
        int error_number = errno;
        close(fd);
        errno = error_number;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(storage);
    getsockname(fd, (struct sockaddr *)&storage, &length);
    return weft_session_socket_from(&storage).port;
}

static enum weft_err listen_once(struct weft_address *address, int *datagram_fd, int *listen_fd)
{
    struct weft_address bound = *address;
    int stream = make_bound(&bound, SOCK_STREAM);
    if (stream < 0) {
        return weft_session_socket_error(errno);
    }
    bound.port = port_of(stream);
    int datagram = make_bound(&bound, SOCK_DGRAM);
    if (datagram < 0) {
        enum weft_err err = weft_session_socket_error(errno);
        close(stream);
        return err;
    }
    *address = bound;
    *datagram_fd = datagram;
    *listen_fd = stream;
    return WEFT_ERR_OK;
}

enum weft_err weft_session_socket_listen(struct weft_address *address, int *datagram_fd,
                                         int *listen_fd)
{
    int tries = address->port == 0 ? PORT_TRIES : 1;
    enum weft_err err = WEFT_ERR_ADDRESS_IN_USE;
    for (int i = 0; i < tries && err == WEFT_ERR_ADDRESS_IN_USE; i++) {
        err = listen_once(address, datagram_fd, listen_fd);
    }
    return err;
}

int weft_session_socket_connect(const struct weft_address *from, const struct weft_address *to)
{
    struct sockaddr_storage storage;
    struct weft_address local = *from;
    int fd = make(to, SOCK_STREAM);
    if (fd < 0) {
        return -1;
    }
    /* Connect from the address that others know us by; its port is chosen late, by the kernel, so
     * that the ports last for more peers. */
    local.port = 0;
    socklen_t length = weft_session_socket_to(&local, &storage);
    set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    bool bound =
        is_ipv4(&local) != is_ipv4(to) || bind(fd, (struct sockaddr *)&storage, length) == 0;
    length = weft_session_socket_to(to, &storage);
    if (!bound || (connect(fd, (struct sockaddr *)&storage, length) != 0 && errno != EINPROGRESS)) {
        int error_number = errno;
        close(fd);
        errno = error_number;
        return -1;
    }
    return fd;
}

void weft_session_socket_tune(int fd, unsigned int unacked_ms)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, WEFT_SESSION_SOCKET_UNSENT_BYTES);
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)unacked_ms);
    /* A probe a minute on an idle stream: 2 bytes a second, and a dead peer is noticed. */
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
}
