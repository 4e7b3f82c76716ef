/* SPDX-License-Identifier: Apache-2.0 */
/* `weft apply`: puts into effect, with the rights of another user than the node's, what a node has
 * fetched. Believes nothing that the node says, has no network. SPEC.md section "weft apply". */
#ifndef WEFT_APPLY_H
#define WEFT_APPLY_H

/* `weft apply`. Shape: argv[argc], argv[0] is the first word after "apply". Returns the exit code.
 */
int weft_command_apply(int argc, char **argv);

#endif
