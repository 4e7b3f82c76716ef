/* SPDX-License-Identifier: Apache-2.0 */
/* `weft fetch`: get one target of a TUF repository, whoever made it, and verify it. SPEC.md section
 * "weft fetch". */
#ifndef WEFT_FETCH_H
#define WEFT_FETCH_H

/* Run `weft fetch`; argv[0] is the first word after "fetch". Result: exit code of the process. */
int weft_command_fetch(int argc, char **argv);

#endif
