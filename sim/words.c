/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how is a command line kept and shown?". */
#include "words.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 40

void weft_sim_words_add(struct weft_sim_words *words, const char *word)
{
    size_t bytes = strlen(word) + 1;
    if (words->count == WEFT_SIM_WORDS_MAX || words->used + bytes > sizeof(words->text)) {
        words->is_full = true;
        return;
    }
    words->at[words->count++] = (uint16_t)words->used;
    memcpy(&words->text[words->used], word, bytes);
    words->used += (uint32_t)bytes;
}

void weft_sim_words_flag(struct weft_sim_words *words, const char *flag, const char *value)
{
    char name[NUMBER_BYTES];
    snprintf(name, sizeof(name), "--%s", flag);
    weft_sim_words_add(words, name);
    weft_sim_words_add(words, value);
}

void weft_sim_words_number(struct weft_sim_words *words, const char *flag, uint64_t value,
                           const char *unit)
{
    char number[NUMBER_BYTES];
    snprintf(number, sizeof(number), "%llu%s", (unsigned long long)value, unit);
    weft_sim_words_flag(words, flag, number);
}

void weft_sim_words_argv(struct weft_sim_words *words, char **argv)
{
    for (uint32_t i = 0; i < words->count; i++) {
        argv[i] = &words->text[words->at[i]];
    }
}

bool weft_sim_words_have(int argc, char *const *argv, const char *flag)
{
    size_t length = strlen(flag);
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], flag, length) == 0 &&
            (argv[i][length] == '\0' || argv[i][length] == '=')) {
            return true;
        }
    }
    return false;
}

void weft_sim_words_print(const struct weft_sim_words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        const char *word = weft_sim_words_at(words, i);
        bool plain = strpbrk(word, "# ;&|<>()$`\\\"'*?[]{}~!") == NULL && word[0] != '\0';
        printf(plain ? " %s" : " '%s'", word);
    }
}
