#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the simulator shows on a terminal while it runs, and that Ctrl-C ends it with the figures so
# far; the looking on is done by screen_terminal.py. Without a terminal there is nothing to see.
. "$(dirname "$0")/common"
sim=${WEFT%/*}/weft-sim

TERM=xterm "$sim" --segments 2 --nodes 8 --size 1MiB >"$dir/out" 2>&1 || fault "a run failed"
if grep -q "$(printf '\033')" "$dir/out"; then
    fault "escape sequences without a terminal"
fi
python3 "$(dirname "$0")/screen_terminal.py" "$sim" "$dir" || fault "the screen is wrong"
verdict
