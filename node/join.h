/* SPDX-License-Identifier: Apache-2.0 */
/* `weft join`: become a member of a mesh, by a token or by files. SPEC.md sections "Admission" and
 * "Admission by files". */
#ifndef WEFT_JOIN_H
#define WEFT_JOIN_H

#include "../protocol/transport/certificate.h"

/* `weft join`. Shape: argv[argc], argv[0] is the first word after "join". Returns the exit code. */
int weft_command_join(int argc, char **argv);

/* The name of this node: |wish|, or that of the machine (other letters become '-') if it is NULL.
 * Errors: false if |wish| is not a name. */
bool weft_join_name(const char *wish, char name[WEFT_CERTIFICATE_NAME_BYTES + 1]);

#endif
