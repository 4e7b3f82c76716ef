/* SPDX-License-Identifier: Apache-2.0 */
/* `weft verify REPO`: reads a repository of any TUF tool from the disk as a node would from the
 * web, but does not stop at the first problem. Nothing is changed and nothing locked. */
#include "node/verify.h"

#include "node/exit.h"
#include "node/rows.h"
#include "node/units.h"
#include "node/usage.h"
#include "node/verify_target.h"
#include "protocol/trust/client.h"
#include "protocol/trust/date.h"
#include "protocol/trust/path.h"
#include "protocol/trust/root.h"
#include "protocol/trust/rules.h"

#include <dirent.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

/* Roles that are followed; a repository with more is told of. */
#define ROLES_MAX 256

#define MEND_LOST "bring the file back from a backup; without one publish into a new directory"
#define MEND_SIGN "sign it again: weft refresh --repo DIR --keys DIR"

struct options {
    const char *root; /* --root; NULL = 1.root.json of the repository */
    bool help;        /* --help */
};

struct verify {
    const char *repository;                 /* directory; borrowed */
    int64_t now_s;                          /* seconds since 1970 */
    struct weft_trust *chain;               /* trusts the roots; owned */
    struct weft_metadata *roles[ROLES_MAX]; /* targets documents, [role_count]; owned */
    size_t role_count;                      /* the first is the top-level one */
    unsigned problem_count;                 /* told so far */
    unsigned target_count;                  /* looked at */
};

static void tell(void *context, const char *what, const char *mend)
{
    struct verify *verify = context;
    verify->problem_count++;
    printf("problem: %s\n   mend: %s\n", what, mend);
}

__attribute__((format(printf, 3, 4))) static void tell_of(struct verify *verify, const char *mend,
                                                          const char *format, ...)
{
    char text[WEFT_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell(verify, text, mend);
}

static const struct weft_metadata *root_of(const struct verify *verify)
{
    return weft_trust_document(verify->chain, WEFT_ROLE_ROOT);
}

static enum weft_err load(const struct verify *verify, const char *below, uint8_t **bytes,
                          size_t *length)
{
    char path[WEFT_FILE_PATH_BYTES];
    return weft_fileio_load(weft_fileio_join(path, verify->repository, below) ? path : "",
                            WEFT_DOCUMENT_BYTES_MAX, bytes, length);
}

/* ---- Roots ---- */

/* Trust the root bytes[length] called |name|. Errors: told. */
static enum weft_err add_root(struct verify *verify, const char *name, const uint8_t *bytes,
                              size_t length)
{
    enum weft_err err = weft_trust_load_root(verify->chain, bytes, length);
    if (err != WEFT_ERR_OK) {
        tell_of(verify, "bring the true file back; nodes cannot get past it", "%s: %s", name,
                weft_trust_fault(verify->chain)->text);
    }
    return err;
}

/* The first root: --root, or number 1. */
static enum weft_err begin_roots(struct verify *verify, const char *file)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    const char *name = file != NULL ? file : "metadata/1.root.json";
    enum weft_err err = file != NULL
                            ? weft_fileio_load(file, WEFT_DOCUMENT_BYTES_MAX, &bytes, &length)
                            : load(verify, name, &bytes, &length);
    if (err != WEFT_ERR_OK) {
        tell_of(verify, "name a repository of TUF; where old roots were removed, a --root FILE",
                "%s: %s", name, weft_err_text(err));
        return err;
    }
    err = add_root(verify, name, bytes, length);
    free(bytes);
    return err;
}

/* All that follow, up to the first that is missing. */
static void follow_roots(struct verify *verify)
{
    enum weft_err err = WEFT_ERR_OK;
    while (err == WEFT_ERR_OK) {
        char name[WEFT_PATH_BYTES_MAX];
        uint8_t *bytes = NULL;
        size_t length = 0;
        weft_path_metadata("root", root_of(verify)->version + 1, name);
        err = load(verify, name, &bytes, &length);
        if (err == WEFT_ERR_OK) {
            err = add_root(verify, name, bytes, length);
        } else if (err != WEFT_ERR_NOT_FOUND) {
            tell_of(verify, "make it readable", "%s: %s", name, weft_err_text(err));
        }
        free(bytes);
    }
}

/* ---- Documents ---- */

/* Told when it is over, and when it is soon: |soon_s| before. */
static void check_expiry(struct verify *verify, const struct weft_metadata *document,
                         int64_t soon_s)
{
    char date[WEFT_DATE_BYTES];
    const char *mend = document->role == WEFT_ROLE_ROOT
                           ? "make the next root: weft root rotate FILE --repo DIR"
                           : MEND_SIGN;
    weft_date_print(document->expires_s, date);
    if (verify->now_s >= document->expires_s) {
        tell_of(verify, mend, "%.100s version %llu expired on %s; nodes take nothing new",
                document->name, (unsigned long long)document->version, date);
    } else if (verify->now_s >= document->expires_s - soon_s) {
        tell_of(verify, mend, "%.100s version %llu expires soon, on %s", document->name,
                (unsigned long long)document->version, date);
    }
}

/* What a parent says of a document. */
struct expected {
    enum weft_role role;         /* TARGETS for delegated ones */
    const char *name;            /* of a delegated role; NULL */
    struct weft_pin pin;         /* version 0 = nothing is said (timestamp) */
    struct weft_signers signers; /* who has to sign */
    const char *whose;           /* who says so, for messages */
};

static void check_document(struct verify *verify, const struct expected *expected,
                           const struct weft_metadata *document, const char *name)
{
    struct weft_fault fault;
    if (weft_signers_verify(&expected->signers, expected->whose, document, &fault) != WEFT_ERR_OK) {
        tell_of(verify, MEND_SIGN, "%s: %s", name, fault.text);
    }
    if (expected->pin.version > 0 &&
        weft_rules_version(document, &expected->pin, &fault) != WEFT_ERR_OK) {
        tell_of(verify, MEND_LOST, "%s: %s", name, fault.text);
    }
    check_expiry(verify, document, expected->role == WEFT_ROLE_TIMESTAMP ? DAY_S : 7 * DAY_S);
}

/* Read and check a document; NULL = there is none to go on with. The caller's. */
static struct weft_metadata *read_document(struct verify *verify, const struct expected *expected)
{
    char name[WEFT_PATH_BYTES_MAX];
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_metadata *document = NULL;
    struct weft_fault fault;
    bool is_numbered = weft_root_is_consistent(root_of(verify));
    const char *role = expected->name ? expected->name : weft_role_name(expected->role);
    weft_path_metadata(role, is_numbered ? expected->pin.version : 0, name);
    enum weft_err err = load(verify, name, &bytes, &length);
    if (err != WEFT_ERR_OK) {
        tell_of(verify, MEND_LOST, "%s: %s", name, weft_err_text(err));
        return NULL;
    }
    if (expected->pin.version > 0 &&
        weft_pin_check(&expected->pin, role, bytes, length, &fault) != WEFT_ERR_OK) {
        tell_of(verify, MEND_LOST, "%s: %s", name, fault.text);
    }
    err = weft_metadata_parse(expected->role, expected->name, bytes, length, &document, &fault);
    free(bytes);
    if (err != WEFT_ERR_OK) {
        tell_of(verify, MEND_LOST, "%s: %s", name, fault.text);
        return NULL;
    }
    check_document(verify, expected, document, name);
    return document;
}

static struct weft_metadata *read_top(struct verify *verify, enum weft_role role,
                                      const struct weft_metadata *parent, const char *member)
{
    struct expected expected = {.role = role,
                                .signers = weft_root_signers(root_of(verify)->body, role),
                                .whose = "the newest root"};
    if (parent != NULL && weft_metadata_pin(parent, member, &expected.pin) != WEFT_ERR_OK) {
        tell_of(verify, MEND_SIGN, "%s version %llu does not name %s", parent->name,
                (unsigned long long)parent->version, member);
        return NULL;
    }
    return read_document(verify, &expected);
}

/* ---- Targets ---- */

static bool is_known(const struct verify *verify, const char *name)
{
    for (size_t i = 0; i < verify->role_count; i++) {
        if (strcmp(verify->roles[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Read the role that |delegator| delegates to, unless it was read already. */
static void follow(struct verify *verify, const struct weft_metadata *snapshot,
                   const struct weft_metadata *delegator, const char *name)
{
    char member[WEFT_DELEGATION_NAME_BYTES_MAX + 8];
    struct weft_delegation delegation;
    if (is_known(verify, name) || !weft_delegation_named(delegator, name, &delegation)) {
        return;
    }
    struct expected expected = {.role = WEFT_ROLE_TARGETS,
                                .name = name,
                                .signers = delegation.signers,
                                .whose = delegator->name};
    snprintf(member, sizeof member, "%s.json", name);
    if (weft_metadata_pin(snapshot, member, &expected.pin) != WEFT_ERR_OK) {
        tell_of(verify, MEND_SIGN, "the snapshot does not name %.150s, which %.150s delegates to",
                member, delegator->name);
        return;
    }
    struct weft_metadata *document = read_document(verify, &expected);
    if (document != NULL && verify->role_count < ROLES_MAX) {
        verify->roles[verify->role_count++] = document;
    } else if (document != NULL) {
        tell_of(verify, "delegate to fewer roles", "there are more than %d roles", ROLES_MAX);
        weft_metadata_drop(document);
    }
}

static void check_targets(struct verify *verify, const struct weft_metadata *document)
{
    const char *path;
    json_t *entry;
    json_object_foreach(json_object_get(document->body, "targets"), path, entry)
    {
        verify->target_count++;
        weft_verify_target(verify->repository, weft_root_is_consistent(root_of(verify)), path,
                           entry, tell, verify);
    }
}

/* Every targets document, breadth first, and what it lists. */
static void check_roles(struct verify *verify, const struct weft_metadata *snapshot)
{
    for (size_t at = 0; at < verify->role_count; at++) {
        const struct weft_metadata *document = verify->roles[at];
        const json_t *delegations = json_object_get(document->body, "delegations");
        size_t i;
        json_t *entry;
        check_targets(verify, document);
        json_array_foreach(json_object_get(delegations, "roles"), i, entry)
        {
            follow(verify, snapshot, document, weft_json_text(entry, "name"));
        }
    }
}

/* ---- The whole ---- */

/* A private key that a web server hands out is everybody's. */
static void check_keys(struct verify *verify, const char *below)
{
    char path[WEFT_FILE_PATH_BYTES];
    DIR *stream = weft_fileio_join(path, verify->repository, below) ? opendir(path) : NULL;
    const struct dirent *found;
    while (stream != NULL && (found = readdir(stream)) != NULL) {
        size_t length = strlen(found->d_name);
        if (length > 4 && strcmp(found->d_name + length - 4, ".key") == 0) {
            tell_of(verify, "move it away and replace the key: weft root rotate",
                    "%s/%.200s: a key file in what the web server serves", below, found->d_name);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
}

static void check_generation(struct verify *verify)
{
    struct weft_metadata *timestamp = read_top(verify, WEFT_ROLE_TIMESTAMP, NULL, "");
    struct weft_metadata *snapshot =
        timestamp ? read_top(verify, WEFT_ROLE_SNAPSHOT, timestamp, "snapshot.json") : NULL;
    struct weft_metadata *targets =
        snapshot ? read_top(verify, WEFT_ROLE_TARGETS, snapshot, "targets.json") : NULL;
    if (targets != NULL) {
        verify->roles[verify->role_count++] = targets;
        check_roles(verify, snapshot);
    }
    weft_metadata_drop(timestamp);
    weft_metadata_drop(snapshot);
}

static void check_all(struct verify *verify, const char *root)
{
    if (begin_roots(verify, root) != WEFT_ERR_OK) {
        return;
    }
    follow_roots(verify);
    check_expiry(verify, root_of(verify), 30 * DAY_S);
    check_generation(verify);
    check_keys(verify, ".");
    check_keys(verify, "metadata");
    check_keys(verify, "targets");
}

static const struct weft_flag rows[] = {
    WEFT_ROW_TEXT("root", "FILE", "root that nodes trust first; metadata/1.root.json otherwise",
                  WEFT_FLAG_AT(struct options, root)),
    WEFT_FLAG_HELP_ROW(WEFT_FLAG_AT(struct options, help)),
};

static int run(struct verify *verify, const char *root)
{
    verify->now_s = (int64_t)time(NULL);
    verify->chain = weft_trust_new();
    if (verify->chain == NULL || sodium_init() < 0) {
        fprintf(stderr, "weft verify: out of memory\n");
        return WEFT_EXIT_FAILED;
    }
    check_all(verify, root);
    printf("%s, %s, %s\n", weft_units_count(verify->role_count, "target list").text,
           weft_units_count(verify->target_count, "target").text,
           weft_units_count(verify->problem_count, "problem").text);
    for (size_t i = 0; i < verify->role_count; i++) {
        weft_metadata_drop(verify->roles[i]);
    }
    weft_trust_free(verify->chain);
    return verify->problem_count == 0 ? WEFT_EXIT_OK : WEFT_EXIT_FAILED;
}

int weft_command_verify(int argc, char **argv)
{
    static struct verify verify;
    struct options options = {.root = NULL};
    struct weft_flag_list words = {.count = 0};
    struct weft_flag_group group = {
        .flags = rows, .flag_count = WEFT_FLAG_COUNT_OF(rows), .target = &options};
    struct weft_usage usage = {
        .command = "verify",
        .arguments = "REPO [--root FILE]",
        .about = "Check a repository on the disk, made by weft or by other tools: roots,\n"
                 "signatures, versions, expiry, delegated roles, every payload. Each problem is\n"
                 "named with its mend; exit code 1 = there is one.",
        .set = {.groups = &group, .group_count = 1},
        .help = &options.help};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc - 1, argv + 1, &words, &exit_code)) {
        return exit_code;
    }
    if (words.count != 1) {
        return weft_usage_refuse("verify", "name the one directory REPO");
    }
    verify.repository = words.items[0];
    return run(&verify, options.root);
}
