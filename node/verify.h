/* SPDX-License-Identifier: Apache-2.0 */
/* `weft verify REPO`: every problem of a repository, and its mend. */
#ifndef WEFT_VERIFY_H
#define WEFT_VERIFY_H

/* Run the command; argv[0] is "verify". Result: exit code. */
int weft_command_verify(int argc, char **argv);

#endif
