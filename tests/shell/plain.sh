#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program without encryption that scripts/bench-plain measures against: it says what it is, is
# not installed, and gets nothing from a node that encrypts. And the comparison itself, with
# a lab that has made-up figures.
# shellcheck source=common
. "$(dirname "$0")/common"

plain=$root/build/plain/weft
[ -x "$plain" ] || { echo "skipped: $plain is not built"; exit 77; }
expect 0 "NOTHING IS ENCRYPTED" "$plain" version
"$WEFT" version | grep -qx "weft [0-9.]*" || fault "weft version says more than its version"
expect 2 "not for use" make -C "$root" -s CONFIG=plain DESTDIR="$dir/to" install
[ ! -e "$dir/to" ] || fault "the plain program was installed"

head -c 300000 /dev/urandom >"$dir/first"
expect 0 "" "$WEFT" keygen --keys "$dir/keys"
expect 0 "" "$WEFT" publish --repo "$dir/repo" --keys "$dir/keys" payload "$dir/first"
start source "$WEFT" source --repo "$dir/repo" --listen "$net.250:8080"
until_true 30 grep -q serving "$dir/source.log" || fault "the source does not start"

# node NUMBER PROGRAM FLAG...: a node at $net.NUMBER
node() {
    number=$1 program=$2
    shift 2
    start "node$number" "$program" run --data "$dir/d$number" --listen "$net.$number" \
        --root "$dir/repo/metadata/1.root.json" --component "payload=$dir/a$number" "$@"
}

# Nodes 2 and 4 have no source, and 3 and 4 begin at the wrong door, too.
node 1 "$plain" --source "http://$net.250:8080"
node 2 "$plain" --seed "$net.1"
node 3 "$WEFT" --source "http://$net.250:8080" --seed "$net.1"
node 4 "$WEFT" --seed "$net.2" --seed "$net.3"
for number in 1 2 3 4; do
    until_true 60 test -e "$dir/a$number/first" || fault "node $number does not get the release"
done
for number in 1 3; do
    expect 0 " 2 nodes alive" "$WEFT" status --data "$dir/d$number" # itself, one of its kind
done
grep -q "NOTHING IS ENCRYPTED" "$dir/node1.log" || fault "weft run does not warn"
! grep -q "NOTHING IS ENCRYPTED" "$dir/node3.log" || fault "weft run warns though it encrypts"

mkdir "$dir/lab" "$dir/built" "$dir/built/release" "$dir/built/plain"
ln -s "$WEFT" "$dir/built/release/weft"
ln -s "$plain" "$dir/built/plain/weft"
# bench run -s NAME ... --out FILE: what is encrypted takes 10 s, else 9.8; 8 in SLOW.
cat >"$dir/lab/bench" <<'LAB'
#!/bin/sh
[ "$3" != BROKEN ] || { echo "no such link"; exit 0; }
s=10 cpu=3
weft version | grep -q NOTHING && s=9.8 cpu=2
[ "$3 $s" != "SLOW 9.8" ] || s=8
echo "{\"makespan\": $s, \"size\": 1073741824, \"times\": {\"a\": 1, \"b\": 2}," \
    "\"cpu_hosts\": $cpu, \"cpu_source\": 1}" >>"$9"
LAB
chmod +x "$dir/lab/bench"
bench="$root/scripts/bench-plain --built $dir/built"
# shellcheck disable=SC2086 # words
{
    expect 0 "ratio 1.020, of single pairs 1.020-1.020: ok" $bench -s A -n 2 "$dir/lab"
    expect 0 "encrypted 2.00 (2.00-2.00), plain 1.50 (1.50-1.50), ratio 1.333" \
        $bench -s A -n 1 "$dir/lab"
    expect 1 "ratio 1.250, of single pairs 1.250-1.250: MISSED" $bench -s A,SLOW -n 1 "$dir/lab"
    expect 0 "not judged" $bench -s SLOW --unjudged SLOW -n 1 "$dir/lab"
    expect 1 "MISSED" $bench -s A --limit 1 -n 1 "$dir/lab"
    expect 1 "no such link" $bench -s BROKEN -n 1 "$dir/lab"
    expect 2 "is no program" $bench "$dir/nowhere"
}
verdict
