#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line: help, versions, wrong words, exit codes. No node is started.
# shellcheck source=common
. "$(dirname "$0")/common"

expect 2 "Usage: weft COMMAND" "$WEFT"
expect 0 "Exit codes" "$WEFT" help
expect 0 "Usage: weft COMMAND" "$WEFT" --help
expect 0 "weft " "$WEFT" --version
expect 0 ".TH WEFT 8" "$WEFT" help --man
expect 2 "do you mean 'status'" "$WEFT" statsu
expect 2 "'weft help' lists them" "$WEFT" frobnicate
expect 2 "do you mean 'publish'" "$WEFT" help pubilsh

# narrow COMMAND...: its help fits on a terminal of 80 columns.
narrow() {
    expect 0 "Usage: weft" "$@"
    ! awk 'length > 80' "$dir/out" | grep . || fault "wider than 80 columns: $*"
}

# Every command has help, says so when it is asked wrongly, and names the flag.
commands=$("$WEFT" help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p' |
    grep -v "^help\|^version")
[ "$(echo "$commands" | wc -l)" -ge 18 ] || fault "weft help lists few commands: $commands"
for command in $commands; do
    expect 0 "print this text" "$WEFT" help "$command"
    narrow "$WEFT" "$command" --help
    expect 2 "--nonsense" "$WEFT" "$command" --nonsense
done
narrow "$WEFT" --help
sim=$(dirname "$WEFT")/weft-sim
if [ -x "$sim" ]; then
    narrow "$sim" --help
    narrow "$sim" report --help
    narrow "$sim" merge --help
fi
expect 2 "--watch" "$WEFT" status --wach
expect 2 "--nodes" "$WEFT" demo --nodes 0
expect 2 "--nodes" "$WEFT" demo --nodes 2 --segments 3
expect 2 "PATH" "$WEFT" demo a b
expect 2 "--size" "$WEFT" demo --size 12parsec
expect 1 "No such file" "$WEFT" demo "$dir/missing"
expect 1 "neither a file nor a directory" "$WEFT" demo /dev/null
expect 1 "TMPDIR" "$WEFT" demo --size 900TiB
expect 3 "no node runs on $dir" "$WEFT" status --data "$dir"
expect 3 "no node runs" "$WEFT" status --data "$dir/missing" --json

# Without what it needs, run says which flag is missing.
expect 2 "--data" "$WEFT" run
expect 2 "--root" "$WEFT" run --data "$dir/d"
expect 2 "--listen" "$WEFT" run --data "$dir/d" --root r --source http://127.0.0.1:1
expect 2 "not an IP address" "$WEFT" run --data "$dir/d" --root r --listen example.org
expect 2 "not in it" "$WEFT" run --data "$dir/d" --root r --listen 127.0.0.1 --subnet 10.0.0.0/8
expect 2 "begins with http" "$WEFT" run --data "$dir/d" --root r --listen 127.0.0.1 \
    --source file:///
[ -e "$dir/d" ] && fault "a refused command line made $dir/d"

# No terminal: no escape sequences, even where the environment promises colours.
TERM=xterm-256color "$WEFT" help >"$dir/out" 2>&1
if grep -q "$(printf '\033')" "$dir/out"; then
    fault "escape sequences without a terminal"
fi
verdict
