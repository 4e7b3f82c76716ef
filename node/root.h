/* SPDX-License-Identifier: Apache-2.0 */
/* `weft root`: which keys a publisher's nodes trust, and how that is changed. SPEC.md section
 * "Roots". */
#ifndef WEFT_ROOT_COMMAND_H
#define WEFT_ROOT_COMMAND_H

/* Run the command; argv[0] is "root". Result: exit code. */
int weft_command_root(int argc, char **argv);

#endif
