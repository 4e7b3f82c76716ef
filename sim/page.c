/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is in the file that a browser opens?": the page, and in the places that it marks
 * its style, its data and its script. They are files of sim/report/, which the assembler puts into
 * the program as they are. */
#include "page.h"
#include "history_write.h"

#include <string.h>

/* name[] holds the bytes of a file and a zero. The paths are seen from where make runs. */
#define PART(name, path)                                                                           \
    __asm__(".pushsection .rodata\n.global " #name "\n" #name ": .incbin \"" path                  \
            "\"\n.byte 0\n.popsection\n");                                                         \
    extern const char name[]

PART(weft_sim_page_html, "sim/report/report.html");
PART(weft_sim_page_css, "sim/report/report.css");
PART(weft_sim_page_chart_js, "sim/report/chart.js");
PART(weft_sim_page_words_js, "sim/report/words.js");
PART(weft_sim_page_over_time_js, "sim/report/over_time.js");
PART(weft_sim_page_agents_js, "sim/report/agents.js");
PART(weft_sim_page_in_sum_js, "sim/report/in_sum.js");
PART(weft_sim_page_segments_js, "sim/report/segments.js");
PART(weft_sim_page_report_js, "sim/report/report.js");

/* What stands in the page instead of a mark. */
struct part {
    const char *mark;                                                        /* in report.html */
    void (*write)(const struct weft_sim_page_run *, uint32_t count, FILE *); /* puts it there */
};

static void write_style(const struct weft_sim_page_run *runs, uint32_t count, FILE *out)
{
    (void)runs;
    (void)count;
    fputs(weft_sim_page_css, out);
}

static void write_script(const struct weft_sim_page_run *runs, uint32_t count, FILE *out)
{
    (void)runs;
    (void)count;
    fputs(weft_sim_page_chart_js, out);
    fputs(weft_sim_page_words_js, out);
    fputs(weft_sim_page_over_time_js, out);
    fputs(weft_sim_page_agents_js, out);
    fputs(weft_sim_page_in_sum_js, out);
    fputs(weft_sim_page_segments_js, out);
    fputs(weft_sim_page_report_js, out);
}

static void write_data(const struct weft_sim_page_run *runs, uint32_t count, FILE *out)
{
    for (uint32_t i = 0; i < count; i++) {
        fputs(i == 0 ? "[" : ",\n", out);
        weft_sim_history_write_compact(runs[i].history, runs[i].name, out);
    }
    fputc(']', out);
}

/* The figures for who reads without scripts. */
static void write_plain(const struct weft_sim_page_run *runs, uint32_t count, FILE *out)
{
    (void)count;
    for (const char *at = runs[0].history->summary; at != NULL && *at != '\0'; at++) {
        if (*at == '<' || *at == '&') {
            fprintf(out, "&#%d;", *at);
        } else {
            fputc(*at, out);
        }
    }
}

static const struct part parts[] = {
    {"@STYLE@", write_style},
    {"@PLAIN@", write_plain},
    {"@DATA@", write_data},
    {"@SCRIPT@", write_script},
};

void weft_sim_page_write(const struct weft_sim_page_run *runs, uint32_t count, FILE *out)
{
    const char *rest = weft_sim_page_html;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *mark = strstr(rest, parts[i].mark);
        if (mark != NULL) {
            fwrite(rest, 1, (size_t)(mark - rest), out);
            parts[i].write(runs, count, out);
            rest = mark + strlen(parts[i].mark);
        }
    }
    fputs(rest, out);
}
