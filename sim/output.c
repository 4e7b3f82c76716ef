/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "did everything reach the disk?". */
#include "output.h"
#include "history_write.h"
#include "page.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART ".part"

/* Where |path| is written until it is whole; false: it is written to at once. */
static bool find_part(const char *path, char part[PATH_MAX])
{
    struct stat about;
    bool is_new = lstat(path, &about) != 0 && errno == ENOENT;
    return (is_new || S_ISREG(about.st_mode)) &&
           snprintf(part, PATH_MAX, "%s" PART, path) < PATH_MAX;
}

FILE *weft_sim_output_open(const char *path)
{
    char part[PATH_MAX];
    FILE *file = find_part(path, part) ? fopen(part, "we") : NULL;
    return file != NULL ? file : fopen(path, "we");
}

bool weft_sim_output_close(FILE *file, const char *path, bool wanted)
{
    char part[PATH_MAX];
    struct stat here;
    struct stat there;
    bool is_part = find_part(path, part) && fstat(fileno(file), &here) == 0 &&
                   stat(part, &there) == 0 && here.st_dev == there.st_dev &&
                   here.st_ino == there.st_ino;
    errno = 0;
    bool whole = fflush(file) == 0 && ferror(file) == 0;
    int why = errno;
    whole = fclose(file) == 0 && whole;
    why = why != 0 ? why : errno;
    if (is_part && whole && wanted) {
        whole = rename(part, path) == 0;
        why = errno;
    }
    if (is_part && !(whole && wanted)) {
        unlink(part);
    }
    errno = why;
    return whole;
}

static bool open_one(FILE **file, const char *flag, const char *path)
{
    *file = path == NULL ? NULL : weft_sim_output_open(path);
    if (path != NULL && *file == NULL) {
        fprintf(stderr, "weft-sim: cannot write --%s %s: %s\n", flag, path, strerror(errno));
    }
    return path == NULL || *file != NULL;
}

static bool close_one(FILE **file, const char *flag, const char *path)
{
    bool whole = *file == NULL || weft_sim_output_close(*file, path, /* wanted */ true);
    *file = NULL;
    if (!whole) {
        const char *why = errno != 0 ? strerror(errno) : "a write failed; is the disk full?";
        fprintf(stderr, "weft-sim: --%s %s is incomplete: %s\n", flag, path, why);
    }
    return whole;
}

bool weft_sim_output_is_same(const char *a, const char *b)
{
    struct stat left;
    struct stat right;
    if (stat(a, &left) != 0 || stat(b, &right) != 0) {
        return strcmp(a, b) == 0;
    }
    return S_ISREG(left.st_mode) && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* Is every file of |options| another one? */
static bool are_apart(const struct weft_sim_options *options)
{
    const struct {
        const char *flag; /* name */
        const char *path; /* as given; NULL = not */
    } files[] = {{"trace", options->trace_path},
                 {"report", options->report_path},
                 {"decisions", options->decisions_path},
                 {"scenario", options->scenario_path}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        for (size_t k = 0; k < i; k++) {
            if (files[i].path != NULL && files[k].path != NULL &&
                weft_sim_output_is_same(files[i].path, files[k].path)) {
                fprintf(stderr, "weft-sim: --%s and --%s are the same file: %s\n", files[k].flag,
                        files[i].flag, files[i].path);
                return false;
            }
        }
    }
    return true;
}

bool weft_sim_output_begin(struct weft_sim_output *output, const struct weft_sim_options *options)
{
    *output = (struct weft_sim_output){NULL, NULL};
    if (are_apart(options) && open_one(&output->trace, "trace", options->trace_path) &&
        open_one(&output->report, "report", options->report_path)) {
        return true;
    }
    weft_sim_output_drop(output, options);
    return false;
}

void weft_sim_output_drop(struct weft_sim_output *output, const struct weft_sim_options *options)
{
    if (output->trace != NULL) {
        (void)weft_sim_output_close(output->trace, options->trace_path, /* wanted */ false);
    }
    if (output->report != NULL) {
        (void)weft_sim_output_close(output->report, options->report_path, /* wanted */ false);
    }
    *output = (struct weft_sim_output){NULL, NULL};
}

bool weft_sim_output_wanted(const struct weft_sim_output *output)
{
    return output->trace != NULL || output->report != NULL;
}

bool weft_sim_output_end(struct weft_sim_output *output, const struct weft_sim_options *options,
                         const struct weft_sim_history *history)
{
    if (history != NULL && output->trace != NULL) {
        weft_sim_history_write(history, output->trace);
    }
    if (history != NULL && output->report != NULL) {
        const struct weft_sim_page_run run = {history, "simulation"};
        weft_sim_page_write(&run, 1, output->report);
    }
    bool trace = close_one(&output->trace, "trace", options->trace_path);
    bool report = close_one(&output->report, "report", options->report_path);
    return trace && report;
}

bool weft_sim_output_said(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return true;
    }
    /* The reason is gone if it was an earlier write that failed. */
    fprintf(stderr, "weft-sim: not everything could be written to standard output: %s\n",
            errno == 0 ? "is the disk full?" : strerror(errno));
    return false;
}
