/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a demo up to the moment everything runs: keys, repository, source, nodes, and the
 * end of all of them. What is measured afterwards is demo.c's business.
 *
 * Every stage prints what it did, or says on stderr what failed, and returns whether to go on. */
#ifndef WEFT_DEMO_STAGE_H
#define WEFT_DEMO_STAGE_H

#include "demo_mesh.h"

/* From now on Ctrl-C and other wishes to end are remembered instead of ending the process. */
void weft_demo_stage_catch_signals(void);

/* Was it asked to end? */
bool weft_demo_stage_interrupted(void);

/* Print "weft demo: ..." to stderr, unless it was asked to end: then nothing failed. */
void weft_demo_stage_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Make directory and payload, lay out addresses. */
bool weft_demo_stage_prepare(struct weft_demo_mesh *mesh);

/* Make keys and the repository with its first, small release. */
bool weft_demo_stage_repository(struct weft_demo_mesh *mesh);

/* Make a mesh of the demo's own, the first node its server, and admit every node. */
bool weft_demo_stage_admit(struct weft_demo_mesh *mesh);

/* Start the source and wait until it answers. */
bool weft_demo_stage_source(struct weft_demo_mesh *mesh);

/* Start all nodes and wait until they have the first release and know each other. */
bool weft_demo_stage_nodes(struct weft_demo_mesh *mesh);

/* Publish the payload. */
bool weft_demo_stage_publish(struct weft_demo_mesh *mesh);

/* Do all processes still run? */
bool weft_demo_stage_all_run(struct weft_demo_mesh *mesh);

/* End every process that was started, kindly and then not, and wait for it. */
void weft_demo_stage_end(struct weft_demo_mesh *mesh);

/* Sleep. */
void weft_demo_stage_pause(int ms);

#endif
