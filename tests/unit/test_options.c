/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `weft run`: what is understood, and what is refused with which words. */
#include "tests/support/check_main.h"

#include "node/options.h"
#include "protocol/address.h"

#include <string.h>

/* What every command line needs. */
#define NEEDED "--data", "d", "--root", "r", "--listen", "10.1.0.11"
#define WORDS_MAX 80

struct words {
    const char *word[12]; /* NULL terminated, after NEEDED */
    const char *message;  /* part of the message; NULL = it is understood */
};

static enum weft_err parse(struct weft_run_options *options, const char *const *words,
                           char *message)
{
    static const char *const needed[] = {NEEDED};
    static char texts[WORDS_MAX][300];
    char *argv[WORDS_MAX];
    int argc = 0;
    for (size_t i = 0; i < WEFT_ROWS(needed); i++) {
        snprintf(texts[argc], sizeof(texts[argc]), "%s", needed[i]);
        argc++;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        snprintf(texts[argc], sizeof(texts[argc]), "%s", words[i]);
        argc++;
    }
    for (int i = 0; i < argc; i++) {
        argv[i] = texts[i];
    }
    return weft_options_parse(options, argc, argv, message, 512);
}

START_TEST(test_everything_at_once)
{
    static const char *const words[] = {"--source",
                                        "https://u.example/weft",
                                        "--seed",
                                        "10.1.0.12",
                                        "--seed=[fd00::1]:99",
                                        "--seed",
                                        "host.example:1",
                                        "--component=pattern=links/pattern",
                                        "--component",
                                        "engine",
                                        "--agent",
                                        "pin",
                                        "--subnet",
                                        "10.1.0.77/16",
                                        "--site=hq",
                                        "--on-update",
                                        "true",
                                        "--trace",
                                        "t",
                                        "--decisions",
                                        "d",
                                        "--lease",
                                        "2s",
                                        NULL};
    struct weft_run_options options;
    char message[512];
    char text[WEFT_ADDRESS_TEXT_BYTES];
    ck_assert_int_eq(parse(&options, words, message), WEFT_ERR_OK);
    ck_assert_str_eq(weft_address_format(&options.listen, text, sizeof(text)), "10.1.0.11:7767");
    ck_assert_uint_eq(options.seed_count, 3);
    ck_assert_str_eq(options.seeds[0].host, "10.1.0.12");
    ck_assert_uint_eq(options.seeds[0].port, 7767);
    ck_assert_str_eq(options.seeds[1].host, "fd00::1");
    ck_assert_uint_eq(options.seeds[1].port, 99);
    ck_assert_str_eq(options.seeds[2].host, "host.example");
    ck_assert_uint_eq(options.seeds[2].port, 1);
    ck_assert_uint_eq(options.component_count, 2);
    ck_assert_str_eq(options.components[0].name, "pattern");
    ck_assert_str_eq(options.components[0].link, "links/pattern");
    ck_assert_str_eq(options.components[1].name, "engine");
    ck_assert_ptr_null(options.components[1].link);
    ck_assert_int_eq(options.agent_class, WEFT_AGENT_PIN);
    ck_assert(options.has_subnet);
    ck_assert_str_eq(weft_prefix_format(&options.subnet, text, sizeof(text)), "10.1.0.0/16");
    ck_assert_str_eq(options.site, "hq");
    ck_assert_uint_eq(options.tuning.lease_ms, 2000);
}
END_TEST

START_TEST(test_defaults)
{
    static const char *const none[] = {NULL};
    struct weft_run_options options;
    char message[512];
    struct weft_tuning standard = weft_tuning_default();
    ck_assert_int_eq(parse(&options, none, message), WEFT_ERR_OK);
    ck_assert_ptr_null(options.source_url);
    ck_assert_uint_eq(options.seed_count, 0);
    ck_assert_uint_eq(options.component_count, 0);
    ck_assert_int_eq(options.agent_class, WEFT_AGENT_AUTO);
    ck_assert(!options.has_subnet);
    ck_assert_str_eq(options.site, "");
    ck_assert_mem_eq(&options.tuning, &standard, sizeof(standard));
}
END_TEST

static const struct words refused[] = {
    {{"--listen", "0.0.0.0"}, "name the address of one interface"},
    {{"--listen", "[::]:1"}, "name the address of one interface"},
    {{"--listen", "example.org"}, "not an IP address"},
    {{"--listen", "10.1.0.11:99999"}, "not an IP address"},
    {{"--subnet", "10.2.0.0/16"}, "--listen address is not in it"},
    {{"--subnet", "10.1.0.0/33"}, "not a network"},
    {{"--source", "ftp://u.example/"}, "begins with http"},
    {{"--source", "http:///weft"}, "not the URL of a directory"},
    {{"--source", "http://u.example/a b"}, "not the URL of a directory"},
    {{"--seed", "a:b:c"}, "not an address or host name"},
    {{"--seed", ":5"}, "not an address or host name"},
    {{"--seed", "host:0"}, "not an address or host name"},
    {{"--seed", "host:65536"}, "not an address or host name"},
    {{"--seed", "0.0.0.0"}, "not an address or host name"},
    {{"--component", ".hidden"}, "a component is named by 1 to 64"},
    {{"--component", "a/b"}, "a component is named by 1 to 64"},
    {{"--component", "=x"}, "a component is named by 1 to 64"},
    {{"--target", "=x"}, "not the path of a target"},
    {{"--target", "/etc/passwd"}, "not the path of a target"},
    {{"--target", "a/../b"}, "not the path of a target"},
    {{"--target", "a/.b"}, "not the path of a target"},
    {{"--target", "a="}, "the link after '=' is empty"},
    {{"--target", "a/b", "--target", "a/b=x"}, "already named"},
    {{"--component", "x="}, "the link after '=' is empty"},
    {{"--component", "x", "--component", "x=y"}, "already named"},
    {{"--agent", "sometimes"}, "never"},
    {{"--lease", "1ms"}, "lease"},
    {{"--lesae", "2s"}, "lease"},
    {{"stray"}, "stray"},
};

START_TEST(test_refused)
{
    struct weft_run_options options;
    char message[512] = "";
    ck_assert_int_eq(parse(&options, refused[_i].word, message), WEFT_ERR_ARGUMENT);
    ck_assert_msg(strstr(message, refused[_i].message) != NULL, "message is: %s", message);
    if (strncmp(refused[_i].word[0], "--", 2) == 0 && strcmp(refused[_i].word[0], "--lesae") != 0) {
        ck_assert_msg(strstr(message, refused[_i].word[0]) != NULL, "no flag in: %s", message);
    }
}
END_TEST

START_TEST(test_a_required_flag_is_missed)
{
    struct weft_run_options options;
    char message[512] = "";
    char data[] = "--data=d";
    char help[] = "--help";
    char *words[] = {data, help};
    ck_assert_int_eq(weft_options_parse(&options, 1, words, message, 512), WEFT_ERR_ARGUMENT);
    ck_assert_msg(strstr(message, "--root") != NULL, "message is: %s", message);
    ck_assert_int_eq(weft_options_parse(&options, 2, words, message, 512), WEFT_ERR_OK);
    ck_assert(options.help);
}
END_TEST

START_TEST(test_too_many)
{
    static const char *words[2 * (WEFT_COMPONENTS_MAX + 1) + 1];
    static char names[WEFT_COMPONENTS_MAX + 1][8];
    struct weft_run_options options;
    char message[512] = "";
    for (size_t i = 0; i <= WEFT_COMPONENTS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "c%zu", i);
        words[2 * i] = "--component";
        words[2 * i + 1] = names[i];
    }
    words[WEFT_ROWS(words) - 1] = NULL;
    ck_assert_int_eq(parse(&options, words, message), WEFT_ERR_ARGUMENT);
    ck_assert_msg(strstr(message, "at most 32") != NULL, "message is: %s", message);
    words[WEFT_ROWS(words) - 3] = NULL;
    ck_assert_int_eq(parse(&options, words, message), WEFT_ERR_OK);
    ck_assert_uint_eq(options.component_count, WEFT_COMPONENTS_MAX);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("options");
    WEFT_ADD(suite, test_everything_at_once);
    WEFT_ADD(suite, test_defaults);
    WEFT_ADD_ROWS(suite, test_refused, refused);
    WEFT_ADD(suite, test_a_required_flag_is_missed);
    WEFT_ADD(suite, test_too_many);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
