/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "did everything reach the disk?". */
#include "output.h"
#include "history_write.h"
#include "page.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool open_one(FILE **file, const char *flag, const char *path)
{
    *file = path == NULL ? NULL : fopen(path, "we");
    if (path != NULL && *file == NULL) {
        fprintf(stderr, "weft-sim: cannot write --%s %s: %s\n", flag, path, strerror(errno));
    }
    return path == NULL || *file != NULL;
}

static bool close_one(FILE **file, const char *flag, const char *path)
{
    if (*file == NULL) {
        return true;
    }
    bool failed = ferror(*file) != 0;
    failed = fclose(*file) != 0 || failed;
    *file = NULL;
    if (failed) {
        fprintf(stderr, "weft-sim: --%s %s is incomplete: %s\n", flag, path, strerror(errno));
    }
    return !failed;
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
    return are_apart(options) && open_one(&output->trace, "trace", options->trace_path) &&
           open_one(&output->report, "report", options->report_path);
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
