/* SPDX-License-Identifier: Apache-2.0 */
/* Names, paths and dates of documents on any text. Checked: quoting is undone exactly, no path of
 * a target or of metadata leads out of its directory, and a date is written as it was read. */
#include "protocol/trust/date.h"
#include "protocol/trust/hex.h"
#include "protocol/trust/name.h"
#include "protocol/trust/path.h"
#include "tests/fuzz/replay.h"

#include <string.h>

#define TEXT_BYTES_MAX 2048

static void check_quote(const char *text)
{
    static char quoted[3 * TEXT_BYTES_MAX];
    static char again[TEXT_BYTES_MAX];
    WEFT_FUZZ_CHECK(weft_path_quote(text, "", quoted, sizeof quoted));
    WEFT_FUZZ_CHECK(strpbrk(quoted, "/\\?# \n") == NULL);
    WEFT_FUZZ_CHECK(weft_path_unquote(quoted, again, sizeof again) && strcmp(again, text) == 0);
    weft_path_unquote(text, again, sizeof again);
    weft_path_unquote(text, again, 1 + strlen(text) / 2);
}

/* No element between slashes is empty or dots. */
static void check_inside(const char *path, const char *directory)
{
    WEFT_FUZZ_CHECK(strncmp(path, directory, strlen(directory)) == 0);
    WEFT_FUZZ_CHECK(strlen(path) < WEFT_PATH_BYTES_MAX);
    WEFT_FUZZ_CHECK(strstr(path, "/../") == NULL && strstr(path, "/./") == NULL);
    WEFT_FUZZ_CHECK(strstr(path, "//") == NULL && path[strlen(path) - 1] != '/');
    const char *file = weft_path_file(path);
    WEFT_FUZZ_CHECK(strcmp(file, "..") != 0 && strcmp(file, ".") != 0);
}

static void check_paths(const char *text)
{
    char path[WEFT_PATH_BYTES_MAX];
    if (weft_path_metadata(text, 7, path)) {
        check_inside(path, "metadata/7.");
        WEFT_FUZZ_CHECK(strchr(path, '/') == strrchr(path, '/'));
    }
    if (weft_path_target(text, NULL, path)) {
        check_inside(path, "targets/");
    }
    if (weft_path_target(text, "0123abcd", path)) {
        check_inside(path, "targets/");
        WEFT_FUZZ_CHECK(strncmp(weft_path_file(path), "0123abcd.", 9) == 0);
    }
}

static void check_names(const char *text)
{
    if (weft_name_path_ok(text)) {
        WEFT_FUZZ_CHECK(text[0] != '.' && text[0] != '/' && strstr(text, "/.") == NULL);
    }
    if (weft_name_file_ok(text)) {
        WEFT_FUZZ_CHECK(strpbrk(text, "/\\") == NULL && weft_name_path_ok(text));
    }
    if (weft_name_place_ok(text)) {
        WEFT_FUZZ_CHECK(strlen(text) < WEFT_NAME_PLACE_BYTES && strchr(text, '/') == NULL);
    }
    WEFT_FUZZ_CHECK(!weft_name_ok(text) || weft_name_file_ok(text));
}

static void check_date(const char *text)
{
    int64_t seconds = -1;
    char again[WEFT_DATE_BYTES];
    if (weft_date_parse(text, &seconds)) {
        weft_date_print(seconds, again);
        WEFT_FUZZ_CHECK(seconds >= 0 && strcmp(again, text) == 0);
    }
}

static void check_hex(const char *text)
{
    uint8_t bytes[TEXT_BYTES_MAX / 2];
    size_t length = strlen(text) / 2;
    if (weft_hex_decode(text, bytes, length)) {
        WEFT_FUZZ_CHECK(strlen(text) == 2 * length);
        WEFT_FUZZ_CHECK(strspn(text, "0123456789abcdefABCDEF") == 2 * length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static char text[TEXT_BYTES_MAX];
    size_t copied = length < sizeof text - 1 ? length : sizeof text - 1;
    memcpy(text, bytes, copied);
    text[copied] = '\0';
    check_quote(text);
    check_paths(text);
    check_names(text);
    check_date(text);
    check_hex(text);
    return 0;
}
