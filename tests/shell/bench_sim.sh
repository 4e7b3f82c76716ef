#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does scripts/bench-sim refuse wrong arguments and what does not fit into memory, and print its
# figures with the commands? How large they are is not tested: the machine is not the test's alone.
# Does scripts/profile-sim refuse wrong arguments, and say what it lacks?
# shellcheck source=common
. "$(dirname "$0")/common"

bench=$root/scripts/bench-sim
[ -x "$root/build/release/weft-sim" ] || { echo "skipped: weft-sim is not built"; exit 77; }
expect 2 "no part speed; there are scale, day, seeds, growth" "$bench" speed
expect 2 "sizes are at least 1" "$bench" --hours 0
for part in "--nodes 2000000000 scale" "--growth 2000000000 growth"; do
    # shellcheck disable=SC2086  # words
    expect 1 "choose fewer nodes" "$bench" $part
    grep -q "weft-sim --nodes" "$dir/out" && fault "$part: something ran before it was refused"
done
WEFT_SIM=$dir/none expect 77 "skipped: $dir/none is not built" "$bench"
printf '#!/bin/sh\nexit 3\n' >"$dir/failing" && chmod +x "$dir/failing"
WEFT_SIM=$dir/failing expect 1 "FAULT: exit status 3" "$bench" --seeds 1 seeds
expect 0 "$ weft-sim --sweep 4" "$bench" --seeds 4 seeds
grep -q "4 seeds in .* a second, .* of the target of 100 a second; 0 failed" "$dir/out" ||
    fault "no figure of seeds"
expect 0 "$ weft-sim --nodes 50 " "$bench" --nodes 50 scale
grep -q "50 nodes: .* of the target of " "$dir/out" || fault "no figure of time"
grep -q "GiB, .* kB a node, .* of the target of " "$dir/out" || fault "no figure of memory"

profile=$root/scripts/profile-sim
expect 2 "no part speed; there are scale, day, seeds" "$profile" speed
WEFT_SIM=$dir/none expect 77 "$dir/none is missing" "$profile"
verdict
