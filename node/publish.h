/* SPDX-License-Identifier: Apache-2.0 */
/* `weft publish` and `weft refresh`: sign a release into a repository. SPEC.md section
 * "Publishing".
 *
 * Answers "what is written, in which order, so that a reader never sees a mixture?". How a payload
 * is made is asked of payload.h, what a document looks like of repository.h. */
#ifndef WEFT_NODE_PUBLISH_H
#define WEFT_NODE_PUBLISH_H

/* Run `weft publish`; argv[0] is the word "publish". Prints what was published, or on stderr what
 * went wrong. Result: exit code of the process, 0 = published (or it was published already). */
int weft_command_publish(int argc, char **argv);

/* Run `weft refresh`: renew the timestamp, and the snapshot and targets when they are past half of
 * their life; argv[0] is the word "refresh". Result: exit code of the process. */
int weft_command_refresh(int argc, char **argv);

#endif
