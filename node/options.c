/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of `weft run`, and what their texts mean. Opens nothing and resolves no names. */
#include "options.h"

#include "rows.h"
#include "url.h"

#include "protocol/address.h"
#include "protocol/flag.h"
#include "protocol/manual.h"

#include <string.h>

/* Texts as they stand on the command line, before they are understood. */
struct texts {
    const char *listen;               /* --listen */
    const char *subnet;               /* --subnet */
    struct weft_flag_list seeds;      /* --seed */
    struct weft_flag_list components; /* --component */
    struct weft_flag_list targets;    /* --target */
};

#define OPTION(field) WEFT_FLAG_AT(struct weft_run_options, field)
#define TEXTS(field) WEFT_FLAG_AT(struct texts, field)

static const struct weft_flag plain_flags[] = {
    WEFT_ROW_MUST("data", "DIR",
                  "directory of this node's identity, trust and releases; made if missing",
                  OPTION(data_dir)),
    WEFT_ROW_MUST(
        "root", "FILE",
        "root metadata to trust first (metadata/1.root.json of the repository, brought here by "
        "a way you trust)",
        OPTION(root_file)),
    WEFT_ROW_TEXT("source", "URL",
                  "repository on the upstream web server; without it only peers are asked",
                  OPTION(source_url)),
    {.name = "agent",
     .kind = WEFT_FLAG_CHOICE,
     .choices = "never|auto|prefer|pin",
     .standard = "auto",
     .help = "may this node become Update Agent of its segment",
     OPTION(agent_class)},
    WEFT_ROW_TEXT("site", "NAME", "name shared by segments behind the same access line",
                  OPTION(site)),
    {.name = "no-beacon",
     .kind = WEFT_FLAG_BOOL,
     .help = "neither send nor follow multicast beacons on the own link",
     OPTION(no_beacon)},
    WEFT_ROW_TEXT("on-update", "CMD", "shell command to run after each activation",
                  OPTION(on_update)),
    WEFT_ROW_TEXT("user", "NAME", "started as root: become this user before anything is opened",
                  OPTION(user)),
    WEFT_ROW_SANDBOX(
        "confine this process to its data and its work: not, as far as the kernel can, or not "
        "start unless it can",
        OPTION(sandbox)),
    WEFT_ROW_TEXT("trace", "FILE",
                  "append what this node did as lines of JSON, for weft-sim report",
                  OPTION(trace_file)),
    WEFT_ROW_TEXT("decisions", "FILE", "append every decision of the protocol as a line of text",
                  OPTION(decisions_file)),
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};

static const struct weft_flag text_flags[] = {
    WEFT_ROW_MUST("listen", "ADDR[:PORT]",
                  "own address, for UDP and TCP; the port is 7767 unless given", TEXTS(listen)),
    WEFT_ROW_LIST("seed", "ADDR[:PORT]",
                  "a node to meet first, by address or host name; one that runs is enough",
                  TEXTS(seeds)),
    WEFT_ROW_LIST("component", "NAME[=LINK]",
                  "keep this component current, and point the symbolic link LINK at its directory",
                  TEXTS(components)),
    WEFT_ROW_TARGETS(TEXTS(targets)),
    WEFT_ROW_TEXT(
        "subnet", "CIDR",
        "addresses of the own segment; otherwise the network of the interface that has the "
        "listen address",
        TEXTS(subnet)),
};

/* The reason must fit behind the value. */
enum { GROUPS = 3, VALUE_SHOWN_MAX = 100 };

static void groups_of(struct weft_flag_group groups[GROUPS], struct weft_run_options *options,
                      struct texts *texts)
{
    groups[0] =
        (struct weft_flag_group){"Node", plain_flags, WEFT_FLAG_COUNT_OF(plain_flags), options};
    groups[1] = (struct weft_flag_group){"Mesh", text_flags, WEFT_FLAG_COUNT_OF(text_flags), texts};
    groups[2] = weft_flag_tuning(options != NULL ? &options->tuning : NULL);
}

static enum weft_err refuse(struct weft_text *message, const char *flag, const char *value,
                            const char *why)
{
    message->length = 0;
    weft_text_add(message, "--");
    weft_text_add(message, flag);
    weft_text_add(message, " ");
    weft_text_add_bytes(message, value, strnlen(value, VALUE_SHOWN_MAX));
    weft_text_add(message, strnlen(value, VALUE_SHOWN_MAX + 1) > VALUE_SHOWN_MAX ? "...: " : ": ");
    weft_text_add(message, why);
    return WEFT_ERR_ARGUMENT;
}

static bool is_name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
}

/* The values of --component or --target, which is |flag|. */
static enum weft_err add_components(struct weft_run_options *options, const char *flag,
                                    const struct weft_flag_list *values, struct weft_text *message)
{
    const char *value = NULL;
    const char *fault = weft_subscribe_all(options->components, &options->component_count, values,
                                           strcmp(flag, "target") == 0, &value);
    return fault == NULL ? WEFT_ERR_OK : refuse(message, flag, value, fault);
}

/* Digits only, 1..65535; 0 = it is not a port. */
static uint16_t port_of(const char *text)
{
    uint32_t port = 0;
    for (; *text >= '0' && *text <= '9' && port <= UINT16_MAX; text++) {
        port = port * 10 + (uint32_t)(*text - '0');
    }
    return *text == '\0' && port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* A numeric address is written back without its port and brackets; anything else is a host name. */
static bool read_seed(struct weft_run_seed *seed, const char *value)
{
    struct weft_address address;
    struct weft_text host = weft_text_into(seed->host, sizeof(seed->host));
    if (weft_address_parse(value, WEFT_PORT_DEFAULT, &address)) {
        weft_text_add_ip(&host, address.ip);
        seed->port = address.port;
        return address.port != 0 && !weft_address_is_wildcard(address.ip);
    }
    const char *colon = strchr(value, ':');
    size_t length = colon != NULL ? (size_t)(colon - value) : strlen(value);
    weft_text_add_bytes(&host, value, length);
    seed->port = colon != NULL ? port_of(colon + 1) : WEFT_PORT_DEFAULT;
    for (size_t i = 0; i < length; i++) {
        if (!is_name_letter(value[i])) {
            return false;
        }
    }
    return length > 0 && !host.cut && seed->port != 0;
}

static enum weft_err read_listen(struct weft_run_options *options, const char *value,
                                 struct weft_text *message)
{
    if (!weft_address_parse(value, WEFT_PORT_DEFAULT, &options->listen)) {
        return refuse(message, "listen", value,
                      "this is not an IP address with an optional port, such as 10.1.0.11:7767 or "
                      "[fd00::11]:7767");
    }
    if (weft_address_is_wildcard(options->listen.ip)) {
        return refuse(message, "listen", value,
                      "other nodes must be able to reach it: name the address of one interface");
    }
    return WEFT_ERR_OK;
}

static enum weft_err read_subnet(struct weft_run_options *options, const char *value,
                                 struct weft_text *message)
{
    if (value == NULL) {
        return WEFT_ERR_OK;
    }
    if (!weft_prefix_parse(value, &options->subnet)) {
        return refuse(message, "subnet", value,
                      "this is not a network, such as 10.1.0.0/24 or fd00:1::/64");
    }
    if (!weft_prefix_contains(&options->subnet, options->listen.ip)) {
        return refuse(message, "subnet", value, "the --listen address is not in it");
    }
    options->has_subnet = true;
    return WEFT_ERR_OK;
}

static enum weft_err read_source(const struct weft_run_options *options, struct weft_text *message)
{
    const char *url = options->source_url;
    if (url == NULL) {
        return WEFT_ERR_OK;
    }
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        return refuse(message, "source", url, "a URL begins with http:// or https://");
    }
    if (!weft_url_ok(url)) {
        return refuse(message, "source", url,
                      "this is not the URL of a directory, such as http://updates.example/weft");
    }
    return WEFT_ERR_OK;
}

static enum weft_err read_lists(struct weft_run_options *options, const struct texts *texts,
                                struct weft_text *message)
{
    for (uint32_t i = 0; i < texts->seeds.count; i++) {
        const char *value = texts->seeds.items[i];
        if (!read_seed(&options->seeds[options->seed_count++], value)) {
            return refuse(message, "seed", value,
                          "this is not an address or host name with an optional port");
        }
    }
    enum weft_err err = add_components(options, "component", &texts->components, message);
    return err == WEFT_ERR_OK ? add_components(options, "target", &texts->targets, message) : err;
}

static enum weft_err understand(struct weft_run_options *options, const struct texts *texts,
                                struct weft_text *message)
{
    options->site = options->site != NULL ? options->site : "";
    if (strlen(options->site) > WEFT_SITE_BYTES_MAX) {
        return refuse(message, "site", options->site, "a name of a site has at most 64 bytes");
    }
    enum weft_err err = read_listen(options, texts->listen, message);
    if (err == WEFT_ERR_OK) {
        err = read_subnet(options, texts->subnet, message);
    }
    if (err == WEFT_ERR_OK) {
        err = read_source(options, message);
    }
    if (err == WEFT_ERR_OK) {
        err = read_lists(options, texts, message);
    }
    return err;
}

enum weft_err weft_options_parse(struct weft_run_options *options, int argc, char **argv,
                                 char *message, size_t size)
{
    struct texts texts;
    struct weft_flag_group groups[GROUPS];
    struct weft_flag_set set = {groups, GROUPS};
    struct weft_text text = weft_text_into(message, size);

    memset(options, 0, sizeof(*options));
    memset(&texts, 0, sizeof(texts));
    groups_of(groups, options, &texts);
    enum weft_err err = weft_flag_parse(&set, argc, argv, NULL, &text);
    if (err == WEFT_ERR_OK && !options->help) {
        err = weft_flag_require(&set, &text);
    }
    if (err != WEFT_ERR_OK || options->help) {
        return err;
    }
    return understand(options, &texts, &text);
}

void weft_options_help(FILE *out)
{
    static char buffer[32 * 1024];
    struct weft_flag_group groups[GROUPS];
    struct weft_flag_set set = {groups, GROUPS};
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));

    groups_of(groups, NULL, NULL);
    weft_text_add(&text,
                  "Usage: weft run --data DIR --root FILE --listen ADDR[:PORT] [FLAG]...\n\n"
                  "Run a node: learn of releases, fetch them from the nearest node that has\n"
                  "them, verify, activate, and serve them to others. SIGHUP: look at the source\n"
                  "now. SIGTERM: leave.\n\n");
    weft_manual_add_help(&text, &set);
    fputs(buffer, out);
}

void weft_options_roff(struct weft_text *text)
{
    struct weft_flag_group groups[GROUPS];
    struct weft_flag_set set = {groups, GROUPS};
    groups_of(groups, NULL, NULL);
    weft_manual_add_roff(text, &set);
}
