/* SPDX-License-Identifier: Apache-2.0 */
/* Runs attacks, and says of each whether its rule holds. */
#include "tests/support/attack.h"

#include <stdio.h>
#include <stdlib.h>

/* Longest a case may take: an attack that costs more time than that has succeeded. */
#define SECONDS 30

int attack_run(const struct attack_case *cases, size_t count)
{
    Suite *suite = suite_create("attack");
    for (size_t i = 0; i < count; i++) {
        TCase *box = tcase_create(cases[i].attack);
        tcase_set_timeout(box, SECONDS);
        tcase_add_test(box, cases[i].perform);
        suite_add_tcase(suite, box);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_SILENT);
    TestResult **results = srunner_results(runner);
    int ran = srunner_ntests_run(runner);
    int failed = srunner_ntests_failed(runner);
    for (int i = 0; i < ran; i++) {
        bool holds = tr_rtype(results[i]) == CK_PASS;
        printf("%s · %s · %s\n", cases[i].attack, cases[i].rule, holds ? "holds" : "BROKEN");
        if (!holds) {
            printf("    %s:%d: %s\n", tr_lfile(results[i]), tr_lno(results[i]), tr_msg(results[i]));
        }
    }
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", ran == 0 ? 0 : 100 * (ran - failed) / ran,
           ran, failed);
    free(results);
    srunner_free(runner);
    return failed == 0 && (size_t)ran == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
