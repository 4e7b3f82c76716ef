#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the simulator shows on a terminal while it runs, and that Ctrl-C ends it with the figures so
# far; the looking on is done by screen_terminal.py. Without a terminal there is nothing to see but
# the lines of --progress, which change nothing in the run.
. "$(dirname "$0")/common"
sim=${WEFT%/*}/weft-sim

TERM=xterm "$sim" --segments 2 --nodes 8 --size 1MiB >"$dir/out" 2>&1 || fault "a run failed"
if grep -q "$(printf '\033')" "$dir/out"; then
    fault "escape sequences without a terminal"
fi

hash() { sed -n 's/.*"trace_hash": "\(.*\)",/\1/p' "$1"; }
"$sim" --nodes 400 --segments 4 --size 16MiB --json >"$dir/silent" 2>"$dir/err" ||
    fault "a run failed"
[ ! -s "$dir/err" ] || fault "progress without being asked: $(cat "$dir/err")"
"$sim" --nodes 400 --segments 4 --size 16MiB --json --progress 50ms >"$dir/out" 2>"$dir/err" ||
    fault "a run with progress failed"
begin='weft-sim: [0-9]+\.[0-9] s: [0-9]+\.[0-9] s'
found="of 20\.0 s simulated in which nodes find each other"
stored='simulated, at most [0-9.]+ s; [0-9]+ of 400 nodes complete, [0-9]+ % of all chunks'
left='(, about [0-9]+ s left|, none since the last line|, faults have yet to end|, all is done)?'
if grep -Evqx "$begin ($found|$stored$left)" "$dir/err"; then
    fault "a line of progress is not as specified: $(cat "$dir/err")"
fi
grep -q 'about [0-9]* s left' "$dir/err" || fault "progress says nothing of what is left"
[ -n "$(hash "$dir/silent")" ] && [ "$(hash "$dir/silent")" = "$(hash "$dir/out")" ] ||
    fault "progress changes the run"
python3 "$(dirname "$0")/screen_terminal.py" "$sim" "$dir" || fault "the screen is wrong"
verdict
