/* SPDX-License-Identifier: Apache-2.0 */
/* Paints the state of a run over its last state. Reads the watch, changes nothing in the run. */
#include "report.h"
#include "screen.h"
#include "wall.h"
#include "watch.h"
#include "world.h"

#include "protocol/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    VALUE_COLUMN = 13,   /* of what stands behind the labels */
    WIDTH_DEFAULT = 80,  /* where the terminal does not say */
    WIDTH_LEAST = 24,    /* narrower ones wrap */
    WIDTH_ROOMY = 78,    /* from here on there is room for more words */
    BAR_COLUMNS = 30,    /* of the bar */
    STRIP_LINES_MAX = 6, /* of segments; with more, several share a mark */
    SLOW_NAMED = 3,      /* segments named as slow */
    TEXT_BYTES = 2048    /* of one line */
};

/* Real time between two paintings, and virtual time that rates are a mean of. */
#define PAINT_NS (200 * WEFT_NS_PER_MS)
#define RATE_NS (2 * WEFT_NS_PER_S)

static const char *const tiers[] = {
#define X(name, text) text,
    WEFT_TIER_MAP(X)
#undef X
};

/* --- the terminal --- */

static bool is_utf8(void)
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

void weft_sim_screen_begin(struct weft_sim_screen *screen, FILE *out)
{
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    bool is_dumb = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
    *screen = (struct weft_sim_screen){.out = NULL};
    if (is_dumb || isatty(fileno(out)) != 1) {
        return;
    }
    screen->out = out;
    screen->has_colour = no_colour == NULL || no_colour[0] == '\0';
    screen->has_unicode = is_utf8();
    screen->began_ns = weft_sim_wall_ns();
}

static void look_at_width(struct weft_sim_screen *screen)
{
    struct winsize size = {.ws_col = 0};
    bool known = ioctl(fileno(screen->out), TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_LEAST;
    screen->width = known ? size.ws_col : WIDTH_DEFAULT;
}

/* Cut |text| so that it takes at most |columns|; a character of UTF-8 takes one. */
static void cut(char *text, uint32_t columns)
{
    for (; *text != '\0'; text++) {
        bool begins = ((uint8_t)*text & 0xc0) != 0x80;
        if (begins && columns-- == 0) {
            *text = '\0';
            return;
        }
    }
}

/* To the first line of the page; the next one is painted over it, so that nothing flickers. */
static void go_back(struct weft_sim_screen *screen)
{
    if (screen->painted_lines > 0) {
        fprintf(screen->out, "\033[%uA\r", screen->painted_lines);
        screen->painted_lines = 0;
    }
}

/* One line: "  label     text"; what is wrong has a label in red, others are dim. */
static void say_as(struct weft_sim_screen *screen, bool is_wrong, const char *label,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void say_as(struct weft_sim_screen *screen, bool is_wrong, const char *label,
                   const char *format, ...)
{
    const char *colour = is_wrong ? "\033[31m" : "\033[2m";
    char text[TEXT_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    cut(text, screen->width - VALUE_COLUMN - 1);
    fprintf(screen->out, "  %s%-*s%s%s\033[K\n", screen->has_colour ? colour : "", VALUE_COLUMN - 2,
            label, screen->has_colour ? "\033[0m" : "", text);
    screen->painted_lines++;
}

#define say(screen, label, ...) say_as(screen, false, label, __VA_ARGS__)

/* --- what is known --- */

/* What all segments have done so far. */
struct progress {
    uint64_t nodes;                  /* to which the release is owed */
    uint64_t complete;               /* of them, those that have it */
    uint64_t bytes[WEFT_TIER_COUNT]; /* stored, by where from */
    uint64_t stored;                 /* stored in all */
    uint64_t wan;                    /* over access lines */
    uint64_t whole;                  /* what all nodes together want */
};

static uint64_t bytes_of(const struct weft_sim_history *history, uint32_t segment)
{
    uint32_t used = weft_sim_history_used(history);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < used; i++) {
        const struct weft_sim_slice *slice =
            &history->slices[(size_t)segment * history->slice_count + i];
        for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
            sum += slice->bytes[t];
        }
    }
    return sum;
}

static struct progress progress_of(const struct weft_sim_world *world)
{
    const struct weft_sim_history *history = &world->watch->history;
    struct progress sum = {.nodes = history->node_count - world->hostile_count};
    sum.whole = history->bytes * sum.nodes;
    uint32_t used = weft_sim_history_used(history);
    for (uint32_t s = 0; s < history->segment_count; s++) {
        sum.complete += history->segments[s].complete;
        for (uint32_t i = 0; i < used; i++) {
            const struct weft_sim_slice *slice =
                &history->slices[(size_t)s * history->slice_count + i];
            sum.wan += slice->wan_bytes;
            for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
                sum.bytes[t] += slice->bytes[t];
                sum.stored += slice->bytes[t];
            }
        }
    }
    return sum;
}

static void measure_rates(struct weft_sim_screen *screen, const struct progress *sum,
                          weft_ns now_ns)
{
    if (now_ns < screen->rate_ns || sum->stored < screen->rate_bytes) {
        screen->rate_ns = now_ns;
        screen->rate_bytes = sum->stored;
        screen->rate_source = sum->bytes[WEFT_TIER_SOURCE];
    }
    uint64_t passed_ms = (now_ns - screen->rate_ns) / WEFT_NS_PER_MS;
    if (now_ns - screen->rate_ns < RATE_NS) {
        return;
    }
    screen->bytes_per_s = (sum->stored - screen->rate_bytes) * 1000 / passed_ms;
    screen->source_per_s = (sum->bytes[WEFT_TIER_SOURCE] - screen->rate_source) * 1000 / passed_ms;
    screen->rate_ns = now_ns;
    screen->rate_bytes = sum->stored;
    screen->rate_source = sum->bytes[WEFT_TIER_SOURCE];
}

/* Tenths of a percent, rounded down. */
static uint64_t thousandths(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : part >= whole ? 1000 : part / 1000 * 1000 / (whole / 1000 + 1);
}

/* --- lines --- */

/* Seconds with one decimal, for "%"PRIu64".%"PRIu64. */
#define SECONDS(ns) (ns) / WEFT_NS_PER_S, (ns) % WEFT_NS_PER_S / (100 * WEFT_NS_PER_MS)

static void say_start(struct weft_sim_screen *screen, const struct weft_sim_world *world)
{
    say(screen, "time",
        "%" PRIu64 ".%" PRIu64 " of %" PRIu64 ".%" PRIu64 " s, in which %u nodes find each other",
        SECONDS(world->now_ns), SECONDS(world->releases.items[0].publish_ns), world->node_count);
}

static void say_time(struct weft_sim_screen *screen, weft_ns since_ns)
{
    say(screen, "time",
        "%" PRIu64 ".%" PRIu64 " s simulated in %" PRIu64 ".%" PRIu64 " s; Ctrl-C ends it%s",
        SECONDS(since_ns), SECONDS(weft_sim_wall_ns() - screen->began_ns),
        screen->width >= WIDTH_ROOMY ? " with the figures so far" : "");
}

static void say_complete(struct weft_sim_screen *screen, const struct progress *sum)
{
    char bar[BAR_COLUMNS * 3 + 1] = "";
    uint64_t share = thousandths(sum->stored, sum->whole);
    size_t length = 0;
    for (uint64_t i = 0; i < BAR_COLUMNS; i++) {
        bool is_full = i * 1000 < share * BAR_COLUMNS;
        const char *mark = screen->has_unicode ? (is_full ? "█" : "░") : (is_full ? "#" : ".");
        memcpy(bar + length, mark, strlen(mark) + 1);
        length += strlen(mark);
    }
    say(screen, "bytes", "%s  %" PRIu64 ".%" PRIu64 " %%", bar, share / 10, share % 10);
    char left[64] = "";
    if (screen->bytes_per_s > 0 && sum->stored < sum->whole) {
        snprintf(left, sizeof(left), ", about %" PRIu64 " s to simulate",
                 (sum->whole - sum->stored) / screen->bytes_per_s + 1);
    }
    say(screen, "complete", "%" PRIu64 " of %" PRIu64 " nodes%s", sum->complete, sum->nodes, left);
}

static void say_cost(struct weft_sim_screen *screen, const struct weft_sim_history *history,
                     const struct progress *sum)
{
    uint64_t percent = history->bytes * history->segment_count / 100; /* of a copy each */
    uint64_t copies = percent == 0 ? 0 : sum->wan / percent;
    uint64_t source = screen->source_per_s * 8 / 100000;
    say(screen, "WAN",
        "%" PRIu64 ".%02" PRIu64 " copies a segment; source %" PRIu64 ".%" PRIu64 " Mbit/s",
        copies / 100, copies % 100, source / 10, source % 10);
    char shares[256] = "nothing yet";
    size_t used = 0;
    for (uint32_t t = 0; t < WEFT_TIER_COUNT && sum->stored > 0; t++) {
        uint64_t share = (thousandths(sum->bytes[t], sum->stored) + 5) / 10;
        if (sum->bytes[t] > 0) {
            used += (size_t)snprintf(shares + used, sizeof(shares) - used, "%s%s %s%" PRIu64 " %%",
                                     used > 0 ? ", " : "", tiers[t], share == 0 ? "<" : "",
                                     share == 0 ? 1 : share);
        }
    }
    say(screen, "from", "%s", shares);
}

/* What most of the waiting in the segment is for just now. */
static const char *reason_of(const struct weft_sim_history *history, uint32_t segment)
{
    const struct weft_sim_slice *slice = weft_sim_history_slice(history, segment, history->end_ms);
    uint32_t most = 0;
    for (uint32_t r = 1; r < WEFT_STALL_COUNT; r++) {
        most = slice->wait_ms[r] > slice->wait_ms[most] ? r : most;
    }
    return slice->wait_ms[most] == 0 ? "" : weft_sim_report_stall((enum weft_stall)most);
}

/* The emptiest segments |least| and their |shares| in thousandths, the emptiest first. */
static void find_slow(const struct weft_sim_history *history, uint32_t *least, uint64_t *shares)
{
    for (uint32_t s = 0; s < history->segment_count; s++) {
        uint64_t whole = history->bytes * history->segments[s].node_count;
        uint64_t share = thousandths(bytes_of(history, s), whole);
        uint32_t segment = s;
        for (uint32_t i = 0; i < SLOW_NAMED; i++) {
            if (share < shares[i]) {
                uint64_t other_share = shares[i];
                uint32_t other = least[i];
                shares[i] = share;
                least[i] = segment;
                share = other_share;
                segment = other;
            }
        }
    }
}

/* Segments that have less than four fifths of what all have on average, and what they wait for. */
static void say_slow(struct weft_sim_screen *screen, const struct weft_sim_history *history,
                     const struct progress *sum)
{
    uint32_t least[SLOW_NAMED] = {0};
    uint64_t shares[SLOW_NAMED] = {1001, 1001, 1001};
    find_slow(history, least, shares);
    uint64_t bar = thousandths(sum->stored, sum->whole) * 4 / 5;
    for (uint32_t i = 0; i < SLOW_NAMED && (i == 0 || shares[i] < bar); i++) {
        if (shares[i] < bar) {
            say(screen, i == 0 ? "slowest" : "", "%s %" PRIu64 " %%: %s",
                history->segments[least[i]].name, shares[i] / 10, reason_of(history, least[i]));
        } else {
            say(screen, "slowest", "no segment is far behind");
        }
    }
}

static void say_health(struct weft_sim_screen *screen, const struct weft_sim_world *world)
{
    const struct weft_sim_history *history = &world->watch->history;
    uint32_t down = 0;
    for (uint32_t i = 0; i < history->incident_count; i++) {
        const struct weft_sim_incident *incident = &history->incidents[i];
        down += incident->end_ms == WEFT_SIM_OPEN_MS && incident->segment != WEFT_SIM_NO_SEGMENT;
    }
    say_as(screen, !world->source_up, "faults", "%u node%s down, the source %s", down,
           weft_text_ending(down), world->source_up ? "answers" : "does not answer");
    bool failed = world->checks.failed;
    say_as(screen, failed, "invariants", "%s%s", failed ? "VIOLATED: " : "all held so far",
           failed ? weft_sim_check_name(world->checks.check) : "");
}

/* A mark for each segment, or for several: how full it is. */
static void say_strip(struct weft_sim_screen *screen, const struct weft_sim_history *history)
{
    static const char *const blocks[] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {".", "1", "2", "3", "4", "5", "6", "7", "#"};
    enum { LEVELS = 8 };
    uint32_t columns = screen->width - VALUE_COLUMN - 1;
    uint32_t room = columns * STRIP_LINES_MAX;
    uint32_t each = (history->segment_count + room - 1) / room;
    char text[TEXT_BYTES] = "";
    size_t used = 0;
    uint32_t column = 0;
    const char *label = "segments";
    for (uint32_t s = 0; s < history->segment_count; s += each) {
        uint64_t whole = history->bytes * history->segments[s].node_count;
        uint64_t share = thousandths(bytes_of(history, s), whole);
        uint64_t level = share * LEVELS / 1000;
        level = level == 0 && share > 0 ? 1 : level;
        const char *mark = screen->has_unicode ? blocks[level] : plain[level];
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", mark);
        if (++column == columns || s + each >= history->segment_count) {
            say(screen, label, "%s", text);
            label = "";
            column = 0;
            used = 0;
        }
    }
}

static void paint(struct weft_sim_screen *screen, const struct weft_sim_world *world)
{
    const struct weft_sim_watch *watch = world->watch;
    const struct weft_sim_history *history = &watch->history;
    struct progress sum = progress_of(world);
    measure_rates(screen, &sum, world->now_ns);
    look_at_width(screen);
    go_back(screen);
    if (watch->zero_ns == 0) {
        say_start(screen, world);
    } else {
        say_time(screen, world->now_ns - watch->zero_ns);
        say_complete(screen, &sum);
        say_cost(screen, history, &sum);
        say_slow(screen, history, &sum);
        say_health(screen, world);
        say_strip(screen, history);
    }
    fputs("\033[J", screen->out);
    fflush(screen->out);
}

void weft_sim_screen_show(struct weft_sim_screen *screen, const struct weft_sim_world *world)
{
    uint64_t now_ns = weft_sim_wall_ns();
    if (!weft_sim_screen_is_on(screen) || now_ns - screen->painted_ns < PAINT_NS) {
        return;
    }
    screen->painted_ns = now_ns;
    paint(screen, world);
}

void weft_sim_screen_clear(struct weft_sim_screen *screen)
{
    if (screen->painted_lines > 0) {
        go_back(screen);
        fputs("\033[J", screen->out);
    }
}
