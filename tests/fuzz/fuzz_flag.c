/* SPDX-License-Identifier: Apache-2.0 */
/* The flag parser on any command line: lines of the input are the arguments. Checked: the parser
 * says something exactly when it refuses, and every number it stores is in the range of its row. */
#include "protocol/flag.h"
#include "protocol/manual.h"
#include "tests/fuzz/replay.h"

#include <string.h>

enum { ARGUMENTS_MAX = 200, LINE_BYTES_MAX = 4096 };

struct options {
    bool watch;                 /* --watch */
    uint64_t size_bytes;        /* --size */
    uint64_t lan_bytes_per_s;   /* --lan */
    const char *data;           /* --data */
    struct weft_flag_list seed; /* --seed */
    uint32_t agent;             /* --agent */
    struct weft_tuning tuning;  /* tuning flags */
};

static const struct weft_flag rows[] = {
    {.name = "watch", .help = "h", WEFT_FLAG_AT(struct options, watch)},
    {.name = "size",
     .kind = WEFT_FLAG_BYTES,
     .standard = "64MiB",
     .help = "h",
     WEFT_FLAG_AT(struct options, size_bytes)},
    {.name = "lan",
     .kind = WEFT_FLAG_RATE,
     .maximum = 125000000000,
     .help = "h",
     WEFT_FLAG_AT(struct options, lan_bytes_per_s)},
    {.name = "data",
     .kind = WEFT_FLAG_TEXT,
     .required = true,
     .help = "h",
     WEFT_FLAG_AT(struct options, data)},
    {.name = "seed", .kind = WEFT_FLAG_LIST, .help = "h", WEFT_FLAG_AT(struct options, seed)},
    {.name = "agent",
     .kind = WEFT_FLAG_CHOICE,
     .choices = "never|auto|prefer|pin",
     .standard = "auto",
     .help = "h",
     WEFT_FLAG_AT(struct options, agent)},
};

/* Every tuning value is in the range of its row, whatever the command line said. */
static void check_ranges(const struct weft_tuning *tuning)
{
    struct weft_flag_group group = weft_flag_tuning(NULL);
    for (size_t i = 0; i < group.flag_count; i++) {
        uint32_t value = 0;
        memcpy(&value, (const uint8_t *)tuning + group.flags[i].offset, sizeof(value));
        WEFT_FUZZ_CHECK(value >= group.flags[i].minimum && value <= group.flags[i].maximum);
    }
}

/* Cut |line| into arguments at newlines; how many. */
static int cut(char *line, char **argv)
{
    int argc = 0;
    for (char *at = line; at != NULL && argc < ARGUMENTS_MAX;) {
        argv[argc++] = at;
        at = strchr(at, '\n');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct options options;
    static char line[LINE_BYTES_MAX];
    static char *argv[ARGUMENTS_MAX];
    char said[WEFT_FLAG_MESSAGE_BYTES];
    if (length >= sizeof(line)) {
        return 0;
    }
    memcpy(line, bytes, length);
    line[length] = '\0';
    struct weft_flag_list positionals;
    struct weft_text message = weft_text_into(said, sizeof(said));
    struct weft_flag_group groups[] = {{"General", rows, WEFT_FLAG_COUNT_OF(rows), &options},
                                       weft_flag_tuning(&options.tuning)};
    struct weft_flag_set set = {groups, 2};
    int argc = cut(line, argv);
    enum weft_err err = weft_flag_parse(&set, argc, argv, &positionals, &message);
    WEFT_FUZZ_CHECK((err == WEFT_ERR_OK) == (message.length == 0));
    WEFT_FUZZ_CHECK(options.agent < 4 && options.lan_bytes_per_s <= 125000000000);
    WEFT_FUZZ_CHECK(!message.cut && message.length == strlen(said));
    check_ranges(&options.tuning);
    if (err == WEFT_ERR_OK) {
        err = weft_flag_require(&set, &message);
        WEFT_FUZZ_CHECK((err == WEFT_ERR_OK) == (options.data != NULL));
    }
    return 0;
}
