/* SPDX-License-Identifier: Apache-2.0 */
/* `weft admit`: who has the mesh key answers requests that were carried to it; see admit.h. */
#include "admit.h"

#include "exit.h"
#include "offline.h"
#include "register.h"
#include "rows.h"
#include "usage.h"
#include "user.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *data_dir; /* --data */
    const char *out;      /* --out */
    uint32_t days;        /* --days */
    uint32_t group;       /* --group */
    bool no_agent;        /* --no-agent */
    bool help;            /* --help */
};

#define OPTION(field) WEFT_FLAG_AT(struct options, field)

static const struct weft_flag flags[] = {
    WEFT_ROW_DATA("data directory of weft init, with the mesh key", OPTION(data_dir)),
    WEFT_ROW_TEXT("out", "FILE",
                  "where the answer to a single request goes; otherwise REQUEST.admitted",
                  OPTION(out)),
    WEFT_ROW_COUNT("days", "30", 1, 366,
                   "how long the certificate is good; who is thrown out needs no end of it",
                   OPTION(days)),
    WEFT_ROW_COUNT("group", "0", 0, UINT16_MAX,
                   "number that the node carries in its certificate; 0 = as before", OPTION(group)),
    WEFT_ROW_NO_AGENT(OPTION(no_agent)),
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};

static enum weft_err load_request(const char *path, struct weft_request *request,
                                  struct weft_message *message)
{
    char *text = NULL;
    size_t length = 0;
    enum weft_err err = weft_offline_load(path, &text, &length, message);
    if (err == WEFT_ERR_OK && !weft_request_parse(request, text, length)) {
        weft_message_set(message,
                         "%.300s is not a request of weft join --request, or was damaged on its "
                         "way: carry it again",
                         path);
        err = WEFT_ERR_FORMAT;
    }
    free(text);
    return err;
}

static enum weft_err write_answer(const char *path, const char *out, char *text,
                                  struct weft_message *message)
{
    char beside[WEFT_FILE_PATH_BYTES];
    int length = snprintf(beside, sizeof(beside), "%s.admitted", path);
    out = out != NULL ? out : beside;
    if (length >= (int)sizeof(beside)) {
        weft_message_set(message, "the path of the request is too long");
        return WEFT_ERR_LIMIT;
    }
    size_t end = strlen(text);
    text[end] = '\n'; /* in the place of the NUL: a line */
    enum weft_err err = weft_fileio_replace(out, text, end + 1, 0644); /* sealed for the node */
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %.300s: %s", out, weft_err_text(err));
    } else {
        weft_message_set(message, "%s", out);
    }
    return err;
}

static bool admit(const struct options *options, const char *path)
{
    static char text[WEFT_ADMISSION_TEXT_BYTES];
    struct weft_message message = {.text = ""};
    struct weft_request request;
    enum weft_err err = load_request(path, &request, &message);
    if (err == WEFT_ERR_OK) {
        err = weft_register_admit(options->data_dir, &request, (uint16_t)options->group,
                                  options->no_agent, options->days, text, &message);
    }
    if (err == WEFT_ERR_OK) {
        err = write_answer(path, options->out, text, &message);
    }
    if (err != WEFT_ERR_OK) {
        fprintf(stderr, "weft admit: %s\n", message.text);
        return false;
    }
    printf("node %016llx, %s, is admitted for %u days; on it, run: weft join --take %s\n",
           (unsigned long long)weft_certificate_id(request.key), request.name, options->days,
           message.text);
    return true;
}

int weft_command_admit(int argc, char **argv)
{
    struct options options = {.data_dir = NULL};
    struct weft_flag_list words = {.count = 0};
    struct weft_flag_group group = {
        .flags = flags, .flag_count = WEFT_FLAG_COUNT_OF(flags), .target = &options};
    struct weft_usage usage = {
        .command = "admit",
        .arguments = "REQUEST... [--days N] [--data DIR]",
        .about = "Answer requests that nodes wrote with weft join --request, to admit them or to\n"
                 "renew their certificates: where the mesh key is, without any network. Each node\n"
                 "takes its answer with weft join --take.",
        .set = {.groups = &group, .group_count = 1},
        .help = &options.help};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc, argv, &words, &exit_code)) {
        return exit_code;
    }
    if (words.count == 0 || (words.count > 1 && options.out != NULL)) {
        return weft_usage_refuse("admit", words.count == 0
                                              ? "name the file that weft join --request wrote"
                                              : "--out is for one request; each has an answer");
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "weft admit: the system gives no random numbers\n");
        return WEFT_EXIT_FAILED;
    }
    weft_user_make_for_owner(options.data_dir);
    for (uint32_t i = 0; i < words.count; i++) {
        exit_code = admit(&options, words.items[i]) ? exit_code : WEFT_EXIT_FAILED;
    }
    return exit_code;
}
