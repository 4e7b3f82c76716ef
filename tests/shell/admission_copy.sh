#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A copied data directory: two nodes run with one identity. The original goes on and gets the next
# release, the copy gets nothing, and each of the others says so once, as does the copy. A node that
# only changes its address is no copy.
# shellcheck source=common
. "$(dirname "$0")/common"

repo=$dir/repo

# release NUMBER: publish the next one.
release() {
    head -c 300000 /dev/urandom >"$dir/payload$1.bin"
    "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version "$1" payload \
        "$dir/payload$1.bin" >/dev/null 2>&1 || fault "release $1 is not published"
}

# has DIRECTORY NUMBER: the release is active there.
has() {
    cmp -s "$dir/a$1/payload$2.bin" "$dir/payload$2.bin"
}

# node NAME ADDRESS FLAG...: a node with data directory NAME; its process id in $pid.
node() {
    name=$1 address=$2
    shift 2
    start "node$name" "$WEFT" run --data "$dir/d$name" --root "$repo/metadata/1.root.json" \
        --listen "$net.$address:7767" --component "payload=$dir/a$name" "$@"
}

# alive NAME COUNT: the node holds COUNT nodes of its segment alive.
alive() {
    "$WEFT" status --data "$dir/d$1" | grep -q "$2 nodes\{0,1\} alive"
}

expect 0 "" "$WEFT" keygen --keys "$dir/keys"
release 1
start source "$WEFT" source --repo "$repo" --listen "$net.250:8080"
token=$("$WEFT" init --data "$dir/d1" --listen "$net.1" --name one --uses 9 2>/dev/null |
    sed -n 's/^weft join //p')
node 1 1 --source "http://$net.250:8080" --poll 1s
until_true 10 has 1 1 || fault "the server does not get the release"
for number in 2 3 4; do
    expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/d$number" --name "node-$number"
    node $number $number --seed "$net.1"
done
moving=$pid
until_true 10 has 3 1 || fault "node 3 does not get the release"
until_true 10 alive 1 4 || fault "the server does not hold four nodes alive"

# Node 4 moves for good.
kill "$moving"
wait "$moving"
node 4 14 --seed "$net.1"
until_true 10 alive 4 4 || fault "node 4 does not know who was there first"

# A disk image is copied: key, certificate, everything but what runs.
mkdir "$dir/dcopy"
cp "$dir/d3/node.key" "$dir/d3/membership" "$dir/d3/incarnation" "$dir/dcopy"
node copy 33 --seed "$net.1" --seed "$net.3"

# told NAME COUNT: the log of the node says so often that there is a copy.
told() {
    [ "$(grep -c "refused a copy" "$dir/node$1.log")" -eq "$2" ]
}
for number in 1 2; do
    until_true 60 told $number 1 || fault "node $number does not find the copy"
done
grep "refused a copy of node [0-9a-f]*, node-3:" "$dir/node1.log" |
    grep -q "$net\.33\{0,1\}:7767.*weft join TOKEN --data DIR" || fault "the warning is not clear"
case $(grep "refused a copy" "$dir/node1.log") in
    *"runs at $net.3:7767 and at $net.33:7767, which gets nothing"*) original=3 other=copy ;;
    *"runs at $net.33:7767 and at $net.3:7767, which gets nothing"*) original=copy other=3 ;;
    *) fault "the warning names other addresses" ;;
esac
[ "$original" = 3 ] || fault "the copy, $original, is kept and not $other"
"$WEFT" status --data "$dir/d1" | grep -q "copy *$net.33:7767 of node-3 ($net.3:7767), refused" ||
    fault "status does not show the copy"
"$WEFT" status --data "$dir/d1" --json | tr -d ' \n' |
    grep -q "\"clones\":\[{\"id\":\"[0-9a-f]*\",\"name\":\"node-3\",\"address\":\"$net.3:7767\"" ||
    fault "the status document does not name the copy"

# The next release reaches everybody but the copy; nothing is told twice.
until_true 60 told 4 1 || fault "node 4 does not find the copy"
release 2
for number in 1 2 3 4; do
    until_true 20 has $number 2 || fault "node $number does not get the next release"
done
sleep 5
has copy 2 && fault "the copy gets the next release"
for number in 1 2 4; do
    told $number 1 || fault "node $number tells of the copy again"
done
[ "$(grep -c "another machine, at $net.33:7767, has the identity" "$dir/node3.log")" -eq 1 ] ||
    fault "the original does not say once that it has a copy"
told 3 0 || fault "the original takes somebody for a copy"

# The copy itself knows, from those who refuse it, and says what to do; the original does not.
refused() {
    [ "$(grep "identity of this node is in use elsewhere: [a-z0-9-]* at $net" "$dir/node$1.log" |
        grep -c "weft join TOKEN --data DIR")" -eq "$2" ]
}
until_true 60 refused copy 1 || fault "the copy does not say once that it is one"
"$WEFT" status --data "$dir/dcopy" | grep -A 2 "copy *this node is refused as a copy by .*$net" |
    grep -q "weft join TOKEN --data DIR" || fault "the status of the copy does not say so"
"$WEFT" status --data "$dir/dcopy" --json | tr -d ' \n' |
    grep -q '"refused_by":{"id":"[0-9a-f]*","name":"[a-z0-9-]*","address":"[0-9.:]*","ago_s":' ||
    fault "the status document of the copy does not say so"
refused 3 0 || fault "the original takes itself for a copy"
"$WEFT" status --data "$dir/d3" | grep -q "refused as a copy" &&
    fault "the status of the original calls it a copy"

# The copy becomes a node of its own, as the warning says.
kill "$pid"
wait "$pid"
rm "$dir/dcopy/node.key" "$dir/dcopy/membership"
expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/dcopy" --name node-5
node copy 33 --seed "$net.1"
until_true 20 has copy 2 || fault "the copy gets nothing with an identity of its own"
"$WEFT" status --data "$dir/dcopy" | grep -q "refused as a copy" &&
    fault "with an identity of its own it is still refused"

verdict
