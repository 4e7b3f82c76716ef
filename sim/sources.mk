# SPDX-License-Identifier: Apache-2.0
# weft-sim: the simulator. One file a line.
SIM_SOURCES := \
	sim/bound.c \
	sim/buffer.c \
	sim/check.c \
	sim/document.c \
	sim/fair.c \
	sim/fault.c \
	sim/main.c \
	sim/memory.c \
	sim/network.c \
	sim/node.c \
	sim/options.c \
	sim/options_read.c \
	sim/pool.c \
	sim/publish.c \
	sim/queue.c \
	sim/record.c \
	sim/report.c \
	sim/report_json.c \
	sim/source.c \
	sim/stream.c \
	sim/topology.c \
	sim/upload.c \
	sim/world.c \

