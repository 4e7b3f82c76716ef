/* SPDX-License-Identifier: Apache-2.0 */
/* Answers what may be drawn on a file descriptor. Draws nothing. */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80, ROWS_DEFAULT = 24, SIZE_MAX_SHOWN = 500 };

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t standard)
{
    if (value == 0) {
        return standard;
    }
    if (value < low) {
        return low;
    }
    return value > SIZE_MAX_SHOWN ? SIZE_MAX_SHOWN : value;
}

/* The locale's character set as the environment names it, strongest variable first (POSIX). */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
        }
    }
    return false;
}

static uint32_t columns_wished(void)
{
    const char *text = getenv("COLUMNS");
    return text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
}

struct weft_terminal weft_terminal_look(int fd)
{
    const char *term = getenv("TERM");
    bool dumb = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
    const char *no_colour = getenv("NO_COLOR");
    struct winsize size = {0};
    struct weft_terminal terminal = {0};

    terminal.is_terminal = !dumb && isatty(fd) == 1;
    if (terminal.is_terminal && ioctl(fd, TIOCGWINSZ, &size) != 0) {
        size.ws_col = 0;
        size.ws_row = 0;
    }
    terminal.has_colour = terminal.is_terminal && (no_colour == NULL || no_colour[0] == '\0');
    terminal.has_unicode = locale_is_utf8();
    terminal.width = clamp(size.ws_col > 0 ? size.ws_col : columns_wished(), 40, COLUMNS_DEFAULT);
    terminal.height = clamp(size.ws_row, 10, ROWS_DEFAULT);
    return terminal;
}
