/* SPDX-License-Identifier: Apache-2.0 */
/* Runs attacks: each one a case that ends with one line "attack · rule · holds" or "... · BROKEN",
 * whatever happens in it; a crash is a broken rule too. */
#ifndef WEFT_TESTS_ATTACK_H
#define WEFT_TESTS_ATTACK_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

struct attack_case {
    const char *attack;   /* what the hostile peer does */
    const char *rule;     /* what must hold all the same */
    const TTest *perform; /* START_TEST() of it */
};

/* Perform every one in a process of its own, print the lines and the sum as Check prints it.
 * Shape:  cases[count].
 * Result: exit code of the program. */
int attack_run(const struct attack_case *cases, size_t count);

#endif
