/* SPDX-License-Identifier: Apache-2.0 */
/* `weft fetch`: flags, where the file goes, what is said. The rest is fetcher.h; with --data the
 * node on this machine is asked first (fetch_node.h). */
#include "node/fetch.h"

#include "node/exit.h"
#include "node/fetch_node.h"
#include "node/fetcher.h"
#include "node/rows.h"
#include "node/url.h"
#include "node/usage.h"
#include "protocol/trust/path.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct options {
    const char *source;   /* --source */
    const char *metadata; /* --metadata */
    const char *targets;  /* --targets */
    const char *root;     /* --root */
    const char *trust;    /* --trust; NULL = beside the root */
    const char *out;      /* --out; NULL = the file's own name, here */
    const char *data;     /* --data; NULL = no node is asked */
    bool help;            /* --help */
    const char *target;   /* the positional argument */
};

static const struct weft_flag rows[] = {
    WEFT_ROW_TEXT("source", "URL", "the repository: metadata/ and targets/ are below it",
                  WEFT_FLAG_AT(struct options, source)),
    WEFT_ROW_TEXT("metadata", "URL", "where the metadata is, if not below --source",
                  WEFT_FLAG_AT(struct options, metadata)),
    WEFT_ROW_TEXT("targets", "URL", "where the targets are, if not below --source",
                  WEFT_FLAG_AT(struct options, targets)),
    WEFT_ROW_TEXT("root", "FILE", "root metadata to trust first, brought here by a trusted way",
                  WEFT_FLAG_AT(struct options, root)),
    WEFT_ROW_TEXT("trust", "DIR",
                  "keeps what is trusted from one call to the next; FILE.trust of --root otherwise",
                  WEFT_FLAG_AT(struct options, trust)),
    WEFT_ROW_TEXT("out", "PATH", "file to write, or a directory for it; the current one otherwise",
                  WEFT_FLAG_AT(struct options, out)),
    WEFT_ROW_TEXT("data", "DIR",
                  "ask the node that runs on this data directory; it knows root and source",
                  WEFT_FLAG_AT(struct options, data)),
    WEFT_FLAG_HELP_ROW(WEFT_FLAG_AT(struct options, help)),
};

static bool has_urls(const struct options *options)
{
    return options->source != NULL || (options->metadata != NULL && options->targets != NULL);
}

static const char *fault_of(const struct options *options, const struct weft_flag_list *words)
{
    const char *const urls[] = {options->source, options->metadata, options->targets};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (urls[i] != NULL && !weft_url_ok(urls[i])) {
            return "a URL is that of a directory, such as http://updates.example/repo";
        }
    }
    if (words->count != 1) {
        return "name the one TARGET to fetch, by its path in the repository";
    }
    if (options->data != NULL) {
        return options->root != NULL || has_urls(options)
                   ? "--data stands for --root and --source: give one or the other"
                   : NULL;
    }
    if (options->root == NULL) {
        return "--root: required, but not given: --root FILE";
    }
    return has_urls(options) ? NULL : "give --source URL, or both --metadata URL and --targets URL";
}

/* Where the file goes. */
static enum weft_err place(const struct options *options, const struct weft_release_info *info,
                           char *path, struct weft_message *message)
{
    struct stat status;
    const char *out = options->out != NULL ? options->out : ".";
    bool is_directory = stat(out, &status) == 0 && S_ISDIR(status.st_mode);
    bool fits = is_directory
                    ? weft_fileio_join(path, out, info->file)
                    : snprintf(path, WEFT_FILE_PATH_BYTES, "%s", out) < WEFT_FILE_PATH_BYTES;
    if (!fits) {
        weft_message_set(message, "the path %.200s... is too long", out);
    }
    return fits ? WEFT_ERR_OK : WEFT_ERR_LIMIT;
}

static void say(const struct weft_release_info *info, const char *path, const char *how)
{
    printf("%s: %llu bytes, verified, %s\n", path, (unsigned long long)info->pin.length, how);
}

static enum weft_err get(struct weft_fetcher *fetcher, const struct options *options,
                         struct weft_message *message)
{
    struct weft_release_info info;
    char path[WEFT_FILE_PATH_BYTES];
    bool was_there = false;
    enum weft_err err = weft_fetcher_refresh(fetcher, message);
    if (err == WEFT_ERR_OK) {
        err = weft_fetcher_signed(fetcher, 0, &info, message);
    }
    if (err == WEFT_ERR_OK) {
        err = place(options, &info, path, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_fetcher_download(fetcher, &info, path, &was_there, message);
    }
    if (err == WEFT_ERR_OK) {
        say(&info, path, was_there ? "was there already" : "from the source");
    }
    return err;
}

/* URLs and the directory of trust, each in its own place. */
struct places {
    char metadata[WEFT_FILE_PATH_BYTES]; /* URL */
    char targets[WEFT_FILE_PATH_BYTES];  /* URL */
    char trust[WEFT_FILE_PATH_BYTES];    /* directory */
};

static bool find_places(const struct options *options, struct places *places)
{
    bool fits =
        options->metadata != NULL
            ? snprintf(places->metadata, sizeof places->metadata, "%s", options->metadata) <
                  (int)sizeof places->metadata
            : weft_url_join(options->source, "metadata", places->metadata, sizeof places->metadata);
    fits =
        fits &&
        (options->targets != NULL
             ? snprintf(places->targets, sizeof places->targets, "%s", options->targets) <
                   (int)sizeof places->targets
             : weft_url_join(options->source, "targets", places->targets, sizeof places->targets));
    const char *suffix = options->trust != NULL ? "" : ".trust";
    const char *trust = options->trust != NULL ? options->trust : options->root;
    return fits && snprintf(places->trust, sizeof places->trust, "%s%s", trust, suffix) <
                       (int)sizeof places->trust;
}

static enum weft_err fetch_from_source(const struct options *options, struct weft_message *message)
{
    static struct places places; /* large */
    struct weft_fetcher *fetcher = NULL;
    if (!find_places(options, &places)) {
        weft_message_set(message, "a URL or path is too long");
        return WEFT_ERR_LIMIT;
    }
    const struct weft_fetcher_config config = {.metadata_url = places.metadata,
                                               .targets_url = places.targets,
                                               .directory = places.trust,
                                               .root_file = options->root,
                                               .targets = &options->target,
                                               .target_count = 1};
    enum weft_err err = weft_fetcher_open(&config, &fetcher, message);
    if (err == WEFT_ERR_OK) {
        err = get(fetcher, options, message);
    }
    weft_fetcher_close(fetcher);
    return err;
}

static enum weft_err fetch_from_node(const struct options *options, struct weft_message *message)
{
    struct weft_fetch_node node;
    char path[WEFT_FILE_PATH_BYTES];
    enum weft_err err = weft_fetch_node_ask(options->data, options->target, &node, message);
    if (err == WEFT_ERR_OK) {
        err = place(options, &node.info, path, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_fetch_node_get(&node, path, message);
    }
    if (err == WEFT_ERR_OK) {
        say(&node.info, path, node.how);
    }
    return err;
}

int weft_command_fetch(int argc, char **argv)
{
    struct options options = {.help = false};
    struct weft_message message = {.text = ""};
    struct weft_flag_list words = {.count = 0};
    struct weft_flag_group group = {
        .flags = rows, .flag_count = WEFT_FLAG_COUNT_OF(rows), .target = &options};
    const struct weft_usage usage = {
        .command = "fetch",
        .arguments = "--source URL --root FILE [FLAG]... TARGET | --data DIR TARGET",
        .about = "Get one target of a TUF repository, made by weft or by other tools: bring the\n"
                 "metadata up to date, follow delegations, download, verify. The file appears\n"
                 "only when all of it is right.",
        .set = {.groups = &group, .group_count = 1},
        .help = &options.help};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc, argv, &words, &exit_code)) {
        return exit_code;
    }
    const char *fault = fault_of(&options, &words);
    if (fault != NULL) {
        return weft_usage_refuse("fetch", fault);
    }
    options.target = words.items[0];
    if (sodium_init() < 0) {
        return WEFT_EXIT_FAILED;
    }
    enum weft_err err = options.data != NULL ? fetch_from_node(&options, &message)
                                             : fetch_from_source(&options, &message);
    if (err == WEFT_ERR_OK) {
        return WEFT_EXIT_OK;
    }
    fprintf(stderr, "weft fetch: %s: %s\n", options.target,
            message.text[0] != '\0' ? message.text : weft_err_text(err));
    return err == WEFT_ERR_CLOSED && options.data != NULL ? WEFT_EXIT_NOT_RUNNING
                                                          : WEFT_EXIT_FAILED;
}
