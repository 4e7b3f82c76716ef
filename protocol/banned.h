/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that have no safe use here; included by the Makefile before every file.
 *
 * Each is declared again with an attribute that turns its use into an error, without touching its
 * uses inside system headers. alloca and variable arrays are refused by -Walloca and -Wvla. */
#ifndef WEFT_BANNED_H
#define WEFT_BANNED_H

#include <stdarg.h>

#define WEFT_BANNED(instead) __attribute__((deprecated("banned: use " instead)))

struct tm;

/* May write past the end of the target. */
char *strcpy(char *target, const char *source) WEFT_BANNED("memcpy with a known length");

/* May write past the end of the target. */
char *strcat(char *target, const char *source) WEFT_BANNED("snprintf");

/* May write past the end of the target. */
int sprintf(char *target, const char *format, ...) WEFT_BANNED("snprintf");

/* May write past the end of the target. */
int vsprintf(char *target, const char *format, va_list values) WEFT_BANNED("vsnprintf");

/* Cannot bound what it reads. */
char *gets(char *target) WEFT_BANNED("getline");

/* Keeps hidden state. */
char *strtok(char *text, const char *separators) WEFT_BANNED("strchr or strcspn");

/* Answers in shared memory, in the zone of whoever runs it. */
struct tm *localtime(const long *time) WEFT_BANNED("gmtime_r");

/* Hidden state, different everywhere. */
int rand(void) WEFT_BANNED("weft_rng in the core, randombytes_buf in the shell");

/* Cannot report an error. */
int atoi(const char *text) WEFT_BANNED("strtol with its end checked");

#endif
