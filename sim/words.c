/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how is a command line kept and shown?". */
#include "words.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 40

/* Characters that mean nothing to a shell. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%"

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

void weft_sim_words_quote(struct weft_text *text, const char *word)
{
    if (word[0] != '\0' && word[strspn(word, PLAIN)] == '\0') {
        weft_text_add(text, word);
        return;
    }
    weft_text_add(text, "'");
    for (const char *at = word; *at != '\0'; at++) {
        bool ends = *at == '\'';
        weft_text_add_bytes(text, ends ? "'\\''" : at, ends ? 4 : 1);
    }
    weft_text_add(text, "'");
}

void weft_sim_words_print(const struct weft_sim_words *words)
{
    static char buffer[2 * WEFT_SIM_WORDS_BYTES]; /* too large for the stack */
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    for (uint32_t i = 0; i < words->count; i++) {
        weft_text_add(&text, " ");
        weft_sim_words_quote(&text, weft_sim_words_at(words, i));
    }
    fputs(buffer, stdout);
}
