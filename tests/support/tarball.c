/* SPDX-License-Identifier: Apache-2.0 */
/* Tars made by hand: see tarball.h. */
#include "tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for any tar of the tests. */
#define ROOM (16 * 1024 * 1024)

/* Add one entry. */
static void add(struct archive *archive, const struct tarball_entry *from)
{
    struct archive_entry *entry = archive_entry_new();
    size_t size = from->kind == 'f' && from->content != NULL ? strlen(from->content) : 0;
    archive_entry_set_pathname(entry, from->path);
    archive_entry_set_size(entry, (la_int64_t)size);
    switch (from->kind) {
    case 'd':
        archive_entry_set_filetype(entry, AE_IFDIR);
        break;
    case 'l':
        archive_entry_set_filetype(entry, AE_IFLNK);
        archive_entry_set_symlink(entry, from->content);
        break;
    case 'h':
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_hardlink(entry, from->content);
        break;
    case 'p':
        archive_entry_set_filetype(entry, AE_IFIFO);
        break;
    case 'c':
        archive_entry_set_filetype(entry, AE_IFCHR);
        archive_entry_set_rdev(entry, 0x103);
        break;
    default:
        archive_entry_set_filetype(entry, AE_IFREG);
        break;
    }
    mode_t standard = from->kind == 'd' ? 0755 : 0644;
    archive_entry_set_perm(entry, from->mode != 0 ? from->mode : standard);
    if (archive_write_header(archive, entry) < ARCHIVE_WARN ||
        (size > 0 && archive_write_data(archive, from->content, size) != (la_ssize_t)size)) {
        fprintf(stderr, "tarball: %s: %s\n", from->path, archive_error_string(archive));
        abort();
    }
    archive_entry_free(entry);
}

void tarball_make(const struct tarball_entry *entries, uint8_t **bytes, size_t *length)
{
    struct archive *archive = archive_write_new();
    *bytes = malloc(ROOM);
    archive_write_set_format_pax_restricted(archive);
    archive_write_set_options(archive, "hdrcharset=UTF-8");
    if (*bytes == NULL || archive_write_open_memory(archive, *bytes, ROOM, length) != ARCHIVE_OK) {
        abort();
    }
    for (const struct tarball_entry *entry = entries; entry->kind != 0; entry++) {
        add(archive, entry);
    }
    archive_write_close(archive);
    archive_write_free(archive);
}
