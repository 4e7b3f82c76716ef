/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of `weft demo`. Whether there is room for it is asked in demo_place.h. */
#include "demo_options.h"

#include "exit.h"
#include "usage.h"

#define OPTION(field) WEFT_FLAG_AT(struct weft_demo_options, field)

static const struct weft_flag flags[] = {
    {.name = "nodes",
     .kind = WEFT_FLAG_COUNT,
     .standard = "12",
     .minimum = 1,
     .maximum = WEFT_DEMO_NODES_MAX,
     .help = "nodes in all, each a process of its own",
     OPTION(nodes)},
    {.name = "segments",
     .kind = WEFT_FLAG_COUNT,
     .standard = "3",
     .minimum = 1,
     .maximum = WEFT_DEMO_SEGMENTS_MAX,
     .help = "segments the nodes are spread over, as 127.77.1.0/24, 127.77.2.0/24 and so on",
     OPTION(segments)},
    {.name = "size",
     .kind = WEFT_FLAG_BYTES,
     .standard = "64MiB",
     .help = "size of the random file that is distributed where no PATH is given",
     OPTION(size_bytes)},
    {.name = "source-rate",
     .kind = WEFT_FLAG_RATE,
     .standard = "160mbit",
     .help = "rate of the source for all nodes together; 0 = not limited",
     OPTION(source_rate_bytes_per_s)},
    {.name = "keep",
     .kind = WEFT_FLAG_BOOL,
     .help = "do not remove the directory with repository, nodes and their logs",
     OPTION(keep)},
    {.name = "trace",
     .kind = WEFT_FLAG_BOOL,
     .help = "let every node write what it did to ADDRESS.trace there, for weft-sim report",
     OPTION(trace)},
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};

bool weft_demo_options_read(struct weft_demo_options *options, int argc, char **argv,
                            int *exit_code)
{
    struct weft_flag_group groups[] = {
        {"Demo", flags, WEFT_FLAG_COUNT_OF(flags), options},
        weft_flag_tuning(&options->tuning),
    };
    const struct weft_usage usage = {
        "demo",
        "[FLAG]... [PATH]",
        "Run a whole mesh on this machine, without root: a source, nodes in several\n"
        "segments, one release. Watch it travel, then see what it took. PATH is a file\n"
        "or a directory to distribute instead of a random file.",
        {groups, WEFT_FLAG_COUNT_OF(groups)},
        &options->help};
    struct weft_flag_list positionals;

    if (!weft_usage_read(&usage, argc, argv, &positionals, exit_code)) {
        return false;
    }
    if (positionals.count > 1) {
        *exit_code = weft_usage_refuse("demo", "one PATH can be distributed, not several");
        return false;
    }
    if (options->nodes < options->segments) {
        *exit_code = weft_usage_refuse("demo", "--nodes: a segment needs at least one node; give "
                                               "more --nodes or fewer --segments");
        return false;
    }
    options->path = positionals.items[0];
    return true;
}
