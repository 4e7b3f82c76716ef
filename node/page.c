/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of styled text that know their columns. Decides how things look, not what is said. */
#include "page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* SGR parameters of each style. */
static const char *const styles[] = {
    [WEFT_STYLE_PLAIN] = "",  [WEFT_STYLE_BOLD] = "1",  [WEFT_STYLE_DIM] = "2",
    [WEFT_STYLE_GOOD] = "32", [WEFT_STYLE_BUSY] = "36", [WEFT_STYLE_WARN] = "33",
    [WEFT_STYLE_BAD] = "31",
};

/* Blocks of 1/8 to 8/8 of a column. */
static const char *const blocks[] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

struct weft_page weft_page_new(struct weft_terminal terminal)
{
    struct weft_page page = {.terminal = terminal};
    return page;
}

void weft_page_free(struct weft_page *page)
{
    free(page->text);
    page->text = NULL;
    page->length = 0;
    page->room = 0;
}

static void append(struct weft_page *page, const char *bytes, size_t length)
{
    if (page->failed || length == 0) {
        return;
    }
    if (page->length + length > page->room) {
        size_t room = (page->length + length) * 2 + 1024;
        char *text = realloc(page->text, room);
        if (text == NULL) {
            page->failed = true;
            return;
        }
        page->text = text;
        page->room = room;
    }
    memcpy(page->text + page->length, bytes, length);
    page->length += length;
}

static void append_text(struct weft_page *page, const char *text)
{
    append(page, text, strlen(text));
}

/* Bytes of the character at |text|; a stray byte counts as one. */
static size_t character_length(const char *text)
{
    size_t length = 1;
    while (((unsigned char)text[length] & 0xc0) == 0x80) {
        length++;
    }
    return length;
}

/* Control characters could move the cursor or worse: names come from the network. */
static bool is_control(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    return first < 0x20 || first == 0x7f || (first & 0xc0) == 0x80 ||
           (first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

static bool fits(const struct weft_page *page)
{
    return !page->terminal.is_terminal || page->column < page->terminal.width;
}

/* Columns of the word at |text|; none at a blank. */
static uint32_t word_columns(const char *text)
{
    uint32_t columns = 0;
    for (; *text != '\0' && *text != ' '; text += character_length(text)) {
        columns++;
    }
    return columns;
}

static void strip_blanks(struct weft_page *page)
{
    while (page->length > 0 && page->text[page->length - 1] == ' ') {
        page->length--;
    }
}

/* Go on below. A word wider than a line has is broken where it is full. */
static void wrap(struct weft_page *page)
{
    strip_blanks(page);
    append_text(page, "\n");
    for (page->column = 0; page->column < page->hang_column; page->column++) {
        append_text(page, " ");
    }
}

static bool must_wrap(const struct weft_page *page, const char *text, bool begins_word)
{
    uint32_t width = page->terminal.width;
    if (!page->terminal.is_terminal || page->hang_column == 0 || page->hang_column >= width ||
        page->column <= page->hang_column) {
        return false;
    }
    return page->column + (begins_word ? word_columns(text) : 1) > width;
}

static void append_visible(struct weft_page *page, const char *text)
{
    bool begins_word = true;
    while (*text != '\0') {
        size_t length = character_length(text);
        if (must_wrap(page, text, begins_word)) {
            wrap(page);
            if (*text == ' ') {
                text += length;
                continue;
            }
        }
        if (fits(page)) {
            if (is_control(text)) {
                append_text(page, "?");
            } else {
                append(page, text, length);
            }
            page->column++;
        }
        begins_word = *text == ' ';
        text += length;
    }
}

static void put_styled(struct weft_page *page, enum weft_style style, const char *text)
{
    bool coloured = page->terminal.has_colour && style != WEFT_STYLE_PLAIN && text[0] != '\0';
    if (coloured) {
        append_text(page, "\033[");
        append_text(page, styles[style]);
        append_text(page, "m");
    }
    append_visible(page, text);
    if (coloured) {
        append_text(page, "\033[0m");
    }
}

void weft_page_put(struct weft_page *page, enum weft_style style, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    size_t length = strlen(text);
    bool ends_line = length > 0 && text[length - 1] == '\n';
    if (ends_line) {
        text[length - 1] = '\0';
    }
    put_styled(page, style, text);
    if (ends_line) {
        strip_blanks(page);
        append_text(page, "\n");
        page->column = 0;
    }
}

void weft_page_column(struct weft_page *page, uint32_t column)
{
    bool touches = page->length > 0 && page->text[page->length - 1] != ' ';
    if (page->column > 0 && page->column >= column && touches) {
        append_visible(page, " ");
    }
    while (page->column < column && fits(page)) {
        append_visible(page, " ");
    }
}

static uint32_t columns_of(const char *text)
{
    uint32_t columns = 0;
    while (*text != '\0') {
        text += character_length(text);
        columns++;
    }
    return columns;
}

void weft_page_right(struct weft_page *page, uint32_t column, enum weft_style style,
                     const char *text)
{
    uint32_t columns = columns_of(text);
    if (columns < column) {
        weft_page_column(page, column - columns);
    }
    put_styled(page, style, text);
}

static void bar_blocks(struct weft_page *page, uint32_t width, uint32_t eighths, bool full)
{
    char text[3 * 512 + 1];
    size_t used = 0;
    uint32_t drawn = 0;
    for (; drawn < width && eighths > 0; drawn++) {
        uint32_t part = eighths >= 8 ? 8 : eighths;
        memcpy(text + used, blocks[part - 1], 3);
        used += 3;
        eighths -= part;
    }
    text[used] = '\0';
    put_styled(page, full ? WEFT_STYLE_GOOD : WEFT_STYLE_BUSY, text);
    used = 0;
    for (; drawn < width; drawn++) {
        memcpy(text + used, "░", 3);
        used += 3;
    }
    text[used] = '\0';
    put_styled(page, WEFT_STYLE_DIM, text);
}

static void bar_letters(struct weft_page *page, uint32_t width, uint32_t eighths)
{
    char text[512 + 1];
    for (uint32_t i = 0; i < width; i++) {
        text[i] = i < eighths / 8 ? '#' : '.';
    }
    text[width] = '\0';
    put_styled(page, WEFT_STYLE_PLAIN, text);
}

void weft_page_bar(struct weft_page *page, uint32_t width, uint64_t part, uint64_t whole)
{
    width = width > 500 ? 500 : width;
    uint64_t eighths = (uint64_t)width * 8;
    if (part < whole) {
        /* Divide first where the product would overflow; a bar needs no more precision. */
        eighths = whole > UINT64_MAX / 4096 ? part / (whole / eighths + 1) : part * eighths / whole;
    }
    if (page->terminal.has_unicode) {
        bar_blocks(page, width, (uint32_t)eighths, part >= whole);
    } else {
        bar_letters(page, width, (uint32_t)eighths);
    }
}

/* Lines go out one by one with the rest of each old line erased: no flicker, no clear screen. */
static uint32_t paint(const struct weft_page *page, FILE *out)
{
    uint32_t lines = 0;
    const char *at = page->text;
    const char *end = page->text + page->length;
    /* The cursor cannot go back to a line that has scrolled away: the page ends before. */
    while (at < end && lines + 1 < page->terminal.height) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;
        fwrite(at, 1, (size_t)(stop - at), out);
        fputs("\033[K\n", out);
        lines++;
        at = newline != NULL ? newline + 1 : end;
    }
    fputs("\033[J", out);
    return lines;
}

void weft_page_show(const struct weft_page *page, FILE *out, uint32_t *painted_lines)
{
    if (page->text == NULL) {
        return;
    }
    if (painted_lines == NULL || !page->terminal.is_terminal) {
        fwrite(page->text, 1, page->length, out);
        fflush(out);
        return;
    }
    if (*painted_lines > 0) {
        fprintf(out, "\033[%uA\r", (unsigned)*painted_lines);
    }
    *painted_lines = paint(page, out);
    fflush(out);
}
