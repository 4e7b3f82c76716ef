/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what the operator should read; see log.h. The only state is what was printed lately. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Kinds remembered at the same time; further ones push out the one printed longest ago. */
#define KINDS_MAX 64

/* Bytes of one line, newline included; longer ones are cut. */
#define LINE_BYTES_MAX 1024

struct kind {
    const char *format;    /* identity of the kind */
    weft_ns window_ns;     /* when its window began */
    uint32_t count;        /* lines printed in the window */
    uint32_t hidden_count; /* lines not printed in it */
};

static enum weft_log_level limit = WEFT_LOG_INFO;
static struct kind kinds[KINDS_MAX];

static weft_ns now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (weft_ns)time.tv_sec * WEFT_NS_PER_S + (weft_ns)time.tv_nsec;
}

void weft_log_level(enum weft_log_level level)
{
    limit = level;
}

static struct kind *find(const char *format)
{
    struct kind *oldest = &kinds[0];
    for (size_t i = 0; i < KINDS_MAX; i++) {
        if (kinds[i].format == format) {
            return &kinds[i];
        }
        if (kinds[i].window_ns < oldest->window_ns) {
            oldest = &kinds[i];
        }
    }
    *oldest = (struct kind){.format = format};
    return oldest;
}

/* May a line of this kind be printed? |hidden_count| lines before it were not. */
static bool admit(const char *format, uint32_t *hidden_count)
{
    weft_ns now_ns = now();
    struct kind *kind = find(format);
    *hidden_count = 0;
    if (kind->window_ns == 0 || now_ns - kind->window_ns >= WEFT_LOG_WINDOW_NS) {
        *hidden_count = kind->hidden_count;
        *kind = (struct kind){.format = format, .window_ns = now_ns};
    }
    if (kind->count >= WEFT_LOG_BURST) {
        kind->hidden_count++;
        return false;
    }
    kind->count++;
    return true;
}

static size_t stamp(char *line, size_t size, enum weft_log_level level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    struct timespec time;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &time);
    gmtime_r(&time.tv_sec, &parts);
    size_t length = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &parts);
    int rest =
        snprintf(line + length, size - length, ".%03ldZ %s ", time.tv_nsec / 1000000, names[level]);
    return length + (rest > 0 ? (size_t)rest : 0);
}

void weft_log(enum weft_log_level level, const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    uint32_t hidden_count;
    if (level > limit || (level != WEFT_LOG_DEBUG && !admit(format, &hidden_count))) {
        return;
    }
    if (level == WEFT_LOG_DEBUG) {
        hidden_count = 0;
    }
    size_t begin = stamp(line, sizeof(line), level);
    va_list values;
    va_start(values, format);
    vsnprintf(line + begin, sizeof(line) - begin - 1, format, values);
    va_end(values);
    size_t length = strlen(line);
    if (hidden_count > 0 && length + 40 < sizeof(line)) {
        int more = snprintf(line + length, sizeof(line) - length - 1, " (%u like it not shown)",
                            hidden_count);
        length += more > 0 ? (size_t)more : 0;
    }
    for (size_t i = begin; i < length; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[length] = '\n';
    /* One write, so that lines of several nodes on one terminal stay whole. Nobody to tell if it
     * fails. */
    ssize_t written = write(STDERR_FILENO, line, length + 1);
    (void)written;
}
