/* SPDX-License-Identifier: Apache-2.0 */
/* Which command was asked for? One table; each command reads its own flags. */
#include "admit.h"
#include "apply.h"
#include "delegate.h"
#include "demo.h"
#include "exit.h"
#include "fetch.h"
#include "help.h"
#include "join.h"
#include "keygen.h"
#include "publish.h"
#include "root.h"
#include "run.h"
#include "status.h"
#include "verify.h"
#include "version.h"
#include "web.h"

#include "protocol/transport/aead.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct command {
    const struct weft_help_command text; /* name and help */
    int (*run)(int argc, char **argv);   /* returns the exit code */
    bool wants_name;                     /* argv[0] is the name; else the first word after it */
};

static const struct command commands[] = {
    {{"run", "run a node"}, weft_command_run, false},
    {{"status", "show what the node on this machine has, does and waits for"},
     weft_command_status,
     false},
    {{"apply", "put into effect, as root, what the node on this machine has fetched"},
     weft_command_apply,
     false},
    {{"demo", "run a whole mesh on this machine and watch a release travel"},
     weft_command_demo,
     false},
    {{"init", "make a mesh of your own, this machine its server"}, weft_command_init, false},
    {{"token", "on the server: make a line that lets machines join"}, weft_command_token, false},
    {{"join", "become a member of a mesh"}, weft_command_join, false},
    {{"admit", "where the mesh key is: answer requests that nodes wrote into files"},
     weft_command_admit,
     false},
    {{"revoke", "on the server: throw a node out"}, weft_command_revoke, false},
    {{"rotate", "on the server: change the mesh key, and all certificates"},
     weft_command_rotate,
     false},
    {{"keygen", "make the keys of a publisher"}, weft_command_keygen, true},
    {{"publish", "add a release to a repository"}, weft_command_publish, true},
    {{"refresh", "sign a repository's metadata again before it expires"},
     weft_command_refresh,
     true},
    {{"delegate", "let the holders of other keys publish some components"},
     weft_command_delegate,
     true},
    {{"root", "make or change the root: which keys sign what"}, weft_command_root, true},
    {{"verify", "name every problem of a repository, and what mends it"},
     weft_command_verify,
     true},
    {{"source", "serve a repository with a small web server"}, weft_command_source, false},
    {{"fetch", "get and verify one target of any TUF repository"}, weft_command_fetch, false},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static struct weft_help help_of_table(void)
{
    static struct weft_help_command texts[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) {
        texts[i] = commands[i].text;
    }
    return (struct weft_help){texts, COMMANDS};
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].text.name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int start(const struct command *command, int argc, char **argv)
{
    return command->wants_name ? command->run(argc - 1, argv + 1)
                               : command->run(argc - 2, argv + 2);
}

/* `weft help`, and `weft help COMMAND`, which is the command's own --help. */
static int help(int argc, char **argv)
{
    struct weft_help texts = help_of_table();
    if (argc < 3) {
        weft_help_print(&texts, stdout);
        return WEFT_EXIT_OK;
    }
    if (strcmp(argv[2], "--man") == 0) {
        weft_help_print_man(&texts, stdout);
        return WEFT_EXIT_OK;
    }
    const struct command *command = find(argv[2]);
    if (command == NULL) {
        return weft_help_refuse(&texts, argv[2]);
    }
    char flag[] = "--help";
    char *words[] = {argv[0], argv[2], flag, NULL};
    return start(command, 3, words);
}

static void print_version(void)
{
    const char *warning = weft_aead_warning();
    printf("weft %s%s%s\n", WEFT_VERSION, warning != NULL ? ": " : "",
           warning != NULL ? warning : "");
}

static bool is_word(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

int main(int argc, char **argv)
{
    struct weft_help texts = help_of_table();
    /* A reader that goes away (`weft status --watch | head`) is an error to report, not a death. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        weft_help_print(&texts, stderr);
        return WEFT_EXIT_USAGE;
    }
    if (is_word(argv[1], "help", "--help") || strcmp(argv[1], "-h") == 0) {
        return help(argc, argv);
    }
    if (is_word(argv[1], "version", "--version")) {
        print_version();
        return WEFT_EXIT_OK;
    }
    const struct command *command = find(argv[1]);
    return command != NULL ? start(command, argc, argv) : weft_help_refuse(&texts, argv[1]);
}
