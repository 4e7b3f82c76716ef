/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and ports of the demo. */
#include "demo_net.h"

#include "options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FIRST_HOST = 10,  /* last number of a segment's first node */
    PORTS_TRIED = 200 /* from the default port on */
};

uint32_t weft_demo_net_segment(const struct weft_demo_options *options, uint32_t node)
{
    uint32_t segment = 0;
    while (weft_demo_net_first(options, segment + 1) <= node) {
        segment++;
    }
    return segment;
}

uint32_t weft_demo_net_first(const struct weft_demo_options *options, uint32_t segment)
{
    return options->nodes * segment / options->segments;
}

void weft_demo_net_node(const struct weft_demo_options *options, uint32_t node, char *text)
{
    uint32_t segment = weft_demo_net_segment(options, node);
    snprintf(text, WEFT_DEMO_ADDRESS_BYTES, "127.77.%u.%u", (unsigned)segment + 1,
             (unsigned)(FIRST_HOST + node - weft_demo_net_first(options, segment)));
}

void weft_demo_net_prefix(uint32_t segment, char *text)
{
    snprintf(text, WEFT_DEMO_ADDRESS_BYTES, "127.77.%u.0/24", (unsigned)segment + 1);
}

const char *weft_demo_net_source(void)
{
    return "127.77.0.1";
}

static struct sockaddr_in address_of(const char *address, uint16_t port)
{
    struct sockaddr_in out = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &out.sin_addr);
    return out;
}

static bool is_free(const char *address, uint16_t port, int kind)
{
    const struct sockaddr_in target = address_of(address, port);
    int one = 1;
    int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
    /* As servers bind: connections of an earlier demo that linger do not count. */
    if (kind == SOCK_STREAM) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    }
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&target, sizeof(target)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return bound;
}

static bool is_free_everywhere(const struct weft_demo_options *options, uint16_t port)
{
    char address[WEFT_DEMO_ADDRESS_BYTES];
    if (!is_free(weft_demo_net_source(), port, SOCK_STREAM)) {
        return false;
    }
    for (uint32_t node = 0; node < options->nodes; node++) {
        weft_demo_net_node(options, node, address);
        if (!is_free(address, port, SOCK_STREAM) || !is_free(address, port, SOCK_DGRAM)) {
            return false;
        }
    }
    return true;
}

/* Two demos that start at the same time would both find a port free: a name in the abstract socket
 * space, which ends with its process, decides who has it. */
static int lock_port(uint16_t port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length =
        snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "weft-demo-%u", (unsigned)port);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

uint16_t weft_demo_net_claim(const struct weft_demo_options *options, int *lock)
{
    for (uint32_t i = 0; i < PORTS_TRIED; i++) {
        uint16_t port = (uint16_t)(WEFT_PORT_DEFAULT + i);
        *lock = lock_port(port);
        if (*lock >= 0 && is_free_everywhere(options, port)) {
            return port;
        }
        if (*lock >= 0) {
            close(*lock);
            *lock = -1;
        }
    }
    return 0;
}

bool weft_demo_net_answers(const char *address, uint16_t port)
{
    const struct sockaddr_in target = address_of(address, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)&target, sizeof(target)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return answers;
}
