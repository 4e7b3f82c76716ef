/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes addresses and prefixes, and compares them; opens no socket, resolves no name.
 *
 * Notation (SPEC.md section "Addresses"): IPv4 in four decimal numbers without leading zeros; IPv6
 * as in RFC 4291 when read and RFC 5952 when written; a port after ":", IPv6 then in brackets. Text
 * is accepted whole or not at all: no zone, no blank, no sign, no other base. */
#ifndef WEFT_ADDRESS_H
#define WEFT_ADDRESS_H

#include "text.h"
#include "types.h"

/* Room for every address or prefix in text, the terminating zero included. */
#define WEFT_ADDRESS_TEXT_BYTES 56

/* Read "10.1.2.3:7767", "10.1.2.3", "[fe80::1]:7767", "[fe80::1]" or "fe80::1"; without a port it
 * is |port_default|. Port 0 is accepted.
 * Errors: false if the text is anything else; |address| is then untouched. */
bool weft_address_parse(const char *text, uint16_t port_default, struct weft_address *address);

/* Read "10.1.0.0/16" (stored as 112 bits) or "fd00::/8"; without "/" the whole address counts. Bits
 * behind the prefix may be set and are cleared.
 * Errors: false if the text is anything else; |prefix| is then untouched. */
bool weft_prefix_parse(const char *text, struct weft_prefix *prefix);

/* Append "10.1.2.3:7767" or "[fe80::1]:7767". */
void weft_text_add_address(struct weft_text *text, const struct weft_address *address);

/* Append the address without port and brackets: "10.1.2.3" or "fe80::1".
 * Shape:  ip[WEFT_IP_BYTES]. */
void weft_text_add_ip(struct weft_text *text, const uint8_t *ip);

/* Append "10.1.0.0/16" or "fd00::/8". */
void weft_text_add_prefix(struct weft_text *text, const struct weft_prefix *prefix);

/* Write an address with port into |text|, zero terminated, and return |text|, fit for printf.
 * Shape:  text[size]; WEFT_ADDRESS_TEXT_BYTES are always enough, less cuts. */
const char *weft_address_format(const struct weft_address *address, char *text, size_t size);

/* The same for a prefix. */
const char *weft_prefix_format(const struct weft_prefix *prefix, char *text, size_t size);

/* The address of IPv4 |a|.|b|.|c|.|d| in bytes of network order, and |port|.
 * Shape:  ipv4[4]. */
struct weft_address weft_address_of_ipv4(const uint8_t *ipv4, uint16_t port);

/* Is it an IPv4 address (mapped into IPv6)?  Shape: ip[WEFT_IP_BYTES]. */
bool weft_address_is_ipv4(const uint8_t *ip);

/* Is it no particular host: all zero, or 0.0.0.0?  Shape: ip[WEFT_IP_BYTES]. */
bool weft_address_is_wildcard(const uint8_t *ip);

/* The same address and port? */
bool weft_address_equal(const struct weft_address *a, const struct weft_address *b);

/* The first |bits| bits of |ip|, the others cleared; |bits| over 128 count as 128.
 * Shape:  ip[WEFT_IP_BYTES]; bits over the 128-bit form: an IPv4 /24 is 120. */
struct weft_prefix weft_prefix_of(const uint8_t *ip, uint32_t bits);

/* Does |ip| lie in |prefix|?  Shape: ip[WEFT_IP_BYTES]. */
bool weft_prefix_contains(const struct weft_prefix *prefix, const uint8_t *ip);

/* The same network of the same length? */
bool weft_prefix_equal(const struct weft_prefix *a, const struct weft_prefix *b);

#endif
