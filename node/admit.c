/* SPDX-License-Identifier: Apache-2.0 */
/* Flags, calls of register.h, and what to do next in words. */
#include "admit.h"

#include "exit.h"
#include "join.h"
#include "register.h"
#include "rows.h"
#include "units.h"
#include "usage.h"
#include "user.h"

#include "../protocol/address.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PORT_DEFAULT 7767

struct options {
    const char *data_dir; /* --data */
    const char *listen;   /* --listen */
    const char *name;     /* --name */
    uint32_t uses;        /* --uses */
    uint32_t hours;       /* --hours */
    uint32_t group;       /* --group */
    bool no_agent;        /* --no-agent */
    uint64_t grace_ms;    /* --grace */
    bool help;            /* --help */
};

#define OPTION(field) WEFT_FLAG_AT(struct options, field)

#define DATA_ROW WEFT_ROW_DATA("data directory of the server", OPTION(data_dir))
#define TOKEN_ROWS                                                                                 \
    WEFT_ROW_COUNT("uses", "10", 1, 100000, "nodes that the token admits", OPTION(uses)),          \
        WEFT_ROW_COUNT("hours", "24", 1, 8760, "time until it expires, hours", OPTION(hours)),     \
        WEFT_ROW_COUNT("group", "0", 0, UINT16_MAX,                                                \
                       "number that its nodes carry in their certificates", OPTION(group)),        \
        WEFT_ROW_NO_AGENT(OPTION(no_agent))

static const struct weft_flag init_flags[] = {
    DATA_ROW,
    WEFT_ROW_TEXT(
        "listen", "ADDR[:PORT]",
        "address of this machine, the same as for weft run; others join there; without it "
        "they are admitted by files (weft admit)",
        OPTION(listen)),
    WEFT_ROW_TEXT("name", "NAME", "name of this node; otherwise that of the machine", OPTION(name)),
    TOKEN_ROWS,
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};
static const struct weft_flag token_flags[] = {
    DATA_ROW,
    TOKEN_ROWS,
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};
static const struct weft_flag plain_flags[] = {
    DATA_ROW,
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};
static const struct weft_flag rotate_flags[] = {
    DATA_ROW,
    {.name = "grace",
     .kind = WEFT_FLAG_MS,
     .standard = "1d",
     .minimum = 1000,
     .maximum = 2592000000,
     .help = "how long the present key still counts, so that every node can ask for the next one",
     OPTION(grace_ms)},
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};

/* Which command, and its table. */
struct form {
    const char *command;           /* "init" */
    const char *arguments;         /* in the usage line */
    const char *about;             /* paragraph */
    const struct weft_flag *flags; /* [flag_count] */
    size_t flag_count;             /* entries */
};

static bool read_options(const struct form *form, struct options *options, int argc, char **argv,
                         struct weft_flag_list *words, int *exit_code)
{
    struct weft_flag_group group = {
        .flags = form->flags, .flag_count = form->flag_count, .target = options};
    struct weft_usage usage = {.command = form->command,
                               .arguments = form->arguments,
                               .about = form->about,
                               .set = {.groups = &group, .group_count = 1},
                               .help = &options->help};
    memset(options, 0, sizeof(*options));
    if (!weft_usage_read(&usage, argc, argv, words, exit_code)) {
        return false;
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "weft %s: the system gives no random numbers\n", form->command);
        *exit_code = WEFT_EXIT_FAILED;
        return false;
    }
    weft_user_make_for_owner(options->data_dir);
    return true;
}

static int fail(const struct form *form, const struct weft_message *message)
{
    fprintf(stderr, "weft %s: %s\n", form->command, message->text);
    return WEFT_EXIT_FAILED;
}

static int print_token(const struct form *form, const struct options *options)
{
    char text[WEFT_TOKEN_TEXT_BYTES];
    struct weft_message message = {.text = ""};
    if (weft_register_token(options->data_dir, options->uses, options->hours,
                            (uint16_t)options->group, options->no_agent, text,
                            &message) != WEFT_ERR_OK) {
        return fail(form, &message);
    }
    /* The line to paste is all of standard output. */
    fprintf(stderr, "Paste this line on each machine that is to join (%s, for %s):\n",
            weft_units_count(options->uses, "time").text,
            weft_units_count(options->hours, "hour").text);
    printf("weft join %s\n", text);
    return WEFT_EXIT_OK;
}

int weft_command_init(int argc, char **argv)
{
    static const struct form form = {
        "init", "[--listen ADDR[:PORT]] [--data DIR]",
        "Make a mesh of your own: keys, this machine as the server that admits others,\n"
        "and a line to paste on them. Then start this node with weft run and the same\n"
        "--data and --listen. Without --listen this machine needs no network: it answers\n"
        "requests in files.",
        init_flags, WEFT_FLAG_COUNT_OF(init_flags)};
    struct options options;
    struct weft_address address;
    struct weft_message message = {.text = ""};
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1];
    int exit_code = WEFT_EXIT_OK;
    if (!read_options(&form, &options, argc, argv, NULL, &exit_code)) {
        return exit_code;
    }
    bool has_address = options.listen != NULL;
    if (has_address && (!weft_address_parse(options.listen, PORT_DEFAULT, &address) ||
                        address.port == 0 || weft_address_is_wildcard(address.ip))) {
        return weft_usage_refuse("init", "--listen: name the address of one interface of this "
                                         "machine, such as 192.168.1.11");
    }
    if (!weft_join_name(options.name, name)) {
        return weft_usage_refuse("init", "--name: 1 to 32 letters, digits, '.', '_' and '-'");
    }
    if (weft_register_init(options.data_dir, has_address ? &address : NULL, name, &message) !=
        WEFT_ERR_OK) {
        return fail(&form, &message);
    }
    fprintf(stderr,
            "The mesh is made. Whoever has %s/admit/mesh.key admits nodes: keep a copy of it in a "
            "safe place.\n",
            options.data_dir);
    if (!has_address) {
        printf("On each machine that is to join, run:  weft join --request FILE\n"
               "Carry FILE here, and run:              weft admit FILE\n"
               "Carry its answer back, and run there:  weft join --take FILE.admitted\n");
        return WEFT_EXIT_OK;
    }
    return print_token(&form, &options);
}

int weft_command_token(int argc, char **argv)
{
    static const struct form form = {
        "token", "[--uses N] [--hours N] [--data DIR]",
        "Make a token on the server of a mesh: the line that lets other machines join.",
        token_flags, WEFT_FLAG_COUNT_OF(token_flags)};
    struct options options;
    int exit_code = WEFT_EXIT_OK;
    if (!read_options(&form, &options, argc, argv, NULL, &exit_code)) {
        return exit_code;
    }
    return print_token(&form, &options);
}

int weft_command_revoke(int argc, char **argv)
{
    static const struct form form = {
        "revoke", "NODE [--data DIR]",
        "Throw a node out of the mesh, by its name or id; on the server. The running\n"
        "server tells the others within seconds, who close every connection to it at\n"
        "once.",
        plain_flags, WEFT_FLAG_COUNT_OF(plain_flags)};
    struct options options;
    struct weft_message message = {.text = ""};
    struct weft_flag_list words = {.count = 0};
    weft_node_id id = 0;
    int exit_code = WEFT_EXIT_OK;
    if (!read_options(&form, &options, argc, argv, &words, &exit_code)) {
        return exit_code;
    }
    if (words.count != 1) {
        return weft_usage_refuse("revoke", "name one node, by its name or id");
    }
    if (weft_register_revoke(options.data_dir, words.items[0], &id, &message) != WEFT_ERR_OK) {
        return fail(&form, &message);
    }
    printf("node %016llx is thrown out%s%s\n", (unsigned long long)id, message.text[0] ? "; " : "",
           message.text);
    return WEFT_EXIT_OK;
}

int weft_command_rotate(int argc, char **argv)
{
    static const struct form form = {
        "rotate", "[--grace TIME] [--data DIR]",
        "Change the mesh key, because it was stolen or is old; on the server. Every node\n"
        "that runs asks the server at once, others when they start. After the grace the\n"
        "old key is good for nothing. Nodes that were thrown out do not follow. Once\n"
        "more: only the end of the grace changes.",
        rotate_flags, WEFT_FLAG_COUNT_OF(rotate_flags)};
    struct options options;
    struct weft_message message = {.text = ""};
    int exit_code = WEFT_EXIT_OK;
    if (!read_options(&form, &options, argc, argv, NULL, &exit_code)) {
        return exit_code;
    }
    if (weft_register_rotate(options.data_dir, (options.grace_ms + 999) / 1000, &message) !=
        WEFT_ERR_OK) {
        return fail(&form, &message);
    }
    printf("all certificates are renewed now; the mesh key changes at %s: then keep a copy of the "
           "new %s/admit/mesh.key\n",
           message.text, options.data_dir);
    return WEFT_EXIT_OK;
}
