/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target once over every file and directory of files named, for builds without
 * libFuzzer: gcc, coverage, debuggers. Arguments that begin with '-' are libFuzzer's, and ignored.
 * Prints how many inputs ran; exits 1 if one cannot be read. Mutating is libFuzzer's part. */
#include "tests/fuzz/replay.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Longest input; a longer file is cut, as libFuzzer does. */
#define INPUT_BYTES_MAX (1024 * 1024)

static unsigned long run_count;

/* Run the target over one file, in a block of exactly its length so that sanitizers see its end. */
static int run_file(const char *path)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    uint8_t *input = malloc(length == 0 ? 1 : length);
    if (input == NULL) {
        perror(path);
        return 1;
    }
    for (size_t i = 0; i < length; i++) {
        input[i] = bytes[i];
    }
    LLVMFuzzerTestOneInput(input, length);
    free(input);
    run_count++;
    return 0;
}

static int run_folder(const char *path)
{
    struct dirent **entries = NULL;
    int failed = 0;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inner[4096];
        int length = snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && length < (int)sizeof(inner)) {
            failed |= run_file(inner);
        }
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (argv[i][0] == '-') {
            continue;
        }
        if (stat(argv[i], &status) != 0) {
            perror(argv[i]);
            failed = 1;
        } else {
            failed |= S_ISDIR(status.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
        }
    }
    printf("%lu inputs\n", run_count);
    return failed;
}
