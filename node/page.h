/* SPDX-License-Identifier: Apache-2.0 */
/* A page of text for people, made in memory and shown at once: columns, bars, quiet colours. What
 * it says is the business of status.h and demo_view.h.
 *
 * A page shown on a terminal can be painted over by the next one, so that nothing flickers. */
#ifndef WEFT_PAGE_H
#define WEFT_PAGE_H

#include "terminal.h"

#include <stdio.h>

enum weft_style {
    WEFT_STYLE_PLAIN, /* as the terminal has it */
    WEFT_STYLE_BOLD,  /* names, headings */
    WEFT_STYLE_DIM,   /* labels, what is not news */
    WEFT_STYLE_GOOD,  /* done */
    WEFT_STYLE_BUSY,  /* on its way */
    WEFT_STYLE_WARN,  /* waits, needs a look */
    WEFT_STYLE_BAD    /* failed */
};

struct weft_page {
    struct weft_terminal terminal; /* what may be drawn */
    char *text;                    /* whole lines so far; owned */
    size_t length;                 /* bytes of text */
    size_t room;                   /* bytes allocated */
    uint32_t column;               /* columns of the unfinished line */
    uint32_t hang_column;          /* where a line that is too long goes on; 0 = it is cut */
    bool failed;                   /* memory was short; the page ends early */
};

/* An empty page for |terminal|. Owner: the caller, weft_page_free(). */
struct weft_page weft_page_new(struct weft_terminal terminal);

/* Release the text. */
void weft_page_free(struct weft_page *page);

/* Append formatted text in |style|. What does not fit into the terminal's width goes on below at
 * page->hang_column, from a blank on if there is one, or is cut if that is 0; a newline may only
 * stand at the end of the result. */
void weft_page_put(struct weft_page *page, enum weft_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fill with blanks up to column |column|; at least one blank if text is already there. */
void weft_page_column(struct weft_page *page, uint32_t column);

/* Append |text| so that it ends at column |column|, in |style|. */
void weft_page_right(struct weft_page *page, uint32_t column, enum weft_style style,
                     const char *text);

/* Append a bar of |width| columns of which |part| of |whole| is full. */
void weft_page_bar(struct weft_page *page, uint32_t width, uint64_t part, uint64_t whole);

/* Write the page to |out|. If |painted_lines| is not NULL and the terminal allows it, the lines of
 * the page before are painted over, and *painted_lines becomes the lines of this one. */
void weft_page_show(const struct weft_page *page, FILE *out, uint32_t *painted_lines);

#endif
