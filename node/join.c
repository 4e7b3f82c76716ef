/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the token apart, asks its server, writes what it answers; or writes and takes files, which
 * is the business of offline.h. */
#include "join.h"

#include "exit.h"
#include "join_client.h"
#include "offline.h"
#include "rows.h"
#include "usage.h"
#include "user.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options {
    const char *data_dir; /* --data */
    const char *name;     /* --name */
    const char *request;  /* --request */
    const char *take;     /* --take */
    bool help;            /* --help */
};

#define OPTION(field) WEFT_FLAG_AT(struct options, field)

static const struct weft_flag flags[] = {
    WEFT_ROW_DATA("data directory of the node, the same as for weft run; made if missing",
                  OPTION(data_dir)),
    WEFT_ROW_TEXT("name", "NAME", "name of this node; otherwise that of the machine", OPTION(name)),
    WEFT_ROW_TEXT("request", "FILE",
                  "write a request to be admitted, or to get a new certificate, for weft admit "
                  "where the mesh key is",
                  OPTION(request)),
    WEFT_ROW_TEXT("take", "FILE",
                  "take what weft admit answered, or the file `revoked` of where the mesh key is; "
                  "a running node sees it by itself",
                  OPTION(take)),
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};

bool weft_join_name(const char *wish, char name[WEFT_CERTIFICATE_NAME_BYTES + 1])
{
    if (wish != NULL) {
        snprintf(name, WEFT_CERTIFICATE_NAME_BYTES + 1, "%s", wish);
        return weft_certificate_name_ok(wish);
    }
    char host[256] = "";
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0') {
        snprintf(host, sizeof(host), "node");
    }
    host[WEFT_CERTIFICATE_NAME_BYTES] = '\0';
    for (size_t i = 0; host[i] != '\0'; i++) {
        char letter[2] = {host[i], '\0'};
        name[i] = weft_certificate_name_ok(letter) ? host[i] : '-';
        name[i + 1] = '\0';
    }
    return true;
}

static int fail(const char *text)
{
    fprintf(stderr, "weft join: %s\n", text);
    return WEFT_EXIT_FAILED;
}

/* A node is in one mesh at a time; joining its own again is fine. */
static bool is_elsewhere(const char *data_dir, const struct weft_token *token,
                         struct weft_message *message)
{
    struct weft_membership now;
    if (!weft_membership_file_exists(data_dir)) {
        return false;
    }
    bool is_same = weft_membership_file_load(data_dir, &now, NULL, message) == WEFT_ERR_OK &&
                   memcmp(now.mesh, token->mesh, sizeof(now.mesh)) == 0;
    sodium_memzero(&now, sizeof(now));
    if (!is_same && message->text[0] == '\0') {
        weft_message_set(
            message,
            "this node is in another mesh; to leave that one, remove %.300s/membership "
            "and %.300s/node.key",
            data_dir, data_dir);
    }
    return !is_same;
}

static enum weft_err enrol(const struct options *options, const struct weft_token *token,
                           const char *name, struct weft_message *message)
{
    struct weft_membership membership = {.tag = 0};
    struct weft_membership_server server = {.address = token->address};
    memcpy(server.key, token->server, sizeof(server.key));
    enum weft_err err = weft_fileio_make_dirs(options->data_dir, 0755);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot make %s: %s", options->data_dir, weft_err_text(err));
        return err;
    }
    err = weft_membership_file_key(options->data_dir, &membership.own, message);
    if (err == WEFT_ERR_OK) {
        err = weft_join_client_join(token, name, &membership, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_save(options->data_dir, &membership, &server, message);
    }
    if (err == WEFT_ERR_OK && membership.revocation_length > 0) {
        err = weft_membership_file_save_revoked(options->data_dir, &membership);
    }
    if (err == WEFT_ERR_OK) {
        printf("node %016llx, %s, is a member now; start it with: weft run --data %s ...\n",
               (unsigned long long)membership.id, name, options->data_dir);
    }
    sodium_memzero(&membership, sizeof(membership));
    return err;
}

/* --request. */
static int request(const struct options *options, const char *name)
{
    struct weft_message message = {.text = ""};
    /* A member keeps its name unless told otherwise. */
    bool keeps = options->name == NULL && weft_membership_file_exists(options->data_dir);
    if (weft_offline_request(options->data_dir, keeps ? "" : name, options->request, &message) !=
        WEFT_ERR_OK) {
        return fail(message.text);
    }
    printf("carry %s to where the mesh key is, run there: weft admit FILE\n"
           "carry its answer back, and run here: weft join --take FILE.admitted --data %s\n",
           options->request, options->data_dir);
    return WEFT_EXIT_OK;
}

/* --take. */
static int take(const struct options *options)
{
    struct weft_message message = {.text = ""};
    if (weft_offline_take(options->data_dir, options->take, &message) != WEFT_ERR_OK) {
        return fail(message.text);
    }
    printf("%s\n", message.text);
    return WEFT_EXIT_OK;
}

/* With a token. */
static int join(const struct options *options, const char *text, const char *name)
{
    struct weft_message message = {.text = ""};
    struct weft_token token;
    if (!weft_token_parse(text, &token)) {
        return weft_usage_refuse("join", "this is not a token, or a part of it is missing: it is "
                                         "one word of 172 characters that begins with wjt1");
    }
    if (is_elsewhere(options->data_dir, &token, &message) ||
        enrol(options, &token, name, &message) != WEFT_ERR_OK) {
        return fail(message.text);
    }
    return WEFT_EXIT_OK;
}

int weft_command_join(int argc, char **argv)
{
    struct options options = {.data_dir = NULL};
    struct weft_flag_list words = {.count = 0};
    struct weft_flag_group group = {
        .flags = flags, .flag_count = WEFT_FLAG_COUNT_OF(flags), .target = &options};
    struct weft_usage usage = {
        .command = "join",
        .arguments = "TOKEN | --request FILE | --take FILE [--data DIR] [--name NAME]",
        .about = "Become a member of the mesh whose server made TOKEN (weft init, weft token).\n"
                 "The token names the mesh and its server: nobody else can answer. Without a\n"
                 "server that can be reached: write a request, let weft admit answer it, and take\n"
                 "the answer.",
        .set = {.groups = &group, .group_count = 1},
        .help = &options.help};
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1];
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc, argv, &words, &exit_code)) {
        return exit_code;
    }
    if (words.count + (options.request != NULL) + (options.take != NULL) != 1) {
        return weft_usage_refuse("join", "give one TOKEN, which weft init or weft token printed, "
                                         "or one of --request and --take");
    }
    if (!weft_join_name(options.name, name)) {
        return weft_usage_refuse("join", "--name: 1 to 32 letters, digits, '.', '_' and '-'");
    }
    if (sodium_init() < 0) {
        return fail("the system gives no random numbers");
    }
    weft_user_make_for_owner(options.data_dir);
    if (options.request != NULL) {
        return request(&options, name);
    }
    return options.take != NULL ? take(&options) : join(&options, words.items[0], name);
}
