/* SPDX-License-Identifier: Apache-2.0 */
/* `weft keygen`: make the keys of a publisher. SPEC.md section "Keys". */
#ifndef WEFT_NODE_KEYGEN_H
#define WEFT_NODE_KEYGEN_H

/* Run `weft keygen --keys DIR`; argv[0] is the word "keygen". Makes DIR (mode 0700) and in it one
 * key file (mode 0600) for root, targets, snapshot and timestamp; never overwrites one.
 * Result: exit code of the process, 0 = all four were made. */
int weft_command_keygen(int argc, char **argv);

#endif
