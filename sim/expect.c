/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "did it end as it was wanted?". */
#include "expect.h"
#include "canary.h"
#include "honest.h"
#include "summary.h"

#include <inttypes.h>
#include <string.h>

#define WORD_BYTES 64
#define THOUSANDTH_PPM 1000

enum unit { NS, PPM };

static const struct {
    const char *word; /* as typed */
    enum unit unit;   /* of its value */
} figures[] = {
#define X(name, word, unit) {word, unit},
    WEFT_SIM_EXPECT_MAP(X)
#undef X
};

/* Read "1.1" as 1100000: up to three digits behind the point. */
static bool read_copies(const char *text, uint64_t *ppm)
{
    uint64_t whole = 0;
    uint64_t part = 0;
    uint64_t scale = THOUSANDTH_PPM * 1000;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 6; i++) {
        whole = whole * 10 + (uint64_t)(text[i] - '0');
    }
    bool any = i > 0;
    if (text[i] == '.') {
        for (i++; text[i] >= '0' && text[i] <= '9' && scale > THOUSANDTH_PPM; i++) {
            scale /= 10;
            part += (uint64_t)(text[i] - '0') * scale;
        }
    }
    *ppm = whole * 1000 * THOUSANDTH_PPM + part;
    return any && text[i] == '\0';
}

/* Read "1.3 honest". */
static bool read_ratio(const char *text, uint64_t *ppm)
{
    static const char behind[] = "honest";
    char copy[WORD_BYTES];
    size_t length = strlen(text);
    if (length < sizeof(behind) || length >= sizeof(copy) ||
        strcmp(text + length - (sizeof(behind) - 1), behind) != 0) {
        return false;
    }
    length -= sizeof(behind) - 1;
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return read_copies(copy, ppm);
}

bool weft_sim_expect_read(const char *text, struct weft_sim_expect *expect)
{
    char word[WORD_BYTES];
    size_t length = strcspn(text, " <");
    const char *value = text + length + strspn(text + length, " ");
    if (length == 0 || length >= sizeof(word) || *value != '<') {
        return false;
    }
    memcpy(word, text, length);
    word[length] = '\0';
    value += 1 + strspn(value + 1, " ");
    for (uint32_t i = 0; i < WEFT_SIM_EXPECT_COUNT; i++) {
        if (strcmp(word, figures[i].word) == 0) {
            expect->what = (enum weft_sim_expect_what)i;
            expect->is_ratio = read_ratio(value, &expect->below);
            if (expect->is_ratio) {
                return true;
            }
            return figures[i].unit == NS ? weft_sim_options_read_delay(value, &expect->below)
                                         : read_copies(value, &expect->below);
        }
    }
    return false;
}

static uint64_t figure_of(const struct weft_sim_summary *summary, enum weft_sim_expect_what what)
{
    switch (what) {
    case WEFT_SIM_EXPECT_MAKESPAN:
        return summary->makespan_ns;
    case WEFT_SIM_EXPECT_HALF:
        return summary->p50_ns;
    case WEFT_SIM_EXPECT_P95:
        return summary->p95_ns;
    case WEFT_SIM_EXPECT_WAN_COPIES:
        return summary->wan_in_mean_ppm;
    case WEFT_SIM_EXPECT_WAN_COPIES_MOST:
        return summary->wan_in_max_ppm;
    case WEFT_SIM_EXPECT_SOURCE_COPIES:
        return summary->source_copies_ppm;
    case WEFT_SIM_EXPECT_COUNT:
        break;
    }
    return 0;
}

/* The run with all nodes honest, if something is expected beside it. */
static bool compare(const struct weft_sim_options *options, struct weft_sim_summary *honest,
                    const volatile int *stop)
{
    bool any = false;
    for (uint32_t i = 0; i < options->expect_count; i++) {
        any |= options->expects[i].is_ratio;
    }
    return !any || weft_sim_honest_run(options, honest, stop);
}

/* What the figure has to be below. */
static uint64_t limit_of(const struct weft_sim_expect *expect,
                         const struct weft_sim_summary *honest)
{
    /* In thousandths, which keeps hours in nanoseconds inside 64 bits. */
    return expect->is_ratio
               ? figure_of(honest, expect->what) / 1000 * (expect->below / THOUSANDTH_PPM)
               : expect->below;
}

static void check_one(struct weft_sim_world *world, const struct weft_sim_summary *summary,
                      const struct weft_sim_expect *expect, uint64_t below)
{
    uint64_t figure = figure_of(summary, expect->what);
    if (weft_sim_canary(world->options, WEFT_SIM_CHECK_EXPECTED)) {
        figure += below;
    }
    uint64_t unit = figures[expect->what].unit == NS ? WEFT_NS_PER_MS : THOUSANDTH_PPM;
    if (figure >= below && !world->checks.failed) {
        weft_sim_check_fail(&world->shards[0], WEFT_SIM_CHECK_EXPECTED, 0,
                            "%s is %" PRIu64 " %s, below %" PRIu64 " was wanted",
                            figures[expect->what].word, figure / unit,
                            unit == THOUSANDTH_PPM ? "thousandths" : "ms", below / unit);
        world->checks = world->shards[0].checks;
    }
}

void weft_sim_expect_check(struct weft_sim_world *world, struct weft_sim_summary *summary,
                           const volatile int *stop)
{
    static struct weft_sim_summary honest;
    const struct weft_sim_options *options = world->options;
    memset(&honest, 0, sizeof(honest));
    if (world->interrupted || world->checks.failed) {
        return;
    }
    if (!compare(options, &honest, stop)) {
        weft_sim_check_fail(&world->shards[0], WEFT_SIM_CHECK_EXPECTED, 0,
                            "the run with all nodes honest came to no good end");
        world->checks = world->shards[0].checks;
        return;
    }
    summary->honest_makespan_ns = honest.makespan_ns;
    summary->honest_wan_ppm = honest.wan_in_mean_ppm;
    for (uint32_t i = 0; i < options->expect_count; i++) {
        const struct weft_sim_expect *expect = &options->expects[i];
        check_one(world, summary, expect, limit_of(expect, &honest));
    }
}
