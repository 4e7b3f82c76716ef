/* SPDX-License-Identifier: Apache-2.0 */
/* `weft delegate`: who else may publish which components. SPEC.md section "Delegated components".
 */
#ifndef WEFT_DELEGATE_H
#define WEFT_DELEGATE_H

/* Run the command; argv[0] is "delegate". Result: exit code. */
int weft_command_delegate(int argc, char **argv);

#endif
