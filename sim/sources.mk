# SPDX-License-Identifier: Apache-2.0
# weft-sim: the simulator. One file a line.
SIM_SOURCES := \
	sim/backbone.c \
	sim/bound.c \
	sim/buffer.c \
	sim/check.c \
	sim/crew.c \
	sim/document.c \
	sim/fair.c \
	sim/fault.c \
	sim/lan.c \
	sim/mail.c \
	sim/main.c \
	sim/memory.c \
	sim/network.c \
	sim/node.c \
	sim/options.c \
	sim/options_read.c \
	sim/pipe.c \
	sim/pool.c \
	sim/publish.c \
	sim/queue.c \
	sim/record.c \
	sim/report.c \
	sim/report_json.c \
	sim/shard.c \
	sim/shell.c \
	sim/source.c \
	sim/stream.c \
	sim/summary.c \
	sim/topology.c \
	sim/trace.c \
	sim/upload.c \
	sim/world.c \
