#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# weft-sim in the hands of somebody new: a full disk is told, whatever was to be written, and what
# is stopped says how far it came.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
sim=${WEFT_SIM:-$build/release/weft-sim}
[ -x "$sim" ] || { echo "skipped: $sim is not built"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "FAILED: $*"
    exit 1
}

# full FLAGS...: standard output takes nothing: status 1, and a reason.
full() {
    code=0
    "$sim" "$@" >/dev/full 2>"$dir/said" || code=$?
    [ "$code" -eq 1 ] || fail "$*: exit $code with a full disk"
    grep -q 'standard output: .*\(No space left\|disk full\)' "$dir/said" ||
        fail "$*: does not say that the disk is full: $(cat "$dir/said")"
}
small='--nodes 2 --segments 1 --size 1KiB'
# shellcheck disable=SC2086  # words
{
    full $small
    full $small --json
    full --help
    full merge --help
    full report --help
    full --sweep 2 --json
    full $small --shrink --time-limit 1ms
    "$sim" --sweep 2 --json >"$dir/all"
    full merge "$dir/all"
    full merge --json "$dir/all"

    # A file that takes nothing is named, and the figures are printed all the same.
    for flag in --report --trace --decisions; do
        code=0
        "$sim" $small "$flag" /dev/full >"$dir/out" 2>"$dir/said" || code=$?
        [ "$code" -eq 1 ] || fail "$flag: exit $code with a full disk"
        grep -q -- "$flag /dev/full.*: No space left" "$dir/said" ||
            fail "$flag: does not say that the disk is full: $(cat "$dir/said")"
        grep -q 'trace hash' "$dir/out" || fail "$flag: the figures are missing"
    done
    "$sim" $small --trace "$dir/trace" >"$dir/out"
}
for flag in --output --perfetto; do
    code=0
    "$sim" report "$dir/trace" "$flag" /dev/full 2>"$dir/said" || code=$?
    [ "$code" -eq 1 ] || fail "report $flag: exit $code with a full disk"
    grep -q '/dev/full: No space left' "$dir/said" || fail "report: $(cat "$dir/said")"
done

# stopped WORDS FLAGS...: SIGTERM, once the run says that it is under way, ends it at once with
# status 130 and WORDS. SIGINT is the same; a shell has what it puts behind itself ignore that one.
stopped() {
    wanted=$1
    shift
    : >"$dir/out"
    : >"$dir/said"
    "$sim" "$@" >"$dir/out" 2>"$dir/said" &
    process=$!
    tries=600
    while ! grep -q . "$dir/out" "$dir/said" && [ "$tries" -gt 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
    done
    kill "$process" || :
    code=0
    wait "$process" || code=$?
    [ "$code" -eq 130 ] || fail "$*: exit $code when it is stopped: $(cat "$dir/out" "$dir/said")"
    cat "$dir/said" >>"$dir/out"
    grep -q -- "$wanted" "$dir/out" || fail "$*: does not say '$wanted': $(cat "$dir/out")"
}
# Half an hour of warm-up is longer than the test: time zero is not reached.
stopped 'interrupted .* before time zero: these' --nodes 400 --segments 2 --warmup 100h \
    --progress 100ms
grep -q 'no node is complete$' "$dir/out" || fail "a run that was stopped has a makespan"
stopped '"ok": false' --json --nodes 400 --segments 2 --warmup 100h --progress 100ms
# These runs violate INV-13 at once, and are printed; there are more than can end here.
stopped 'these are the runs so far' --sweep 100000000 --time-limit 1ms
# A shrink says that it begins, and has dozens of runs before it.
stopped 'this is the smallest so far' --shrink --source-down 1s,100s --kill agent@50s+20s \
    --expect 'makespan < 42s'
grep -q '^source-down 1s,100s' "$dir/out" || fail "no scenario: $(cat "$dir/out")"

# Where everybody dies there is nothing to wait for, and that is said.
"$sim" --nodes 4 --segments 4 --kill any@50% >"$dir/out" || fail "all die: $(cat "$dir/out")"
grep -q 'nobody is left to whom the release is owed' "$dir/out" || fail "all die: $(cat "$dir/out")"
echo passed
