#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo in small: it succeeds with a random file and with a tree, and however it ends, nothing
# of it stays, neither processes nor files.
# shellcheck source=common
. "$(dirname "$0")/common"

TMPDIR=$dir/tmp
export TMPDIR
mkdir "$TMPDIR"

# Processes of demos in this test's own TMPDIR.
leftover() {
    pgrep -f -- "--data=$TMPDIR/weft-demo" || pgrep -f -- "--repo $TMPDIR/weft-demo"
}

nothing_left() {
    ! leftover && [ -z "$(ls "$TMPDIR")" ]
}

check_clean() {
    until_true 10 nothing_left || fault "$1 leaves: $(leftover; ls "$TMPDIR")"
}

expect 0 "identical on 4 of 4 nodes" "$WEFT" demo --nodes 4 --segments 2 --size 4MiB
grep -q "makespan" "$dir/out" || fault "no makespan"
grep -q "$(printf '\033')" "$dir/out" && fault "escape sequences without a terminal"
check_clean "a demo"

mkdir -p "$dir/tree/empty" "$dir/tree/deep/er"
head -c 300000 /dev/urandom >"$dir/tree/deep/er/data"
echo '#!/bin/sh' >"$dir/tree/run"
chmod 755 "$dir/tree/run"
ln -s deep/er/data "$dir/tree/link"
ln -s nowhere "$dir/tree/dangling"
: >"$dir/tree/empty-file"
expect 0 "identical on 2 of 2 nodes" "$WEFT" demo --nodes 2 --segments 1 "$dir/tree"
check_clean "a demo of a tree"

# A child that ignores SIGINT, as shells start them, could not be ended: hence env's default.
for signal in INT TERM KILL; do
    start "demo-$signal" env --default-signal=INT "$WEFT" demo --nodes 4 --segments 2 \
        --size 64MiB --source-rate 8mbit
    running() {
        grep -q "node" "$dir/demo-$signal.log" && grep -q "news" "$dir/demo-$signal.log"
    }
    until_true 40 running || { fault "no demo to end"; cat "$dir/demo-$signal.log"; }
    kill "-$signal" "$pid"
    wait "$pid"
    got=$?
    case $signal in KILL) wanted=137 ;; *) wanted=130 ;; esac
    [ "$got" -eq "$wanted" ] || fault "SIG$signal: exit code $got, not $wanted"
    check_clean "SIG$signal"
done
verdict
