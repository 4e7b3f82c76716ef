/* SPDX-License-Identifier: Apache-2.0 */
/* Archives on any bytes, unpacked into a real directory. Checked: nothing changes beside that
 * directory, and in it there are only directories, files without set-id bits, and links. */
#include "node/unpack.h"
#include "tests/fuzz/replay.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];    /* holds only what is below; removed at exit */
static char tree[80];    /* unpacked into */
static char outside[80]; /* must stay as it is */
static uint64_t content; /* bytes in files of the tree */

static void clean(void)
{
    weft_fileio_remove(root);
}

/* Memory if there is such a file system: the disk is not what is searched. */
static void begin(void)
{
    snprintf(root, sizeof root, "%s/weft-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    WEFT_FUZZ_CHECK(mkdtemp(root) != NULL);
    atexit(clean);
    snprintf(tree, sizeof tree, "%s/tree", root);
    snprintf(outside, sizeof outside, "%s/outside", root);
    WEFT_FUZZ_CHECK(weft_fileio_replace(outside, "safe", 4, 0600) == WEFT_ERR_OK);
}

static int look_at(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)path;
    (void)place;
    (void)kind;
    WEFT_FUZZ_CHECK(S_ISDIR(status->st_mode) || S_ISREG(status->st_mode) ||
                    S_ISLNK(status->st_mode));
    WEFT_FUZZ_CHECK(S_ISLNK(status->st_mode) || (status->st_mode & 07000) == 0);
    content += S_ISREG(status->st_mode) && status->st_nlink == 1 ? (uint64_t)status->st_size : 0;
    return 0;
}

static void check_outside(void)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct stat status;
    WEFT_FUZZ_CHECK(weft_fileio_load(outside, 64, &bytes, &length) == WEFT_ERR_OK);
    WEFT_FUZZ_CHECK(length == 4 && memcmp(bytes, "safe", 4) == 0);
    WEFT_FUZZ_CHECK(stat(outside, &status) == 0 && status.st_nlink == 1);
    WEFT_FUZZ_CHECK((status.st_mode & 07777) == 0600);
    WEFT_FUZZ_CHECK(stat(root, &status) == 0 && status.st_nlink == 3);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (root[0] == '\0') {
        begin();
    }
    WEFT_FUZZ_CHECK(mkdir(tree, 0755) == 0);
    struct weft_message message = {.text = ""};
    struct weft_unpack_request request = {
        .archive = memfd_create("archive", MFD_CLOEXEC),
        .directory = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .bytes = length,
    };
    WEFT_FUZZ_CHECK(request.archive >= 0 && request.directory >= 0);
    WEFT_FUZZ_CHECK(weft_fileio_write(request.archive, bytes, length) == WEFT_ERR_OK);
    WEFT_FUZZ_CHECK(lseek(request.archive, 0, SEEK_SET) == 0);
    enum weft_err err = weft_unpack_tar(&request, &message);
    WEFT_FUZZ_CHECK(err == WEFT_ERR_OK || message.text[0] != '\0');
    close(request.archive);
    close(request.directory);
    content = 0;
    WEFT_FUZZ_CHECK(nftw(tree, look_at, 16, FTW_PHYS) == 0);
    WEFT_FUZZ_CHECK(content <= length);
    check_outside();
    WEFT_FUZZ_CHECK(weft_fileio_remove(tree) == WEFT_ERR_OK);
    return 0;
}
