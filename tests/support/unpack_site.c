/* SPDX-License-Identifier: Apache-2.0 */
/* A place to unpack archives in: see unpack_site.h. */
#include "tests/support/unpack_site.h"

#include "protocol/trust/sha256.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void unpack_site_begin(struct unpack_site *site)
{
    memset(site, 0, sizeof(*site));
    snprintf(site->root, sizeof(site->root), "/tmp/weft-unpack-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(site->root));
    snprintf(site->tree, sizeof(site->tree), "%s/tree", site->root);
    snprintf(site->outside, sizeof(site->outside), "%s/outside", site->root);
    ck_assert_int_eq(mkdir(site->tree, 0755), 0);
    ck_assert_int_eq(weft_fileio_replace(site->outside, "safe", 4, 0644), WEFT_ERR_OK);
}

void unpack_site_end(struct unpack_site *site)
{
    uint8_t *bytes;
    size_t length;
    struct stat status;
    ck_assert_int_eq(weft_fileio_load(site->outside, 16, &bytes, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, 4);
    ck_assert_int_eq(memcmp(bytes, "safe", 4), 0);
    free(bytes);
    ck_assert_int_eq(weft_fileio_remove(site->tree), WEFT_ERR_OK);
    ck_assert_int_eq(unlink(site->outside), 0);
    ck_assert_int_eq(stat("/tmp/weft-evil", &status), -1);
    ck_assert_int_eq(rmdir(site->root), 0);
}

enum weft_err unpack_site_bytes(struct unpack_site *site, const uint8_t *bytes, size_t length,
                                const uint8_t *digest)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/archive", site->root);
    ck_assert_int_eq(weft_fileio_replace(path, bytes, length, 0600), WEFT_ERR_OK);
    struct weft_unpack_request request = {
        .archive = open(path, O_RDONLY | O_CLOEXEC),
        .directory = open(site->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .bytes = length,
        .sha256 = digest,
    };
    ck_assert_int_ge(request.archive, 0);
    ck_assert_int_ge(request.directory, 0);
    enum weft_err err = weft_unpack_tar(&request, &site->message);
    close(request.archive);
    close(request.directory);
    unlink(path);
    return err;
}

enum weft_err unpack_site_entries(struct unpack_site *site, const struct tarball_entry *entries)
{
    uint8_t *bytes;
    size_t length;
    uint8_t digest[WEFT_SHA256_BYTES];
    tarball_make(entries, &bytes, &length);
    weft_sha256_of(bytes, length, digest);
    enum weft_err err = unpack_site_bytes(site, bytes, length, digest);
    free(bytes);
    return err;
}
