/* SPDX-License-Identifier: Apache-2.0 */
/* Runs attacks, and says of each whether its rule holds. */
#include "tests/support/attack.h"

#include <stdio.h>
#include <stdlib.h>

/* Longest a case may take: an attack that costs more time than that has succeeded. */
#define SECONDS 30

void attack_add(struct attack_list *list, struct attack_case what, int row)
{
    if (list->count == ATTACKS_MAX) {
        fprintf(stderr, "attack: more than %d attacks\n", ATTACKS_MAX);
        abort();
    }
    list->cases[list->count] = what;
    list->rows[list->count++] = row;
}

/* Print what became of each attack. Result: how many rules are broken. */
static int report(const struct attack_list *list, SRunner *runner)
{
    TestResult **results = srunner_results(runner);
    int ran = srunner_ntests_run(runner);
    int failed = srunner_ntests_failed(runner);
    for (int i = 0; i < ran; i++) {
        bool holds = tr_rtype(results[i]) == CK_PASS;
        printf("%s · %s · %s\n", list->cases[i].attack, list->cases[i].rule,
               holds ? "holds" : "BROKEN");
        if (!holds) {
            printf("    %s:%d: %s\n", tr_lfile(results[i]), tr_lno(results[i]), tr_msg(results[i]));
        }
    }
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", ran == 0 ? 0 : 100 * (ran - failed) / ran,
           ran, failed);
    free(results);
    return (size_t)ran == list->count ? failed : failed + 1;
}

int attack_run_list(const struct attack_list *list)
{
    Suite *suite = suite_create("attack");
    for (size_t i = 0; i < list->count; i++) {
        TCase *box = tcase_create(list->cases[i].attack);
        tcase_set_timeout(box, SECONDS);
        tcase_add_loop_test(box, list->cases[i].perform, list->rows[i], list->rows[i] + 1);
        suite_add_tcase(suite, box);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_SILENT);
    int broken = report(list, runner);
    srunner_free(runner);
    return broken == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int attack_run(const struct attack_case *cases, size_t count)
{
    struct attack_list list = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        attack_add(&list, cases[i], 0);
    }
    return attack_run_list(&list);
}
