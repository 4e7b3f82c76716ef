/* SPDX-License-Identifier: Apache-2.0 */
/* weft-sim report: makes a report, or a time line for Perfetto, of trace files. SPEC.md section
 * "Report". */
#ifndef WEFT_SIM_COMMAND_REPORT_H
#define WEFT_SIM_COMMAND_REPORT_H

/* Do what argv[0..argc), the words after "report", say.
 * Result: exit status: 0 written, 1 a file cannot be read or written, 2 wrong flags. */
int weft_sim_command_report(int argc, char *const *argv);

#endif
