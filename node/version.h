/* SPDX-License-Identifier: Apache-2.0 */
/* The version of the program, once. */
#ifndef WEFT_VERSION_H
#define WEFT_VERSION_H

/* As `weft --version` prints it. */
#define WEFT_VERSION "0.1.0"

#endif
