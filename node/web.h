/* SPDX-License-Identifier: Apache-2.0 */
/* `weft source`: a small static web server over a repository, for demo and small sites. Serves what
 * `weft publish` wrote and nothing else. SPEC.md section "weft source". */
#ifndef WEFT_WEB_H
#define WEFT_WEB_H

/* `weft source --repo DIR --listen ADDR:PORT [--rate RATE] [--verbose]`: serve until SIGINT or
 * SIGTERM. GET and HEAD, one byte range a request, strong ETags, If-None-Match, If-Range; no
 * directory listing, no path and no symbolic link out of DIR. --rate limits the sum of all answers.
 * Prints one line "weft source: serving DIR at http://ADDR:PORT/" when it is ready; with port 0 the
 * line tells the one that was chosen.
 * Shape: argv[argc], argv[0] is the first word after "source". Returns the exit code (exit.h). */
int weft_command_source(int argc, char **argv);

#endif
