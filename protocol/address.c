/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes addresses and prefixes, and compares them. Answers "which address is meant?";
 * whether it can be reached is the shell's question. */
#include "address.h"

#include <string.h>

#define IPV4_AT 12    /* bytes of an IPv4-mapped address before its four */
#define IPV4_BITS 96U /* the same in bits */
#define GROUPS 8      /* 16-bit groups of an IPv6 address */
#define IP_BITS 128U

static const uint8_t mapped[IPV4_AT] = {[10] = 0xff, [11] = 0xff};

/* ---- Reading: each function moves |*at| past what it read, or returns false ---- */

/* A decimal number of at most |max| without leading zeros. */
static bool read_decimal(const char **at, uint32_t max, uint32_t *number)
{
    const char *start = *at;
    uint32_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (uint32_t)(**at - '0');
        bool is_padded = *start == '0' && *at > start;
        if (value > max || is_padded) {
            return false;
        }
    }
    *number = value;
    return *at > start;
}

static bool read_ipv4(const char **at, uint8_t *bytes)
{
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t number = 0;
        if (i > 0 && *(*at)++ != '.') {
            return false;
        }
        if (!read_decimal(at, 255, &number)) {
            return false;
        }
        bytes[i] = (uint8_t)number;
    }
    return true;
}

static bool hex_digit(char character, uint32_t *digit)
{
    if (character >= '0' && character <= '9') {
        *digit = (uint32_t)(character - '0');
        return true;
    }
    if (character >= 'a' && character <= 'f') {
        *digit = (uint32_t)(character - 'a') + 10;
        return true;
    }
    if (character >= 'A' && character <= 'F') {
        *digit = (uint32_t)(character - 'A') + 10;
        return true;
    }
    return false;
}

/* One to four hexadecimal digits into two bytes. */
static bool read_group(const char **at, uint8_t *bytes)
{
    uint32_t value = 0;
    uint32_t digit = 0;
    uint32_t count = 0;
    for (; hex_digit(**at, &digit); (*at)++) {
        value = value << 4 | digit;
        if (++count > 4) {
            return false;
        }
    }
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return count > 0;
}

/* Does the text go on with a dotted IPv4 address instead of a group? */
static bool is_dotted(const char *at)
{
    while (*at >= '0' && *at <= '9') {
        at++;
    }
    return *at == '.';
}

/* Groups joined by single colons, up to |room| bytes in all, the last two perhaps in IPv4 form.
 * Stops before "::" and at anything that cannot go on. */
static bool read_groups(const char **at, uint8_t *bytes, uint32_t room, uint32_t *length)
{
    *length = 0;
    while (*length < room) {
        if (is_dotted(*at)) {
            bool fits = room - *length >= 4 && read_ipv4(at, bytes + *length);
            *length += 4;
            return fits && **at != ':'; /* nothing follows the IPv4 form, not even "::" */
        }
        if (!read_group(at, bytes + *length)) {
            return false;
        }
        *length += 2;
        bool goes_on = (*at)[0] == ':' && (*at)[1] != ':';
        if (!goes_on) {
            return true;
        }
        (*at)++;
    }
    return false;
}

static bool is_gap(const char *at)
{
    return at[0] == ':' && at[1] == ':';
}

static bool read_ipv6(const char **at, uint8_t *ip)
{
    uint8_t head[WEFT_IP_BYTES] = {0};
    uint8_t tail[WEFT_IP_BYTES] = {0};
    uint32_t head_length = 0;
    uint32_t tail_length = 0;
    if (!is_gap(*at) && !read_groups(at, head, WEFT_IP_BYTES, &head_length)) {
        return false;
    }
    if (!is_gap(*at)) {
        memcpy(ip, head, WEFT_IP_BYTES);
        return head_length == WEFT_IP_BYTES;
    }
    if (head_length == WEFT_IP_BYTES) {
        return false;
    }
    *at += 2;
    uint32_t digit = 0;
    /* RFC 5952 writes "::" for two groups or more; RFC 4291 allows it for one when reading. */
    uint32_t room = WEFT_IP_BYTES - 2 - head_length;
    if (room > 0 && hex_digit(**at, &digit) && !read_groups(at, tail, room, &tail_length)) {
        return false;
    }
    memset(ip, 0, WEFT_IP_BYTES);
    memcpy(ip, head, head_length);
    memcpy(ip + WEFT_IP_BYTES - tail_length, tail, tail_length);
    return true;
}

/* An address of either kind without brackets. IPv6 is told by a colon after at most four digits,
 * IPv4 by a dot. */
static bool read_ip(const char **at, uint8_t *ip)
{
    if (!is_dotted(*at)) {
        return read_ipv6(at, ip);
    }
    memcpy(ip, mapped, IPV4_AT);
    return read_ipv4(at, ip + IPV4_AT);
}

bool weft_address_parse(const char *text, uint16_t port_default, struct weft_address *address)
{
    struct weft_address read = {.port = port_default};
    const char *at = text;
    bool has_brackets = *at == '[';
    at += has_brackets;
    bool is_ipv4 = is_dotted(at);
    if ((has_brackets && is_ipv4) || !read_ip(&at, read.ip)) {
        return false;
    }
    if (has_brackets && *at++ != ']') {
        return false;
    }
    if (*at == ':' && (is_ipv4 || has_brackets)) {
        uint32_t port = 0;
        at++;
        if (!read_decimal(&at, UINT16_MAX, &port)) {
            return false;
        }
        read.port = (uint16_t)port;
    }
    if (*at != '\0') {
        return false;
    }
    *address = read;
    return true;
}

bool weft_prefix_parse(const char *text, struct weft_prefix *prefix)
{
    uint8_t ip[WEFT_IP_BYTES];
    const char *at = text;
    uint32_t bits_max = is_dotted(at) ? IP_BITS - IPV4_BITS : IP_BITS;
    uint32_t bits = bits_max;
    if (!read_ip(&at, ip)) {
        return false;
    }
    if (*at == '/') {
        at++;
        if (!read_decimal(&at, bits_max, &bits)) {
            return false;
        }
    }
    if (*at != '\0') {
        return false;
    }
    *prefix = weft_prefix_of(ip, bits + IP_BITS - bits_max);
    return true;
}

/* ---- Writing ---- */

static uint32_t group_of(const uint8_t *ip, uint32_t index)
{
    return (uint32_t)ip[2 * index] << 8 | ip[2 * index + 1];
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 section 4.2).
 * Returns its length, 0 if there is none. */
static uint32_t longest_gap(const uint8_t *ip, uint32_t *start)
{
    uint32_t longest = 1;
    *start = GROUPS;
    for (uint32_t i = 0; i < GROUPS; i++) {
        uint32_t end = i;
        while (end < GROUPS && group_of(ip, end) == 0) {
            end++;
        }
        if (end - i > longest) {
            longest = end - i;
            *start = i;
        }
    }
    return *start == GROUPS ? 0 : longest;
}

static void add_ipv6(struct weft_text *text, const uint8_t *ip)
{
    uint32_t gap_start = 0;
    uint32_t gap_length = longest_gap(ip, &gap_start);
    for (uint32_t i = 0; i < GROUPS; i++) {
        if (gap_length > 0 && i == gap_start) {
            weft_text_add(text, "::");
            i += gap_length - 1;
            continue;
        }
        if (i > 0 && i != gap_start + gap_length) {
            weft_text_add(text, ":");
        }
        weft_text_add_hex(text, group_of(ip, i));
    }
}

void weft_text_add_ip(struct weft_text *text, const uint8_t *ip)
{
    if (!weft_address_is_ipv4(ip)) {
        add_ipv6(text, ip);
        return;
    }
    for (uint32_t i = IPV4_AT; i < WEFT_IP_BYTES; i++) {
        weft_text_add(text, i > IPV4_AT ? "." : "");
        weft_text_add_uint(text, ip[i]);
    }
}

void weft_text_add_address(struct weft_text *text, const struct weft_address *address)
{
    bool is_ipv4 = weft_address_is_ipv4(address->ip);
    weft_text_add(text, is_ipv4 ? "" : "[");
    weft_text_add_ip(text, address->ip);
    weft_text_add(text, is_ipv4 ? ":" : "]:");
    weft_text_add_uint(text, address->port);
}

void weft_text_add_prefix(struct weft_text *text, const struct weft_prefix *prefix)
{
    /* A prefix shorter than the mapping spans more than IPv4 and is counted as IPv6. */
    bool is_ipv4 = weft_address_is_ipv4(prefix->ip) && prefix->bits >= IPV4_BITS;
    weft_text_add_ip(text, prefix->ip);
    weft_text_add(text, "/");
    weft_text_add_uint(text, prefix->bits - (is_ipv4 ? IPV4_BITS : 0U));
}

const char *weft_address_format(const struct weft_address *address, char *text, size_t size)
{
    struct weft_text line = weft_text_into(text, size);
    weft_text_add_address(&line, address);
    return text;
}

const char *weft_prefix_format(const struct weft_prefix *prefix, char *text, size_t size)
{
    struct weft_text line = weft_text_into(text, size);
    weft_text_add_prefix(&line, prefix);
    return text;
}

/* ---- Comparing ---- */

struct weft_address weft_address_of_ipv4(const uint8_t *ipv4, uint16_t port)
{
    struct weft_address address = {.port = port};
    memcpy(address.ip, mapped, IPV4_AT);
    memcpy(address.ip + IPV4_AT, ipv4, WEFT_IP_BYTES - IPV4_AT);
    return address;
}

bool weft_address_is_ipv4(const uint8_t *ip)
{
    return memcmp(ip, mapped, IPV4_AT) == 0;
}

bool weft_address_is_wildcard(const uint8_t *ip)
{
    static const uint8_t zero[WEFT_IP_BYTES];
    uint32_t from = weft_address_is_ipv4(ip) ? IPV4_AT : 0;
    return memcmp(ip + from, zero, WEFT_IP_BYTES - from) == 0;
}

bool weft_address_equal(const struct weft_address *a, const struct weft_address *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, WEFT_IP_BYTES) == 0;
}

struct weft_prefix weft_prefix_of(const uint8_t *ip, uint32_t bits)
{
    struct weft_prefix prefix = {.bits = (uint8_t)(bits < IP_BITS ? bits : IP_BITS)};
    uint32_t whole = prefix.bits / 8U;
    uint32_t rest = prefix.bits % 8U;
    memcpy(prefix.ip, ip, whole);
    if (rest > 0) {
        prefix.ip[whole] = (uint8_t)(ip[whole] & (0xffU << (8 - rest)));
    }
    return prefix;
}

bool weft_prefix_contains(const struct weft_prefix *prefix, const uint8_t *ip)
{
    uint32_t whole = prefix->bits / 8U;
    uint32_t rest = prefix->bits % 8U;
    uint32_t differ = rest == 0 ? 0 : (uint32_t)(ip[whole] ^ prefix->ip[whole]) >> (8 - rest);
    return differ == 0 && memcmp(ip, prefix->ip, whole) == 0;
}

bool weft_prefix_equal(const struct weft_prefix *a, const struct weft_prefix *b)
{
    return a->bits == b->bits && memcmp(a->ip, b->ip, WEFT_IP_BYTES) == 0;
}
