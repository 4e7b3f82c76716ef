/* SPDX-License-Identifier: Apache-2.0 */
/* An archive is signed, but a publisher's mistake, or a stolen key, must not overwrite a machine:
 * no entry leaves the tree, nothing special is made, nothing grows beyond what is signed. */
#include "tests/support/attack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/trust/sha256.h"
#include "tests/support/unpack_site.h"

/* Each ends with something refused; what stands before it is allowed. */
static const struct {
    const char *attack;              /* what it tries */
    struct tarball_entry entries[4]; /* ends with kind 0 */
    enum weft_err err;               /* expected */
} hostile_table[] = {
    {"archive: absolute path", {{'f', "/tmp/weft-evil", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: up", {{'f', "../outside", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: up inside", {{'f', "a/../../outside", "x", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: up at the end", {{'d', "a/..", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: file through a link outside",
     {{'l', "a", "/tmp", 0}, {'f', "a/weft-evil", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive: file through a link",
     {{'d', "d", NULL, 0}, {'l', "a", "d", 0}, {'f', "a/x", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive: file over a link", {{'l', "a", "b", 0}, {'f', "a", "x", 0}}, WEFT_ERR_FORMAT},
    {"archive: directory over a link",
     {{'l', "a", "b", 0}, {'d', "a", NULL, 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive: directory over a file",
     {{'f', "a", "b", 0}, {'d', "a", NULL, 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive: below a file", {{'f', "a", "b", 0}, {'f', "a/b", "c", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: twice", {{'f', "a", "b", 0}, {'f', "./a", "c", 0}}, WEFT_ERR_FORMAT},
    {"archive: hard link outside", {{'h', "a", "../outside", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: absolute hard link", {{'h', "a", "/etc/passwd", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: hard link to a link",
     {{'l', "a", "b", 0}, {'h', "c", "a", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive: hard link to nothing", {{'h', "a", "missing", 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: fifo", {{'p', "a", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
    {"archive: device", {{'c', "a", NULL, 0}}, WEFT_ERR_UNSAFE_PATH},
};

START_TEST(hostile)
{
    struct unpack_site site;
    unpack_site_begin(&site);
    enum weft_err err = unpack_site_entries(&site, hostile_table[_i].entries);
    ck_assert_msg(err == hostile_table[_i].err, "%s: %s (%s)", hostile_table[_i].attack,
                  weft_err_name(err), site.message.text);
    ck_assert_str_ne(site.message.text, "");
    unpack_site_end(&site);
}
END_TEST

/* Links outside are allowed; nothing goes through one, by any kind of entry, into a directory that
 * is really there. */
static const struct {
    const char *attack;              /* what it tries */
    struct tarball_entry entries[4]; /* ends with kind 0; a link to @ gets the directory's path */
    enum weft_err err;               /* expected */
} through_table[] = {
    {"archive, link to a real directory: file",
     {{'l', "a", "@", 0}, {'f', "a/file", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: file deeper",
     {{'l', "a", "@", 0}, {'f', "a/b/file", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: file over it",
     {{'l', "a", "@/kept", 0}, {'f', "a", "x", 0}},
     WEFT_ERR_FORMAT},
    {"archive, link to a real directory: file by a new link",
     {{'l', "a", "@/new", 0}, {'f', "a", "x", 0}},
     WEFT_ERR_FORMAT},
    {"archive, link to a real directory: directory",
     {{'l', "a", "@", 0}, {'d', "a/sub", NULL, 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: directory over it",
     {{'l', "a", "@", 0}, {'d', "a", NULL, 0777}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: link",
     {{'l', "a", "@", 0}, {'l', "a/link", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: link over it",
     {{'l', "a", "@", 0}, {'l', "a", "x", 0}},
     WEFT_ERR_FORMAT},
    {"archive, link to a real directory: link to a link",
     {{'l', "a", "@", 0}, {'l', "b", "a", 0}, {'f', "b/file", "x", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: hard link from it",
     {{'l', "a", "@", 0}, {'h', "b", "a/kept", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: hard link to it",
     {{'l', "a", "@/kept", 0}, {'h', "b", "a", 0}},
     WEFT_ERR_UNSAFE_PATH},
    {"archive, link to a real directory: hard link into it",
     {{'f', "f", "x", 0}, {'l', "a", "@", 0}, {'h', "a/file", "f", 0}},
     WEFT_ERR_UNSAFE_PATH},
};

START_TEST(nothing_goes_through_a_link)
{
    struct unpack_site site;
    struct tarball_entry
        entries[sizeof through_table[0].entries / sizeof through_table[0].entries[0]];
    char target[128];
    char away[96];
    char kept[112];
    unpack_site_begin(&site);
    snprintf(away, sizeof(away), "%s/away", site.root);
    snprintf(kept, sizeof(kept), "%s/kept", away);
    ck_assert_int_eq(mkdir(away, 0700), 0);
    ck_assert_int_eq(weft_fileio_replace(kept, "mine", 4, 0600), WEFT_ERR_OK);
    memcpy(entries, through_table[_i].entries, sizeof(entries));
    for (size_t i = 0; entries[i].kind != 0; i++) {
        if (entries[i].kind == 'l' && entries[i].content[0] == '@') {
            snprintf(target, sizeof(target), "%s%s", away, entries[i].content + 1);
            entries[i].content = target;
        }
    }
    enum weft_err err = unpack_site_entries(&site, entries);
    ck_assert_msg(err == through_table[_i].err, "%s: %s (%s)", through_table[_i].attack,
                  weft_err_name(err), site.message.text);
    struct stat status;
    ck_assert_int_eq(stat(kept, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_uint_eq(status.st_nlink, 1);
    ck_assert_int_eq(status.st_size, 4);
    ck_assert_int_eq(unlink(kept), 0);
    ck_assert_int_eq(stat(away, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(rmdir(away), 0); /* empty: nothing came in */
    unpack_site_end(&site);
}
END_TEST

START_TEST(size_in_a_header_is_bounded)
{
    static const struct tarball_entry entries[] = {{'f', "a", "x", 0}, {0, NULL, NULL, 0}};
    struct unpack_site site;
    uint8_t *bytes;
    size_t length;
    unpack_site_begin(&site);
    tarball_make(entries, &bytes, &length);
    /* 8 GiB minus 1, with the checksum made right again. */
    memcpy(bytes + 124, "77777777777", 11);
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < 512; i++) {
        sum += i < 148 || i >= 156 ? bytes[i] : 0U;
    }
    char text[16];
    snprintf(text, sizeof(text), "%06o", sum);
    memcpy(bytes + 148, text, 7);
    ck_assert_int_eq(unpack_site_bytes(&site, bytes, length, NULL), WEFT_ERR_LIMIT);
    free(bytes);
    unpack_site_end(&site);
}
END_TEST

/* A tar whose one file has a hole of a terabyte. */
static uint8_t *make_sparse(size_t *length)
{
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    uint8_t *bytes = malloc(65536);
    archive_write_set_format_pax(archive);
    ck_assert_int_eq(archive_write_open_memory(archive, bytes, 65536, length), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "hole");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, INT64_C(1) << 40);
    archive_entry_sparse_add_entry(entry, 0, 1);
    ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
    archive_write_data(archive, "x", 1);
    archive_entry_free(entry);
    archive_write_close(archive);
    archive_write_free(archive);
    return bytes;
}

START_TEST(sparse_bomb)
{
    struct unpack_site site;
    size_t length = 0;
    uint8_t *bytes = make_sparse(&length);
    unpack_site_begin(&site);
    ck_assert_int_eq(unpack_site_bytes(&site, bytes, length, NULL), WEFT_ERR_LIMIT);
    free(bytes);
    unpack_site_end(&site);
}
END_TEST

/* A tar of 16 MiB of zeros, packed to a thousandth of it. */
START_TEST(packed_bomb)
{
    struct unpack_site site;
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    static uint8_t block[65536];
    static uint8_t bytes[262144];
    size_t length = 0;
    archive_write_set_format_ustar(archive);
    archive_write_add_filter_gzip(archive);
    ck_assert_int_eq(archive_write_open_memory(archive, bytes, sizeof bytes, &length), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "zeros");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, 256 * (la_int64_t)sizeof block);
    ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
    for (int i = 0; i < 256; i++) {
        ck_assert_int_eq(archive_write_data(archive, block, sizeof block), sizeof block);
    }
    archive_entry_free(entry);
    archive_write_close(archive);
    archive_write_free(archive);
    unpack_site_begin(&site);
    ck_assert_int_eq(unpack_site_bytes(&site, bytes, length, NULL), WEFT_ERR_FORMAT);
    unpack_site_end(&site);
}
END_TEST

/* One tar, cut at every block. */
START_TEST(truncated)
{
    static const struct tarball_entry entries[] = {
        {'d', "d", NULL, 0}, {'f', "d/a", "some", 0}, {'f', "d/b", "more", 0}, {0, NULL, NULL, 0}};
    uint8_t *bytes = NULL;
    size_t length = 0;
    uint8_t digest[WEFT_SHA256_BYTES];
    tarball_make(entries, &bytes, &length);
    ck_assert(weft_sha256_of(bytes, length, digest));
    for (size_t cut = 0; cut < length; cut += 512) {
        struct unpack_site site;
        unpack_site_begin(&site);
        ck_assert_int_ne(unpack_site_bytes(&site, bytes, cut, digest), WEFT_ERR_OK);
        unpack_site_end(&site);
    }
    free(bytes);
}
END_TEST

int main(void)
{
    const struct attack_case bombs[] = {
        {"archive: a header says 8 GiB", "refused", size_in_a_header_is_bounded},
        {"archive: a hole of 1 TiB", "refused", sparse_bomb},
        {"archive: packed to a thousandth", "not unpacked", packed_bomb},
        {"archive: cut at every block", "refused", truncated},
    };
    struct attack_list list = {.count = 0};
    for (size_t i = 0; i < sizeof hostile_table / sizeof hostile_table[0]; i++) {
        attack_add(&list,
                   (struct attack_case){hostile_table[i].attack, "refused; outside stays", hostile},
                   (int)i);
    }
    for (size_t i = 0; i < sizeof through_table / sizeof through_table[0]; i++) {
        attack_add(&list,
                   (struct attack_case){through_table[i].attack, "refused; nothing goes through",
                                        nothing_goes_through_a_link},
                   (int)i);
    }
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        attack_add(&list, bombs[i], 0);
    }
    return attack_run_list(&list);
}
