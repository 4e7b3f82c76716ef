/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what of this is needed for the failure?". Greedy, from coarse to fine, until nothing can
 * be taken away any more; as all luck is counter-based, what stays behaves as before. */
#include "shrink.h"
#include "options.h"
#include "output.h"
#include "try.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* Real time of one try; what takes longer counts as another failure. */
#define TRY_SECONDS 60

/* Flags of one command line, and bytes of a value. */
#define ITEMS_MAX 256
#define VALUE_BYTES 256

/* A time inside of a value. */
#define TIME_BYTES 32

struct item {
    char flag[48];           /* without dashes */
    char value[VALUE_BYTES]; /* "" = the flag has none */
};

struct state {
    struct item items[ITEMS_MAX];   /* what is left */
    uint32_t count;                 /* entries of items */
    struct weft_sim_verdict wanted; /* how it fails */
    uint32_t tries;                 /* runs so far */
    const volatile int *stop;       /* set by a signal: no further runs; borrowed */
};

/* --- running --- */

static void words_of(const struct state *state, struct weft_sim_words *words)
{
    memset(words, 0, sizeof(*words));
    for (uint32_t i = 0; i < state->count; i++) {
        const struct item *item = &state->items[i];
        char name[sizeof(item->flag) + 2];
        snprintf(name, sizeof(name), "--%s", item->flag);
        weft_sim_words_add(words, name);
        if (item->value[0] != '\0') {
            weft_sim_words_add(words, item->value);
        }
    }
}

static bool try_it(struct state *state, struct weft_sim_verdict *verdict)
{
    static struct weft_sim_words words;
    words_of(state, &words);
    state->tries++;
    return !words.is_full && !*state->stop && weft_sim_try_once(&words, TRY_SECONDS, verdict);
}

static bool still_fails(struct state *state)
{
    struct weft_sim_verdict verdict;
    bool same = try_it(state, &verdict) && !weft_sim_verdict_is_stopped(&verdict) &&
                weft_sim_verdict_same(&verdict, &state->wanted);
    if (same) {
        state->wanted = verdict;
    }
    return same;
}

/* --- taking flags away --- */

/* Take |count| items from |first| on away; put them back if the failure is gone. */
static bool drop(struct state *state, uint32_t first, uint32_t count)
{
    static struct state before;
    before = *state;
    memmove(&state->items[first], &state->items[first + count],
            (state->count - first - count) * sizeof(state->items[0]));
    state->count -= count;
    if (still_fails(state)) {
        return true;
    }
    uint32_t tries = state->tries;
    *state = before;
    state->tries = tries;
    return false;
}

static bool drop_flags(struct state *state)
{
    bool any = false;
    for (uint32_t size = state->count / 2; size > 0; size /= 2) {
        for (uint32_t first = 0; first + size <= state->count;) {
            bool dropped = drop(state, first, size);
            any |= dropped;
            first += dropped ? 0 : size;
        }
    }
    return any;
}

/* --- making values smaller --- */

/* Give item |index| another value; take it back if the failure is gone. */
static bool change(struct state *state, uint32_t index, const char *value)
{
    char before[VALUE_BYTES];
    size_t length = strlen(value);
    if (length >= VALUE_BYTES) {
        return false;
    }
    memcpy(before, state->items[index].value, sizeof(before));
    memcpy(state->items[index].value, value, length + 1);
    if (strcmp(before, state->items[index].value) != 0 && still_fails(state)) {
        return true;
    }
    memcpy(state->items[index].value, before, sizeof(before));
    return false;
}

/* Halve a plain number, or a number with a unit, as often as the failure stays. */
static bool shrink_number(struct state *state, uint32_t index)
{
    char unit[VALUE_BYTES];
    bool any = false;
    for (;;) {
        char *rest = NULL;
        unsigned long long number = strtoull(state->items[index].value, &rest, 10);
        bool plain = rest != state->items[index].value && strchr(rest, '@') == NULL &&
                     strchr(rest, '.') == NULL && strchr(rest, ',') == NULL;
        if (!plain || number < 2) {
            return any;
        }
        char value[VALUE_BYTES + 32];
        snprintf(unit, sizeof(unit), "%s", rest);
        snprintf(value, sizeof(value), "%llu%s", number / 2, unit);
        if (!change(state, index, value)) {
            snprintf(value, sizeof(value), "%llu%s", number - 1, unit);
            if (!change(state, index, value)) {
                return any;
            }
        }
        any = true;
    }
}

/* Write "#k,#k" for the numbers of |mask|, and what stood behind them. */
static void write_numbers(uint64_t mask, const char *behind, char value[VALUE_BYTES])
{
    size_t used = 0;
    for (uint32_t k = 0; k < WEFT_SIM_MISHAPS_MAX; k++) {
        if (((mask >> k) & 1) != 0 && used + 8 < VALUE_BYTES) {
            used += (size_t)snprintf(value + used, VALUE_BYTES - used, "%s#%u",
                                     used == 0 ? "" : ",", k);
        }
    }
    snprintf(value + used, VALUE_BYTES - used, "%s", behind);
}

/* Take away single mishaps of an order. */
static bool shrink_order(struct state *state, uint32_t index)
{
    struct weft_sim_order order;
    char behind[VALUE_BYTES];
    char value[VALUE_BYTES];
    bool any = false;
    const char *text = state->items[index].value;
    if (!weft_sim_menu_read(text, &order)) {
        return false;
    }
    snprintf(behind, sizeof(behind), "%s", text + strcspn(text, "@+:"));
    for (uint32_t k = 0; k < WEFT_SIM_MISHAPS_MAX; k++) {
        uint64_t without = order.numbers & ~(UINT64_C(1) << k);
        if (without != order.numbers && without != 0) {
            write_numbers(without, behind, value);
            bool changed = change(state, index, value);
            order.numbers = changed ? without : order.numbers;
            any |= changed;
        }
    }
    return any;
}

/* The class that |flag| orders; CLASS_COUNT = it orders none. */
static enum weft_sim_mishap_class class_of(const char *flag)
{
    uint32_t c = 0;
    while (c < WEFT_SIM_MISHAP_CLASS_COUNT &&
           strcmp(flag, weft_sim_menu_flag((enum weft_sim_mishap_class)c)) != 0) {
        c++;
    }
    return (enum weft_sim_mishap_class)c;
}

/* --- making times shorter: when something happens, and for how long --- */

/* Write a time in the largest unit in which it is whole. */
static void write_time(weft_ns time_ns, char text[TIME_BYTES])
{
    static const struct {
        weft_ns ns;       /* of the unit */
        const char *name; /* as typed */
    } units[] = {{WEFT_NS_PER_S, "s"}, {WEFT_NS_PER_MS, "ms"}, {WEFT_NS_PER_US, "us"}, {1, "ns"}};
    uint32_t i = 0;
    while (time_ns % units[i].ns != 0) {
        i++;
    }
    snprintf(text, TIME_BYTES, "%llu%s", (unsigned long long)(time_ns / units[i].ns),
             units[i].name);
}

/* Half of a time, or less, as somebody would type it; a length is no less than a millisecond. */
static weft_ns half_of(weft_ns time_ns, bool is_length)
{
    weft_ns half_ns = time_ns / 2;
    weft_ns unit_ns = half_ns >= 2 * WEFT_NS_PER_S ? WEFT_NS_PER_S : WEFT_NS_PER_MS;
    half_ns -= half_ns % unit_ns;
    return is_length && half_ns < WEFT_NS_PER_MS ? WEFT_NS_PER_MS : half_ns;
}

/* Put |time_ns| in the place of |length| bytes at |at| of the value, if the failure stays. */
static bool change_time(struct state *state, uint32_t index, size_t at, size_t length,
                        const char *mark, weft_ns time_ns)
{
    char value[2 * VALUE_BYTES];
    char time[TIME_BYTES];
    const char *before = state->items[index].value;
    write_time(time_ns, time);
    snprintf(value, sizeof(value), "%.*s%s%s%s", (int)at, before, mark, time, before + at + length);
    return change(state, index, value);
}

/* Halve the time at |at| of the value as often as the failure stays. */
static bool halve_time(struct state *state, uint32_t index, size_t at, bool is_length)
{
    bool any = false;
    for (;;) {
        const char *text = state->items[index].value + at;
        char piece[TIME_BYTES] = "";
        size_t length = strcspn(text, "@+:,");
        weft_ns time_ns = 0;
        snprintf(piece, sizeof(piece), "%.*s", (int)length, text);
        if (length >= sizeof(piece) || !weft_sim_options_read_delay(piece, &time_ns)) {
            return any;
        }
        weft_ns half_ns = half_of(time_ns, is_length);
        if (half_ns >= time_ns || !change_time(state, index, at, length, "", half_ns)) {
            return any;
        }
        any = true;
    }
}

/* Halve every time that stands in the value: behind @ and at its begin when, behind + and , how
 * long. */
static bool shrink_times(struct state *state, uint32_t index)
{
    bool any = false;
    for (size_t at = 0; state->items[index].value[at] != '\0'; at++) {
        char before = at == 0 ? '@' : state->items[index].value[at - 1];
        if (strchr("@+,", before) != NULL) {
            any |= halve_time(state, index, at, before != '@');
        }
    }
    return any;
}

/* What the seed draws for the only mishap of an order. */
static bool draw_only(const struct state *state, uint32_t index, const struct weft_sim_order *order,
                      struct weft_sim_mishap *mishap)
{
    static struct weft_sim_words words;
    static struct weft_sim_options options;
    static char *argv[WEFT_SIM_WORDS_MAX];
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    words_of(state, &words);
    weft_sim_words_argv(&words, argv);
    bool only = order->numbers != 0 && (order->numbers & (order->numbers - 1)) == 0;
    return only &&
           weft_sim_options_parse(&options, (int)words.count, argv, &message) == WEFT_ERR_OK &&
           weft_sim_menu_draw(&options, class_of(state->items[index].flag),
                              (uint32_t)__builtin_ctzll(order->numbers), mishap);
}

/* Say of the only mishap of an order when it is, and how long, if half of what the seed draws is
 * enough for the failure. */
static bool shrink_drawn(struct state *state, uint32_t index)
{
    struct weft_sim_order order;
    struct weft_sim_mishap mishap;
    const char *value = state->items[index].value;
    if (!weft_sim_menu_read(value, &order) || !draw_only(state, index, &order, &mishap)) {
        return false;
    }
    bool any = false;
    if (!order.is_timed) {
        any |= change_time(state, index, strcspn(value, "@+:"), 0, "@",
                           half_of(mishap.after_ns, /* is_length */ false));
    }
    if (order.length_ns == 0 && mishap.length_ns > WEFT_NS_PER_MS) {
        any |= change_time(state, index, strcspn(value, "+:"), 0, "+",
                           half_of(mishap.length_ns, /* is_length */ true));
    }
    return any;
}

/* Less of these is no smaller run, but another question. */
static bool is_fixed(const char *flag)
{
    static const char *const fixed[] = {"seed",       "settle", "healed",
                                        "time-limit", "warmup", "threads"};
    for (uint32_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (strcmp(flag, fixed[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool shrink_values(struct state *state)
{
    bool any = false;
    for (uint32_t i = 0; i < state->count; i++) {
        bool fixed = is_fixed(state->items[i].flag);
        if (class_of(state->items[i].flag) != WEFT_SIM_MISHAP_CLASS_COUNT) {
            any |= shrink_order(state, i);
            any |= shrink_drawn(state, i);
            any |= shrink_times(state, i);
        } else if (!fixed) {
            any |= shrink_number(state, i);
            any |= strpbrk(state->items[i].value, "@,") != NULL && shrink_times(state, i);
        }
    }
    return any;
}

/* --- reading and printing --- */

static bool read_items(struct state *state, int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--shrink") == 0) {
            continue;
        }
        if (strncmp(argv[i], "--", 2) != 0 || state->count == ITEMS_MAX) {
            return false;
        }
        struct item *item = &state->items[state->count++];
        const char *equals = strchr(argv[i], '=');
        size_t length = equals != NULL ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        snprintf(item->flag, sizeof(item->flag), "%.*s", (int)length - 2, argv[i] + 2);
        const char *value = equals != NULL ? equals + 1 : "";
        if (equals == NULL && i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0) {
            value = argv[++i];
        }
        snprintf(item->value, sizeof(item->value), "%s", value);
    }
    return true;
}

static void print(const struct state *state)
{
    static struct weft_sim_words words;
    printf("# ");
    weft_sim_verdict_print(&state->wanted);
    words_of(state, &words);
    printf("# weft-sim");
    weft_sim_words_print(&words);
    printf("\n");
    for (uint32_t i = 0; i < state->count; i++) {
        printf("%s %s\n", state->items[i].flag, state->items[i].value);
    }
}

/* Print what is left, and say so if it need not be the smallest. */
static int finish(const struct state *state)
{
    print(state);
    if (*state->stop) {
        fprintf(stderr, "weft-sim: interrupted: this is the smallest so far\n");
    }
    if (!weft_sim_output_said()) {
        return EXIT_FAILED;
    }
    return *state->stop ? EXIT_INTERRUPTED : EXIT_FINE;
}

int weft_sim_shrink(int argc, char *const *argv, const volatile int *stop)
{
    static struct state state;
    state.stop = stop;
    if (!read_items(&state, argc, argv)) {
        fprintf(stderr, "weft-sim: --shrink takes flags only, %d at most\n", ITEMS_MAX);
        return EXIT_USAGE;
    }
    if (!try_it(&state, &state.wanted)) {
        if (*stop) {
            return EXIT_INTERRUPTED;
        }
        fprintf(stderr, "weft-sim: cannot start a process: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    if (state.wanted.outcome == WEFT_SIM_TRY_PASSED ||
        state.wanted.outcome == WEFT_SIM_TRY_REFUSED) {
        bool passed = state.wanted.outcome == WEFT_SIM_TRY_PASSED;
        fprintf(stderr, "weft-sim: --shrink: %s%s\n",
                passed ? "this run does not fail: there is nothing to make smaller" : "",
                passed ? "" : state.wanted.checks.detail);
        return passed ? EXIT_FAILED : EXIT_USAGE;
    }
    if (*stop && weft_sim_verdict_is_stopped(&state.wanted)) {
        return EXIT_INTERRUPTED;
    }
    fprintf(stderr, "weft-sim: the run fails (%s); it is made smaller\n",
            weft_sim_verdict_name(&state.wanted));
    bool any = true;
    while (any && !*stop) {
        any = drop_flags(&state);
        any |= shrink_values(&state);
        fprintf(stderr, "%u tries, %u flags left\n", state.tries, state.count);
    }
    return finish(&state);
}
