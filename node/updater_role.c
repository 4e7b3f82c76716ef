/* SPDX-License-Identifier: Apache-2.0 */
/* DATA/trust/roles/N.ROLE.json: delegated documents, the role's name quoted as in paths. A name
 * that is too long for a file is fetched again after a restart. */
#include "node/updater_state.h"

#include "protocol/trust/path.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".json"

/* File name of a document; false if it is too long. */
static bool name_of(const struct weft_metadata *document, char name[NAME_MAX + 1])
{
    char quoted[NAME_MAX + 1];
    return weft_path_quote(document->name, "", quoted, sizeof quoted) &&
           snprintf(name, NAME_MAX + 1, "%llu.%s" SUFFIX, (unsigned long long)document->version,
                    quoted) <= NAME_MAX;
}

static bool path_of(const struct weft_updater *updater, const char *name, char *path)
{
    char directory[WEFT_FILE_PATH_BYTES];
    return weft_fileio_join(directory, updater->directory, "roles") &&
           weft_fileio_join(path, directory, name);
}

/* The role whose document a file holds, from its name. */
static bool role_of(const char *file, char *name, size_t size)
{
    char quoted[NAME_MAX + 1];
    size_t digits = strspn(file, "0123456789");
    size_t length = strlen(file);
    size_t end = length < strlen(SUFFIX) ? 0 : length - strlen(SUFFIX);
    if (digits == 0 || file[digits] != '.' || end <= digits + 1 ||
        strcmp(file + end, SUFFIX) != 0) {
        return false;
    }
    snprintf(quoted, sizeof quoted, "%.*s", (int)(end - digits - 1), file + digits + 1);
    return weft_path_unquote(quoted, name, size);
}

static void load(struct weft_updater *updater, const char *file)
{
    char name[WEFT_DELEGATION_NAME_BYTES_MAX + 1];
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (role_of(file, name, sizeof name) && path_of(updater, file, path) &&
        weft_fileio_load(path, WEFT_DOCUMENT_BYTES_MAX, &bytes, &length) == WEFT_ERR_OK) {
        weft_trust_load_role(updater->trust, name, bytes, length);
        free(bytes);
    }
}

void weft_updater_role_load(struct weft_updater *updater)
{
    char directory[WEFT_FILE_PATH_BYTES];
    DIR *stream =
        weft_fileio_join(directory, updater->directory, "roles") ? opendir(directory) : NULL;
    const struct dirent *found;
    while (stream && (found = readdir(stream)) != NULL) {
        load(updater, found->d_name);
    }
    if (stream) {
        closedir(stream);
    }
}

enum weft_err weft_updater_role_store(const struct weft_updater *updater,
                                      const struct weft_metadata *document)
{
    char name[NAME_MAX + 1];
    char path[WEFT_FILE_PATH_BYTES];
    char directory[WEFT_FILE_PATH_BYTES];
    if (!name_of(document, name) || !path_of(updater, name, path)) {
        return WEFT_ERR_LIMIT;
    }
    weft_fileio_parent(directory, path);
    enum weft_err err = weft_fileio_make_dirs(directory, 0700);
    return err == WEFT_ERR_OK ? weft_fileio_replace(path, document->bytes, document->length, 0600)
                              : err;
}

static bool is_held(const struct weft_updater *updater, const char *file)
{
    const struct weft_metadata *document;
    for (size_t i = 0; (document = weft_trust_role_at(updater->trust, i)) != NULL; i++) {
        char name[NAME_MAX + 1];
        if (name_of(document, name) && strcmp(name, file) == 0) {
            return true;
        }
    }
    return false;
}

void weft_updater_role_tidy(const struct weft_updater *updater)
{
    char directory[WEFT_FILE_PATH_BYTES];
    DIR *stream =
        weft_fileio_join(directory, updater->directory, "roles") ? opendir(directory) : NULL;
    const struct dirent *found;
    while (stream && (found = readdir(stream)) != NULL) {
        if (found->d_name[0] != '.' && !is_held(updater, found->d_name)) {
            unlinkat(dirfd(stream), found->d_name, 0);
        }
    }
    if (stream) {
        closedir(stream);
    }
}
