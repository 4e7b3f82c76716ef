/* SPDX-License-Identifier: Apache-2.0 */
/* One table of flags drives the parser, --help, the man page and SPEC.md (design D14), for every
 * command of weft and for weft-sim.
 *
 * A command describes each flag once in a struct weft_flag, with the place in its own options
 * struct where the value belongs; flags of one options struct form a group. Rows of the tuning
 * flags come ready made. The parser stores the defaults, then what the command line says; the last
 * one of a repeated flag counts, except in a list. Nothing is allocated; texts are borrowed.
 * SPEC.md section "Flags". */
#ifndef WEFT_FLAG_H
#define WEFT_FLAG_H

#include "err.h"
#include "text.h"
#include "tuning.h"

/* Values of one repeatable flag, and positional arguments of one command line. */
#define WEFT_FLAG_LIST_MAX 64

/* Room for every message of the parser, the terminating zero included; longer values are cut. */
#define WEFT_FLAG_MESSAGE_BYTES 512

enum weft_flag_kind {
    WEFT_FLAG_BOOL,  /* bool: --name, --name=yes, --name=no; the default is false */
    WEFT_FLAG_COUNT, /* plain number */
    WEFT_FLAG_MS,    /* time, stored in milliseconds: 1500ms, 2s, 5min, 1h, 1d */
    WEFT_FLAG_BYTES, /* size, stored in bytes: 512B, 64KiB, 1.5MiB, 2GB */
    WEFT_FLAG_RATE,  /* stored in bytes per second: 20mbit, 1gbit, 12MB/s */
    WEFT_FLAG_TEXT,  /* const char *: the argument itself, not empty; NULL = not given */
    WEFT_FLAG_LIST,  /* struct weft_flag_list: may be repeated, values in order; no default */
    WEFT_FLAG_CHOICE /* uint32_t or enum: place of the word in |choices|, 0 first */
};

/* Several texts; unused entries are NULL. */
struct weft_flag_list {
    const char *items[WEFT_FLAG_LIST_MAX]; /* borrowed from argv or from a table's default */
    uint32_t count;                        /* entries in use */
};

/* One flag. Fields that a kind does not use stay 0. */
struct weft_flag {
    const char *name;         /* without dashes; lower-case letters, digits and '-' */
    enum weft_flag_kind kind; /* how the value is read and stored */
    const char *argument;     /* word for the value in help ("DIR"); NULL = by kind */
    const char *standard;     /* default, as typed or a bare number; NULL = 0, none, first */
    uint64_t minimum;         /* of a number, in its stored unit */
    uint64_t maximum;         /* of a number; 0 = whatever fits where it is stored */
    const char *choices;      /* words of a CHOICE: "never|auto|prefer" */
    const char *help;         /* what it does, one line of any length, no full stop, no unit */
    bool required;            /* of TEXT and LIST: weft_flag_require() insists on it */
    size_t offset;            /* where in the group's target the value is stored */
    size_t size;              /* bytes of that place; numbers: 4 or 8 (unsigned) */
};

/* Fills .offset and .size of a row: {.name = "data", ..., WEFT_FLAG_AT(struct options, data)}. */
#define WEFT_FLAG_AT(type, field)                                                                  \
    .offset = offsetof(type, field), .size = sizeof(((type *)0)->field)

/* The row of --help, which every command has, with WEFT_FLAG_AT() of a bool. */
#define WEFT_FLAG_HELP_ROW(...)                                                                    \
    {                                                                                              \
        .name = "help", .kind = WEFT_FLAG_BOOL, .help = "print this text", __VA_ARGS__             \
    }

/* Flags that belong together and store into one struct. */
struct weft_flag_group {
    const char *heading;           /* in help; NULL = none */
    const struct weft_flag *flags; /* flags[flag_count]; borrowed */
    size_t flag_count;             /* rows; WEFT_FLAG_COUNT_OF() of an array */
    void *target;                  /* options struct; written by defaults and parse */
};

/* Rows of an array. */
#define WEFT_FLAG_COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* All flags of one command. Names are unique over all groups. */
struct weft_flag_set {
    const struct weft_flag_group *groups; /* groups[group_count]; borrowed */
    size_t group_count;                   /* groups, in the order of the help */
};

/* The group of all tuning flags, rows of WEFT_TUNING_MAP in its order, storing into |target|.
 * Owner: rows have static storage; borrows |target|, which may be NULL if only help is made. */
struct weft_flag_group weft_flag_tuning(struct weft_tuning *target);

/* Store the default of every flag.
 * Errors: ARGUMENT if a default in the table is not valid, which a unit test of the table catches;
 *         |message| says which. */
enum weft_err weft_flag_defaults(const struct weft_flag_set *set, struct weft_text *message);

/* Store the defaults, then read argv[0..argc): flags anywhere, "--name value" or "--name=value",
 * everything else and all after "--" are positional arguments, "-" too.
 * Shape:  argv[argc] without the words that chose the command.
 * Errors: ARGUMENT, and |message| names the flag, the value, what is allowed, and the flag of the
 *         nearest name if it is unknown. Flags before the fault are stored.
 * Owner:  targets and |positionals| borrow from argv; |positionals| NULL = none is allowed. */
enum weft_err weft_flag_parse(const struct weft_flag_set *set, int argc, char *const *argv,
                              struct weft_flag_list *positionals, struct weft_text *message);

/* See that every required flag was given; a command asks after it has looked at its --help.
 * Errors: ARGUMENT, and |message| names the missing flag. */
enum weft_err weft_flag_require(const struct weft_flag_set *set, struct weft_text *message);

#endif
