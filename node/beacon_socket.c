/* SPDX-License-Identifier: Apache-2.0 */
/* A socket for the multicast group of beacons, on the interface of one address. */
#include "beacon_socket.h"

#include "session_socket.h"

#include "../protocol/address.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <unistd.h>

/* A packet with a smaller hop limit passed a router, or its sender is none of ours. */
#define HOPS 255

/* 224.0.0.177 and ff12::7767: of the link only, and of nobody else. */
static const uint8_t group4[4] = {224, 0, 0, 177};
static const uint8_t group6[16] = {0xff, 0x12, [14] = 0x77, 0x67};

/* The group as an address. */
static struct weft_address group_of(const struct weft_beacon_socket *self)
{
    struct weft_address group = {.port = WEFT_BEACON_PORT};
    if (weft_address_is_ipv4(self->own.ip)) {
        return weft_address_of_ipv4(group4, WEFT_BEACON_PORT);
    }
    memcpy(group.ip, group6, sizeof(group.ip));
    return group;
}

static socklen_t to_group(const struct weft_beacon_socket *self, struct sockaddr_storage *storage)
{
    struct weft_address group = group_of(self);
    socklen_t length = weft_session_socket_to(&group, storage);
    if (storage->ss_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, storage, sizeof(ipv6));
        ipv6.sin6_scope_id = self->interface;
        memcpy(storage, &ipv6, sizeof(ipv6));
    }
    return length;
}

/* Has |item|, an interface that is up and has multicast, the address |own|? */
static bool has_address(const struct ifaddrs *item, const struct weft_address *own)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    bool is_usable = item->ifa_addr != NULL && (item->ifa_flags & IFF_UP) != 0 &&
                     (item->ifa_flags & IFF_MULTICAST) != 0;
    if (is_usable && item->ifa_addr->sa_family == AF_INET) {
        memcpy(&storage, item->ifa_addr, sizeof(struct sockaddr_in));
    } else if (is_usable && item->ifa_addr->sa_family == AF_INET6) {
        memcpy(&storage, item->ifa_addr, sizeof(struct sockaddr_in6));
    }
    struct weft_address address = weft_session_socket_from(&storage);
    return memcmp(address.ip, own->ip, WEFT_IP_BYTES) == 0;
}

/* The index of the interface |name|; 0 = not told. (if_nametoindex() needs a call that the sandbox
 * does not have.) */
static uint32_t index_of(const struct ifaddrs *list, const char *name)
{
    for (const struct ifaddrs *item = list; item != NULL; item = item->ifa_next) {
        if (item->ifa_addr != NULL && item->ifa_addr->sa_family == AF_PACKET &&
            strcmp(item->ifa_name, name) == 0) {
            struct sockaddr_ll link;
            memcpy(&link, item->ifa_addr, sizeof(link));
            return (uint32_t)link.sll_ifindex;
        }
    }
    return 0;
}

/* The index of the interface with |own| that is up and has multicast; 0 = there is none. */
static uint32_t find_interface(const struct weft_address *own)
{
    struct ifaddrs *list = NULL;
    uint32_t index = 0;
    if (getifaddrs(&list) != 0) {
        return 0;
    }
    for (const struct ifaddrs *item = list; item != NULL && index == 0; item = item->ifa_next) {
        index = has_address(item, own) ? index_of(list, item->ifa_name) : 0;
    }
    freeifaddrs(list);
    return index;
}

static bool set(int fd, int level, int name, const void *value, size_t size)
{
    return setsockopt(fd, level, name, value, (socklen_t)size) == 0;
}

/* Being a member already is as good. */
static bool join(const struct weft_beacon_socket *self)
{
    bool joined = false;
    if (weft_address_is_ipv4(self->own.ip)) {
        struct ip_mreqn request = {.imr_ifindex = (int)self->interface};
        memcpy(&request.imr_multiaddr, group4, sizeof(group4));
        joined = set(self->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request));
    } else {
        struct ipv6_mreq request = {.ipv6mr_interface = self->interface};
        memcpy(&request.ipv6mr_multiaddr, group6, sizeof(group6));
        joined = set(self->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request));
    }
    return joined || errno == EADDRINUSE;
}

static bool tune(const struct weft_beacon_socket *self)
{
    const int on = 1;
    const int hops = HOPS;
    if (weft_address_is_ipv4(self->own.ip)) {
        struct ip_mreqn request = {.imr_ifindex = (int)self->interface};
        memcpy(&request.imr_address, self->own.ip + 12, sizeof(request.imr_address));
        return set(self->fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) &&
               set(self->fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops)) &&
               set(self->fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
    }
    return set(self->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &self->interface,
               sizeof(self->interface)) &&
           set(self->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) &&
           set(self->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
}

bool weft_beacon_socket_open(struct weft_beacon_socket *made, const struct weft_address *own)
{
    struct sockaddr_storage storage;
    const int on = 1;
    *made = (struct weft_beacon_socket){.interface = find_interface(own), .own = *own};
    socklen_t length = to_group(made, &storage);
    made->fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made->interface != 0 && made->fd >= 0 &&
        /* Several nodes of one machine hear each other. */
        set(made->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
        bind(made->fd, (struct sockaddr *)&storage, length) == 0 && tune(made) && join(made)) {
        return true;
    }
    if (made->fd >= 0) {
        close(made->fd);
        made->fd = -1;
    }
    return false;
}

void weft_beacon_socket_send(const struct weft_beacon_socket *self, const uint8_t *bytes,
                             size_t length)
{
    struct sockaddr_storage storage;
    socklen_t size = to_group(self, &storage);
    if (join(self)) {
        (void)sendto(self->fd, bytes, length, MSG_DONTWAIT, (struct sockaddr *)&storage, size);
    }
}

long weft_beacon_socket_receive(const struct weft_beacon_socket *self, uint8_t *bytes, size_t size,
                                struct weft_address *from)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    _Alignas(struct cmsghdr) uint8_t ancillary[64];
    struct iovec piece = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_name = &storage,
                             .msg_namelen = sizeof(storage),
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = ancillary,
                             .msg_controllen = sizeof(ancillary)};
    ssize_t length = recvmsg(self->fd, &message, MSG_DONTWAIT);
    if (length < 0) {
        return -1;
    }
    *from = weft_session_socket_from(&storage);
    bool is_whole = (message.msg_flags & MSG_TRUNC) == 0;
    return is_whole && weft_session_socket_hops(&message) == HOPS ? length : 0;
}
