# SPDX-License-Identifier: Apache-2.0
# weft-sim: the simulator. One file a line; what sim/page.c puts into the program, below.
SIM_SOURCES := \
	sim/ailment.c \
	sim/backbone.c \
	sim/bound.c \
	sim/buffer.c \
	sim/canary.c \
	sim/check.c \
	sim/check_end.c \
	sim/check_lines.c \
	sim/command_report.c \
	sim/crew.c \
	sim/cut.c \
	sim/decisions.c \
	sim/document.c \
	sim/fair.c \
	sim/fault.c \
	sim/files.c \
	sim/history.c \
	sim/history_compact.c \
	sim/history_nodes.c \
	sim/history_read.c \
	sim/history_write.c \
	sim/hostile.c \
	sim/lan.c \
	sim/lines.c \
	sim/mail.c \
	sim/main.c \
	sim/memory.c \
	sim/menu.c \
	sim/mishap.c \
	sim/network.c \
	sim/node.c \
	sim/options.c \
	sim/options_read.c \
	sim/output.c \
	sim/page.c \
	sim/perfetto.c \
	sim/pipe.c \
	sim/pool.c \
	sim/publish.c \
	sim/queue.c \
	sim/record.c \
	sim/report.c \
	sim/report_json.c \
	sim/screen.c \
	sim/shard.c \
	sim/shell.c \
	sim/source.c \
	sim/stream.c \
	sim/summary.c \
	sim/topology.c \
	sim/upload.c \
	sim/watch.c \
	sim/watch_finish.c \
	sim/world.c

SIM_PAGE_FILES := \
	sim/report/chart.js \
	sim/report/in_sum.js \
	sim/report/over_time.js \
	sim/report/report.css \
	sim/report/report.html \
	sim/report/report.js \
