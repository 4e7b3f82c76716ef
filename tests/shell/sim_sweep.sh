#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sweeps of weft-sim: shards join to the whole, a canary is found, shrunk and still fails, every
# failed operation is survived, and wrong flags and files are refused with a reason.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
sim=${WEFT_SIM:-$build/release/weft-sim}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "FAILED: $*"
    exit 1
}

# Two shards are the whole, and merge says so; one of them is not.
"$sim" --sweep 12 --json >"$dir/all"
"$sim" --sweep 12 --shard 1/2 --json >"$dir/1"
"$sim" --sweep 12 --shard 2/2 --json >"$dir/2"
events() { sed -n 's/.*"events": \([0-9]*\).*/\1/p' "$1"; }
"$sim" merge --json "$dir/1" "$dir/2" >"$dir/both"
[ "$(events "$dir/both")" = "$(events "$dir/all")" ] ||
    fail "shards have other events than the whole"
"$sim" merge "$dir/1" >"$dir/out" 2>&1 && fail "merge does not miss a shard"
grep -q 'no file has shard 2 of 2' "$dir/out" || fail "merge does not say which shard is missing"

# Every operation fails in turn.
"$sim" --fail-each --nodes 3 --segments 1 --size 128KiB >"$dir/out" ||
    fail "a failed operation: $(cat "$dir/out")"

# refused STATUS TEXT FLAGS...: the program ends with STATUS and says TEXT.
refused() {
    status=$1 text=$2
    shift 2
    code=0
    "$sim" "$@" >"$dir/out" 2>&1 || code=$?
    [ "$code" -eq "$status" ] || fail "$*: exit $code, expected $status"
    grep -q -- "$text" "$dir/out" || fail "$*: does not say '$text': $(cat "$dir/out")"
}
refused 2 'I/N with I from 1 to N' --sweep 2 --shard 3/2
echo '{"first": 1}' >"$dir/odd"
refused 2 'this is not what weft-sim' merge "$dir/odd"
"$sim" --sweep 12 --shard 2/2 --loss 1% --json >"$dir/other"
refused 2 'it is of another sweep' merge "$dir/1" "$dir/other"
refused 2 'its shard was in a file before it' merge "$dir/1" "$dir/1"
refused 2 'merge: .*missing: No such file' merge "$dir/missing"
refused 2 'merge: .*: Is a directory' merge "$dir"
refused 2 'this is not what weft-sim' merge "$0"
refused 2 'merge: --frob: there is no such flag' merge --frob "$dir/1"
refused 2 'merge: name the files' merge --json
refused 2 'for a single run' --sweep 2 --report "$dir/page.html"
sed 's/"runs": 6/"runs": 5/' "$dir/2" >"$dir/cut"
refused 1 'did not come to its end' merge "$dir/1" "$dir/cut"
refused 1 'does not fail' --shrink --nodes 2 --segments 1 --size 1KiB
refused 2 'how many, up to 64' --sleep 65
refused 2 'a segment below --segments' --segments 2 --sleep 1:2

# A run that fails is shrunk to what is needed for it.
"$sim" --shrink --nodes 9 --segments 3 --size 4MiB --loss 1% --sleep 1 --time-limit 1ms \
    >"$dir/scenario" 2>"$dir/out" || fail "shrink: $(cat "$dir/out")"
grep -q 'INV-13' "$dir/scenario" || fail "what was shrunk fails in another way"
if grep -q 'loss\|sleep' "$dir/scenario"; then
    fail "a fault stays that is not needed"
fi

# shrunk WORDS FLAGS...: to one line of the scenario, its times as short as the failure allows. The
# network needs 30 s without a fault, and 10 s more if requests hang for a moment.
shrunk() {
    wanted=$1
    shift
    "$sim" --shrink "$@" --expect 'makespan < 42s' >"$dir/scenario" 2>"$dir/out" ||
        fail "shrink $*: $(cat "$dir/out")"
    grep -Eqx "$wanted" "$dir/scenario" || fail "shrink $*: $(cat "$dir/scenario")"
}
# What the flags say when, and for how long; then what the seed draws.
shrunk 'source-down 0s,1[0-9]s' --source-down 1s,100s --kill agent@50s+20s
shrunk 'source-hang #2@0s\+1[0-9]s' --source-hang '#2'
