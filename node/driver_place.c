/* SPDX-License-Identifier: Apache-2.0 */
/* Where is this node: which subnet, and is there a network at all? Looks at the machine's
 * interfaces; what to do about a change is the core's decision. */
#include "driver_state.h"

#include "log.h"
#include "session_socket.h"

#include "../protocol/address.h"

#include <string.h>

/* Loopback addresses have no subnet that means anything: three numbers of 127.x.y.z count. */
#define LOOPBACK_BITS 120

static bool is_loopback(const struct weft_address *address)
{
    return weft_address_is_ipv4(address->ip) && address->ip[12] == 127;
}

/* Ones at the beginning of a netmask, over the 128-bit form. */
static uint32_t mask_bits(const uv_interface_address_t *interface)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    bool is_ipv4 = interface->netmask.netmask4.sin_family == AF_INET;
    memcpy(&storage, &interface->netmask, sizeof(interface->netmask));
    struct weft_address mask = weft_session_socket_from(&storage);
    uint32_t bits = is_ipv4 ? 96 : 0;
    while (bits < 128 && (mask.ip[bits / 8] >> (7 - bits % 8) & 1) != 0) {
        bits++;
    }
    return bits;
}

static bool has_address(const uv_interface_address_t *interface, const struct weft_address *address)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    memcpy(&storage, &interface->address, sizeof(interface->address));
    struct weft_address found = weft_session_socket_from(&storage);
    return memcmp(found.ip, address->ip, WEFT_IP_BYTES) == 0;
}

struct weft_prefix weft_driver_place_segment(const struct weft_run_options *options,
                                             const struct weft_address *address, bool *exists)
{
    uv_interface_address_t *interfaces = NULL;
    int count = 0;
    uint32_t bits = is_loopback(address) ? LOOPBACK_BITS : 128;
    *exists = is_loopback(address);
    if (uv_interface_addresses(&interfaces, &count) != 0) {
        *exists = true; /* not known: nothing is said */
    }
    for (int i = 0; i < count; i++) {
        if (has_address(&interfaces[i], address)) {
            *exists = true;
            bits = is_loopback(address) ? bits : mask_bits(&interfaces[i]);
        }
    }
    if (interfaces != NULL) {
        uv_free_interface_addresses(interfaces, count);
    }
    return options->has_subnet ? options->subnet : weft_prefix_of(address->ip, bits);
}

void weft_driver_place_check(struct weft_driver *driver)
{
    bool exists = false;
    struct weft_prefix segment =
        weft_driver_place_segment(driver->options, &driver->self.address, &exists);
    bool moved = exists && !weft_prefix_equal(&segment, &driver->segment);
    if (exists == driver->has_network && !moved) {
        return;
    }
    driver->has_network = exists;
    if (exists) {
        driver->segment = segment;
    }
    weft_log(WEFT_LOG_INFO, exists
                                ? "the network is there again"
                                : "the network is gone: the own address does not exist any more");
    struct weft_event event = {
        .kind = WEFT_EVENT_LINK,
        .link = {.up = exists, .address = driver->self.address, .segment = driver->segment}};
    weft_driver_tell(driver, &event);
}
