/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and prefixes: every notation that is right, many that are not, and inet_pton and
 * inet_ntop as the oracle for random ones. */
#include "tests/support/check_main.h"

#include "protocol/address.h"
#include "protocol/rng.h"

#include <arpa/inet.h>
#include <string.h>

struct address_row {
    const char *text;    /* read with default port 7767 */
    const char *written; /* as it is written again; NULL = refused */
};

static const struct address_row addresses[] = {
    {"10.1.2.3:7767", "10.1.2.3:7767"},
    {"10.1.2.3", "10.1.2.3:7767"},
    {"0.0.0.0:0", "0.0.0.0:0"},
    {"255.255.255.255:65535", "255.255.255.255:65535"},
    {"[fe80::1]:9", "[fe80::1]:9"},
    {"[fe80::1]", "[fe80::1]:7767"},
    {"fe80::1", "[fe80::1]:7767"},
    {"::", "[::]:7767"},
    {"::1", "[::1]:7767"},
    {"1::", "[1::]:7767"},
    {"[1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7:8]:1"},
    {"1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]:7767"},
    {"::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]:7767"},
    {"1:2:3::5:6:7:8", "[1:2:3:0:5:6:7:8]:7767"},
    {"2001:DB8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:7767"},
    {"2001:db8:0:0:0:1:0:0", "[2001:db8::1:0:0]:7767"},
    {"0001:0:0:0:0:0:0:0002", "[1::2]:7767"},
    {"::ffff:10.1.2.3", "10.1.2.3:7767"},
    {"[::ffff:10.1.2.3]:80", "10.1.2.3:80"},
    {"::ffff:a01:203", "10.1.2.3:7767"},
    {"64:ff9b::1.2.3.4", "[64:ff9b::102:304]:7767"},
    {"1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]:7767"},
    {"", NULL},
    {":", NULL},
    {":::", NULL},
    {":7767", NULL},
    {"10.1.2", NULL},
    {"10.1.2.", NULL},
    {"10.1.2.3.", NULL},
    {"10.1.2.3.4", NULL},
    {"10.1.2.256", NULL},
    {"10.1.2.03", NULL},
    {"10.1.2.3:", NULL},
    {"10.1.2.3:65536", NULL},
    {"10.1.2.3:07", NULL},
    {"10.1.2.3:7767 ", NULL},
    {" 10.1.2.3:7767", NULL},
    {"10.1.2.3:+1", NULL},
    {"10.1.2.3:99999999999999999999", NULL},
    {"0x0a.1.2.3", NULL},
    {"10.1.2.-3", NULL},
    {"[10.1.2.3]:80", NULL},
    {"[fe80::1", NULL},
    {"[fe80::1]x", NULL},
    {"[fe80::1]:", NULL},
    {"[]", NULL},
    {"[]:80", NULL},
    {"[", NULL},
    {"fe80::1]", NULL},
    {"fe80::1%eth0", NULL},
    {"fe80:::1", NULL},
    {"1::2::3", NULL},
    {":1::2", NULL},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:", NULL},
    {"1:2:3:4:5:6:7:8:", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"1:2:3:4:5:6:7:8::", NULL},
    {"1:2:3:4:5:6:7::8", NULL},
    {"::1:2:3:4:5:6:7:8", NULL},
    {"12345::", NULL},
    {"g::", NULL},
    {"1.2.3.4::", NULL},
    {"1:1.2.3.4::", NULL},
    {"::1.2.3.4:5", NULL},
    {"::1.2.3", NULL},
    {"1:2:3:4:5:6:7:1.2.3.4", NULL},
    {"::2:3:4:5:6:7:1.2.3.4", NULL},
    {"localhost", NULL},
};

/* "1:2:3:4:5:6:7::8" has the gap and eight groups: RFC 4291 lets "::" stand for one group or more,
 * and there is none left. */
START_TEST(test_address)
{
    const struct address_row *row = &addresses[_i];
    const struct weft_address before = {.port = 1, .ip = {9}};
    struct weft_address address = before;
    char text[WEFT_ADDRESS_TEXT_BYTES];
    bool accepted = weft_address_parse(row->text, 7767, &address);
    ck_assert_msg(accepted == (row->written != NULL), "%s", row->text);
    if (accepted) {
        ck_assert_str_eq(weft_address_format(&address, text, sizeof(text)), row->written);
        struct weft_address again;
        ck_assert(weft_address_parse(text, 1, &again));
        ck_assert(weft_address_equal(&address, &again));
    } else {
        ck_assert(weft_address_equal(&address, &before));
    }
}
END_TEST

static const struct address_row prefixes[] = {
    {"10.1.2.0/24", "10.1.2.0/24"},
    {"10.1.2.3/24", "10.1.2.0/24"},
    {"10.1.2.3", "10.1.2.3/32"},
    {"10.255.255.255/9", "10.128.0.0/9"},
    {"255.255.255.255/0", "0.0.0.0/0"},
    {"10.1.2.3/32", "10.1.2.3/32"},
    {"fd00:1::/32", "fd00:1::/32"},
    {"fdff::1/8", "fd00::/8"},
    {"::/0", "::/0"},
    {"::1", "::1/128"},
    {"::ffff:10.1.2.3/120", "10.1.2.0/24"},
    {"::ffff:10.1.2.3/90", "::ffc0:0:0/90"},
    {"10.1.2.0/33", NULL},
    {"10.1.2.0/", NULL},
    {"10.1.2.0/024", NULL},
    {"10.1.2.0/-1", NULL},
    {"10.1.2.0/24/", NULL},
    {"10.1.2/24", NULL},
    {"::/129", NULL},
    {"[::]/0", NULL},
    {"/24", NULL},
    {"", NULL},
};

START_TEST(test_prefix)
{
    const struct address_row *row = &prefixes[_i];
    struct weft_prefix prefix = {.bits = 77};
    char text[WEFT_ADDRESS_TEXT_BYTES];
    bool accepted = weft_prefix_parse(row->text, &prefix);
    ck_assert_msg(accepted == (row->written != NULL), "%s", row->text);
    if (accepted) {
        ck_assert_str_eq(weft_prefix_format(&prefix, text, sizeof(text)), row->written);
        ck_assert(weft_prefix_contains(&prefix, prefix.ip));
    } else {
        ck_assert_uint_eq(prefix.bits, 77);
    }
}
END_TEST

START_TEST(test_prefix_contains)
{
    struct weft_prefix net;
    struct weft_prefix other;
    struct weft_address in;
    struct weft_address out;
    ck_assert(weft_prefix_parse("10.1.2.0/23", &net));
    ck_assert_uint_eq(net.bits, 119);
    ck_assert(weft_address_parse("10.1.3.255", 0, &in));
    ck_assert(weft_address_parse("10.1.4.0", 0, &out));
    ck_assert(weft_prefix_contains(&net, in.ip));
    ck_assert(!weft_prefix_contains(&net, out.ip));
    ck_assert(weft_prefix_parse("10.1.2.0/24", &other));
    ck_assert(!weft_prefix_equal(&net, &other));
    ck_assert(weft_prefix_parse("10.1.3.7/23", &other));
    ck_assert(weft_prefix_equal(&net, &other));
    /* A length out of range, as a careless caller may hand it in, is the whole address. */
    ck_assert_uint_eq(weft_prefix_of(in.ip, 1000).bits, 128);
}
END_TEST

START_TEST(test_wildcard)
{
    static const char *const yes[] = {"0.0.0.0", "::"};
    static const char *const no[] = {"0.0.0.1", "::1", "::ffff:0:1", "1::"};
    struct weft_address address;
    for (size_t i = 0; i < WEFT_ROWS(yes); i++) {
        ck_assert(weft_address_parse(yes[i], 0, &address));
        ck_assert(weft_address_is_wildcard(address.ip));
    }
    for (size_t i = 0; i < WEFT_ROWS(no); i++) {
        ck_assert(weft_address_parse(no[i], 0, &address));
        ck_assert(!weft_address_is_wildcard(address.ip));
    }
    static const uint8_t ipv4[] = {10, 1, 2, 3};
    address = weft_address_of_ipv4(ipv4, 80);
    char text[WEFT_ADDRESS_TEXT_BYTES];
    ck_assert_str_eq(weft_address_format(&address, text, sizeof(text)), "10.1.2.3:80");
}
END_TEST

/* Random addresses with many zero groups, written by both, read by both. */
START_TEST(test_oracle_agrees)
{
    uint64_t rng = 99;
    for (int round = 0; round < 20000; round++) {
        struct weft_address address = {.port = 1};
        struct weft_address again;
        char theirs[INET6_ADDRSTRLEN + 1];
        char ours[WEFT_ADDRESS_TEXT_BYTES];
        for (size_t i = 0; i < WEFT_IP_BYTES; i++) {
            bool is_zero = weft_rng_below(&rng, 4) > 0;
            address.ip[i] = is_zero ? 0 : (uint8_t)weft_rng_next(&rng);
        }
        ck_assert_ptr_nonnull(inet_ntop(AF_INET6, address.ip, theirs, sizeof(theirs)));
        ck_assert(weft_address_parse(theirs, 1, &again));
        ck_assert(weft_address_equal(&address, &again));
        struct weft_text text = weft_text_into(ours, sizeof(ours));
        weft_text_add_ip(&text, address.ip);
        uint8_t ip[WEFT_IP_BYTES];
        ck_assert_int_eq(inet_pton(AF_INET6, ours, ip), 1);
        ck_assert_mem_eq(ip, address.ip, WEFT_IP_BYTES);
        /* glibc writes the deprecated IPv4-compatible form with dots; all else is the same text. */
        if (strchr(theirs, '.') == NULL) {
            ck_assert_str_eq(ours, theirs);
        }
    }
}
END_TEST

/* Random texts from the letters that matter: whole or not at all, exactly as inet_pton. */
START_TEST(test_oracle_agrees_on_noise)
{
    static const char letters[] = "0123459af.::::";
    uint64_t rng = 7;
    for (int round = 0; round < 300000; round++) {
        char text[24];
        size_t length = weft_rng_below(&rng, sizeof(text));
        for (size_t i = 0; i < length; i++) {
            text[i] = letters[weft_rng_below(&rng, sizeof(letters) - 1)];
        }
        text[length] = '\0';
        uint8_t ip[WEFT_IP_BYTES];
        struct weft_prefix prefix;
        bool is_ipv4 = strchr(text, ':') == NULL;
        bool theirs = inet_pton(is_ipv4 ? AF_INET : AF_INET6, text, ip) == 1;
        bool ours = weft_prefix_parse(text, &prefix);
        ck_assert_msg(ours == theirs, "%s: %d, not %d", text, ours, theirs);
        if (ours) {
            size_t from = is_ipv4 ? 12 : 0;
            ck_assert_mem_eq(prefix.ip + from, ip, WEFT_IP_BYTES - from);
        }
    }
}
END_TEST

static Suite *address_suite(void)
{
    Suite *suite = suite_create("address");
    WEFT_ADD_ROWS(suite, test_address, addresses);
    WEFT_ADD_ROWS(suite, test_prefix, prefixes);
    WEFT_ADD(suite, test_prefix_contains);
    WEFT_ADD(suite, test_wildcard);
    WEFT_ADD(suite, test_oracle_agrees);
    WEFT_ADD(suite, test_oracle_agrees_on_noise);
    return suite;
}

WEFT_CHECK_MAIN(address_suite)
