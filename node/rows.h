/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of flags that are alike in many commands: a text, and what means the same everywhere. The
 * last argument of each is WEFT_FLAG_AT() of the place where the command wants the value. */
#ifndef WEFT_ROWS_H
#define WEFT_ROWS_H

#include "protocol/flag.h"

/* --|flag| WORD: a text that may be given. */
#define WEFT_ROW_TEXT(flag, word, text, ...)                                                       \
    {                                                                                              \
        .name = flag, .kind = WEFT_FLAG_TEXT, .argument = word, .help = text, __VA_ARGS__          \
    }

/* --|flag| WORD: a text without which the command cannot do anything. */
#define WEFT_ROW_MUST(flag, word, text, ...)                                                       \
    {                                                                                              \
        .name = flag, .kind = WEFT_FLAG_TEXT, .argument = word, .required = true, .help = text,    \
        __VA_ARGS__                                                                                \
    }

/* --|flag| WORD: a text that may be given several times. */
#define WEFT_ROW_LIST(flag, word, text, ...)                                                       \
    {                                                                                              \
        .name = flag, .kind = WEFT_FLAG_LIST, .argument = word, .help = text, __VA_ARGS__          \
    }

/* --|flag| N: a number of |least|..|most|; |usual| (a text) where it is not given. */
#define WEFT_ROW_COUNT(flag, usual, least, most, text, ...)                                        \
    {                                                                                              \
        .name = flag, .kind = WEFT_FLAG_COUNT, .standard = usual, .minimum = least,                \
        .maximum = most, .help = text, __VA_ARGS__                                                 \
    }

/* --data DIR: that of the node on this machine. */
#define WEFT_ROW_DATA(text, ...)                                                                   \
    {                                                                                              \
        .name = "data", .kind = WEFT_FLAG_TEXT, .argument = "DIR", .standard = "/var/lib/weft",    \
        .help = text, __VA_ARGS__                                                                  \
    }

/* --password-file FILE: for who uses keys. */
#define WEFT_ROW_PASSWORD_FILE(...)                                                                \
    WEFT_ROW_TEXT("password-file", "FILE",                                                         \
                  "file whose first line is the password of encrypted keys; else it is asked for", \
                  __VA_ARGS__)

/* --target PATH[=LINK], beside --component. */
#define WEFT_ROW_TARGETS(...)                                                                      \
    WEFT_ROW_LIST(                                                                                 \
        "target", "PATH[=LINK]",                                                                   \
        "the same for a file that other tools put into the repository, by its path there",         \
        __VA_ARGS__)

/* --no-agent, for who admits nodes. */
#define WEFT_ROW_NO_AGENT(...)                                                                     \
    {                                                                                              \
        .name = "no-agent", .kind = WEFT_FLAG_BOOL,                                                \
        .help = "for machines that are trusted less: they are no Update Agents where any other "   \
                "can be one, whatever their --agent says",                                         \
        __VA_ARGS__                                                                                \
    }

/* --sandbox off|auto|require, stored as enum weft_sandbox_mode. */
#define WEFT_ROW_SANDBOX(text, ...)                                                                \
    {                                                                                              \
        .name = "sandbox", .kind = WEFT_FLAG_CHOICE, .choices = "off|auto|require",                \
        .standard = "auto", .help = text, __VA_ARGS__                                              \
    }

#endif
