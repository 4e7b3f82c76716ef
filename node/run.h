/* SPDX-License-Identifier: Apache-2.0 */
/* `weft run`: a node from its start to its end. Checks everything an operator can get wrong
 * before anything is opened to the network, then hands over to driver.h. */
#ifndef WEFT_RUN_H
#define WEFT_RUN_H

/* `weft run`; see options.h for its flags.
 * Shape: argv[argc], argv[0] is the first word after "run". Returns the exit code. */
int weft_command_run(int argc, char **argv);

#endif
