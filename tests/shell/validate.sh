#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does scripts/validate refuse wrong arguments, name its cases, say why it cannot run, and compare
# the smallest of them? By how much simulator and nodes differ is not tested: the machine is not the
# test's alone. The bytes on the
# WAN lines hardly depend on it: they differ by less than 10 %.
# shellcheck source=common
. "$(dirname "$0")/common"

validate=$root/scripts/validate
[ -x "$root/build/release/weft-sim" ] || { echo "skipped: weft-sim is not built"; exit 77; }
expect 2 "no case nowhere; --list names them" "$validate" nowhere
expect 2 "are at least 1" "$validate" --runs 0
expect 0 "held out" "$validate" --list
expect 0 "tuning" "$validate" --list
WEFT_SIM=$dir/none expect 77 "skipped: $dir/none is not built" "$validate"
code=0
"$validate" --runs 1 --seeds 2 small >"$dir/out" 2>&1 || code=$?
if [ "$code" -eq 77 ] && [ "$faults" -eq 0 ]; then
    cat "$dir/out"
    exit 77
fi
[ "$code" -le 1 ] || fault "exit $code"
for words in "makespan median  real" "completion p90   real" \
    "WAN bytes .*error  *[-+][0-9]\.[0-9] %" "held out: [0-5] of 5"; do
    grep -q "$words" "$dir/out" || fault "no line '$words'"
done
verdict
