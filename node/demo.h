/* SPDX-License-Identifier: Apache-2.0 */
/* `weft demo`: a whole mesh of real nodes on this machine, watched live, and measured. SPEC.md
 * section "weft demo". */
#ifndef WEFT_DEMO_H
#define WEFT_DEMO_H

/* `weft demo [--nodes N] [--segments S] [--size BYTES] [--source-rate RATE] [PATH]`.
 * Shape: argv[argc], argv[0] is the first word after "demo". Returns the exit code: 0 only if
 *        every node has content identical to what was published. */
int weft_command_demo(int argc, char **argv);

#endif
