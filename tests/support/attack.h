/* SPDX-License-Identifier: Apache-2.0 */
/* Runs attacks: each one a case that ends with one line "attack · rule · holds" or "... · BROKEN",
 * whatever happens in it; a crash is a broken rule too. */
#ifndef WEFT_TESTS_ATTACK_H
#define WEFT_TESTS_ATTACK_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Attacks that one program may have. */
#define ATTACKS_MAX 256

struct attack_case {
    const char *attack;   /* what the hostile peer does */
    const char *rule;     /* what must hold all the same */
    const TTest *perform; /* START_TEST() of it */
};

struct attack_list {
    struct attack_case cases[ATTACKS_MAX]; /* [count] */
    int rows[ATTACKS_MAX];                 /* _i of each case's test */
    size_t count;                          /* of both; all zero at the begin */
};

/* Add an attack that is row |row| of a table that its test knows. Texts are borrowed. */
void attack_add(struct attack_list *list, struct attack_case what, int row);

/* Perform every one in a process of its own, print the lines and the sum as Check prints it.
 * Result: exit code of the program. */
int attack_run_list(const struct attack_list *list);

/* The same for cases[count] without tables. */
int attack_run(const struct attack_case *cases, size_t count);

#endif
