/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which files are meant?". */
#include "files.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Take over |path|, from malloc(). */
static void add(struct weft_sim_files *files, char *path)
{
    if (files->count == files->room) {
        files->paths = weft_sim_memory_grow(files->paths, &files->room, sizeof(files->paths[0]));
    }
    files->paths[files->count++] = path;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool add_directory(struct weft_sim_files *files, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        char *inside = NULL;
        struct stat status;
        if (asprintf(&inside, "%s/%s", path, entries[i]->d_name) >= 0) {
            if (stat(inside, &status) == 0 && S_ISREG(status.st_mode)) {
                add(files, inside);
            } else {
                free(inside);
            }
        }
        free(entries[i]);
    }
    free(entries);
    return count >= 0;
}

bool weft_sim_files_begin(struct weft_sim_files *files, const struct weft_flag_list *arguments,
                          struct weft_text *message)
{
    *files = (struct weft_sim_files){.paths = NULL};
    for (uint32_t i = 0; i < arguments->count; i++) {
        const char *path = arguments->items[i];
        uint32_t before = files->count;
        struct stat status;
        bool found = stat(path, &status) == 0;
        if (found && !S_ISDIR(status.st_mode)) {
            add(files, strdup(path));
        } else if (!found || !add_directory(files, path)) {
            weft_text_add(message, path);
            weft_text_add(message, ": ");
            weft_text_add(message, strerror(errno));
            return false;
        }
        if (files->count == before) {
            weft_text_add(message, path);
            weft_text_add(message, ": there is no file in it");
            return false;
        }
    }
    if (files->count == 0) {
        weft_text_add(message, "name the files of --trace, or a directory of them");
    }
    return files->count > 0;
}

void weft_sim_files_end(struct weft_sim_files *files)
{
    for (uint32_t i = 0; i < files->count; i++) {
        free(files->paths[i]);
    }
    weft_sim_memory_give(files->paths, files->room, sizeof(files->paths[0]));
}
