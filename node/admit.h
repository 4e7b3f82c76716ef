/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the machine that admits: make a mesh, let machines in, throw them out. What they
 * decide is register.h. SPEC.md section "Admission". */
#ifndef WEFT_ADMIT_H
#define WEFT_ADMIT_H

/* `weft init`: make a mesh, this machine its server, and a first token.
 * Shape: argv[argc], argv[0] is the first word after the command; likewise below. Returns the exit
 *        code. */
int weft_command_init(int argc, char **argv);

/* `weft token`: make another token. */
int weft_command_token(int argc, char **argv);

/* `weft admit REQUEST...`: answer requests that were carried here in files. */
int weft_command_admit(int argc, char **argv);

/* `weft revoke NODE`: throw a node out. */
int weft_command_revoke(int argc, char **argv);

/* `weft rotate`: change the mesh key, and so all certificates. */
int weft_command_rotate(int argc, char **argv);

#endif
