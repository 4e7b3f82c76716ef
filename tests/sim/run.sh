#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Simulates many small networks, each drawn from its number: shape, sizes, loss and faults. Every
# run must end with all living nodes complete and no invariant violated; one that does not is
# printed as a command to paste. Runs that failed once stay in tests/sim/seeds.txt and come first.
#
#   tests/sim/run.sh WEFT_SIM [COUNT [FIRST]]        COUNT runs (default 100) from number FIRST (1)
set -u
cd "$(dirname "$0")/../.." || exit 2
[ $# -ge 1 ] || { sed -n '3,8s/^# \{0,1\}//p' "$0"; exit 2; }
sim=$1 count=${2:-100} first=${3:-1}
passed=0 failed=0
output=$(mktemp) || exit 2
trap 'rm -f "$output"' EXIT
trap 'exit 130' INT TERM

# try FLAGS...: one run.
try() {
    timeout 120 "$sim" "$@" >"$output" 2>&1
    code=$?
    if [ "$code" -eq 0 ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "exit $code: $sim $*"
    tail -n 6 "$output" | sed 's/^/    /'
}

# one WORD...: one of the words, drawn from $state.
one() {
    state=$(((state * 1103515245 + 12345) % 2147483648))
    shift $((state / 65536 % $#))
    drawn=$1
}

# run NUMBER: the network of that number.
run() {
    state=$(($1 * 7919 % 2147483648))
    one 1 1 2 3 4 6; segments=$drawn
    one 1 2 3 5 6 8 12 20; nodes=$((drawn * segments))
    one 1KiB 64KiB 1MiB 4MiB 8MiB; size=$drawn
    one 1gbit 200mbit 100mbit; lan=$drawn
    one 4mbit 20mbit 100mbit 0; wan=$drawn
    one 20mbit 40mbit 1gbit; source=$drawn
    set -- --seed "$1" --segments "$segments" --nodes "$nodes" --size "$size" --lan "$lan" \
        --wan "$wan" --source-rate "$source"
    one 0 0 1% 5% 20%; set -- "$@" --loss "$drawn"
    one 0 0 1 3 8; set -- "$@" --crash "$drawn"
    one one one all; set -- "$@" --announce "$drawn"
    one none none agent@50% agent@0s+2s first@30%+5s any@80%+1s agent@10%+0.5s
    [ "$drawn" = none ] || [ "$nodes" -le "$segments" ] || set -- "$@" --kill "$drawn"
    one none none none 20% 90%; [ "$drawn" = none ] || set -- "$@" --restart-all "$drawn"
    one none none none 0s,5s 50%,10s; [ "$drawn" = none ] || set -- "$@" --source-down "$drawn"
    one none none any@60%+2s agent@90%
    [ "$drawn" = none ] || [ "$nodes" -le $((2 * segments)) ] || set -- "$@" --kill "$drawn"
    one 0 0 1 3; set -- "$@" --agents "$drawn"
    try "$@"
}

while read -r flags; do
    case $flags in
    '' | '#'*) ;;
    *)
        # The flags of a kept run are words without blanks.
        # shellcheck disable=SC2086
        try $flags
        ;;
    esac
done <tests/sim/seeds.txt
number=$first
while [ "$number" -lt $((first + count)) ]; do
    run "$number"
    number=$((number + 1))
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
