/* SPDX-License-Identifier: Apache-2.0 */
/* The main() of a unit test: tests/unit/test_X.c makes a suite, then WEFT_CHECK_MAIN(suite).
 *
 * The environment of Check works: CK_FORK=no for debuggers, CK_RUN_CASE=name for one case,
 * CK_VERBOSITY=verbose, CK_TAP_LOG_FILE_NAME=- for TAP. Include this before other headers. */
#ifndef WEFT_CHECK_MAIN_H
#define WEFT_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

/* Seconds after which a test is taken to hang: a bound, never a measure of speed. */
#define WEFT_CHECK_SECONDS "60"

/* Make the suite, run it and answer what main() returns: 0 only if every check passed. */
static inline int weft_check_main(Suite *(*make_suite)(void))
{
    setenv("CK_DEFAULT_TIMEOUT", WEFT_CHECK_SECONDS, 0);
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Add a case of one test to |suite|; a case named as its test can be run alone. */
static inline void weft_check_add(Suite *suite, const char *name, const TTest *test)
{
    TCase *tcase = tcase_create(name);
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
}

/* The same for a test that runs once for every row of a table, with _i = 0..count-1. */
static inline void weft_check_add_rows(Suite *suite, const char *name, const TTest *test,
                                       size_t count)
{
    TCase *tcase = tcase_create(name);
    tcase_add_loop_test(tcase, test, 0, (int)count);
    suite_add_tcase(suite, tcase);
}

/* Add a case of |count| tests that each run between |setup| and |teardown|. */
static inline void weft_check_case(Suite *suite, const char *name, void (*setup)(void),
                                   void (*teardown)(void), const TTest *const *tests, size_t count)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
}

/* Rows of an array. */
#define WEFT_ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Add a test, a table test, to the suite; the case has the test's name. */
#define WEFT_ADD(suite, test) weft_check_add((suite), #test, (test))
#define WEFT_ADD_ROWS(suite, test, table)                                                          \
    weft_check_add_rows((suite), #test, (test), WEFT_ROWS(table))

#define WEFT_CHECK_MAIN(make_suite)                                                                \
    int main(void)                                                                                 \
    {                                                                                              \
        return weft_check_main(make_suite);                                                        \
    }

#endif
