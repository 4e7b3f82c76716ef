/* SPDX-License-Identifier: Apache-2.0 */
/* A command line that the simulator makes for itself: what a seed of a sweep runs, what a reducer
 * tries, what a scenario file says. */
#ifndef WEFT_SIM_WORDS_H
#define WEFT_SIM_WORDS_H

#include "protocol/text.h"

/* Words of one command line, and bytes of all of them with their ends. */
#define WEFT_SIM_WORDS_MAX 512
#define WEFT_SIM_WORDS_BYTES 16384

struct weft_sim_words {
    uint32_t count;                  /* words */
    uint32_t used;                   /* bytes of text in use */
    bool is_full;                    /* a word did not fit: the line is not complete */
    uint16_t at[WEFT_SIM_WORDS_MAX]; /* where each word begins */
    char text[WEFT_SIM_WORDS_BYTES]; /* the words, each with a zero behind it */
};

/* Add |word|. Errors: none to the caller; see is_full. */
void weft_sim_words_add(struct weft_sim_words *words, const char *word);

/* Add "--flag" and |value|. Errors: likewise. */
void weft_sim_words_flag(struct weft_sim_words *words, const char *flag, const char *value);

/* Add "--flag" and a number with |unit| behind it ("" = none). Errors: likewise. */
void weft_sim_words_number(struct weft_sim_words *words, const char *flag, uint64_t value,
                           const char *unit);

/* Word |index|; static until the next change. */
static inline const char *weft_sim_words_at(const struct weft_sim_words *words, uint32_t index)
{
    return &words->text[words->at[index]];
}

/* Point |argv| at the words.
 * Shape:  argv[WEFT_SIM_WORDS_MAX], the first count entries are written.
 * Owner:  the words; borrowed. */
void weft_sim_words_argv(struct weft_sim_words *words, char **argv);

/* Do |argv| have |flag|, which begins with "--", with a value behind it or in it? */
bool weft_sim_words_have(int argc, char *const *argv, const char *flag);

/* Append |word| as a shell takes it. */
void weft_sim_words_quote(struct weft_text *text, const char *word);

/* Print the words as a shell takes them, with blanks between. */
void weft_sim_words_print(const struct weft_sim_words *words);

#endif
