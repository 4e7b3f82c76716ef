#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mesh key was stolen and is changed: nodes go over to the new one while they run and while a
# release travels, one that was away follows when it is back, and who has the old key gets in before
# the change and not after it.
# shellcheck source=common
. "$(dirname "$0")/common"
# Debian's python3, even if another one comes first in PATH.
python=/usr/bin/python3
if ! "$python" -c 'import nacl' 2>/dev/null; then
    echo "skipped: python3-nacl is not installed"
    exit 77
fi
certificate=$(dirname "$0")/certificate.py

# shellcheck source=mesh
. "$(dirname "$0")/mesh"

# stop PID
stop() {
    kill "$1"
    wait "$1"
}

# has_key NUMBER: node NUMBER knows that the mesh has another key.
has_key() {
    grep -q "the mesh has another key now" "$dir/node$1.log"
}

token=$("$WEFT" init --data "$dir/d1" --listen "$net.1" --name one 2>/dev/null | sed 's/.* //')
node 1 --source "http://$net.250:8080"
server=$pid
until_true 10 test -e "$dir/a1/payload.bin" || fault "the server does not get the release"
for number in 2 3 4 5; do
    expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/d$number" --name "n-$number"
    node $number --seed "$net.1"
    eval "node$number=$pid"
done
for number in 2 3 4 5; do
    until_true 10 alive $number 5 || fault "node $number does not hold five alive"
done
cp "$dir/d1/admit/mesh.key" "$dir/stolen.key"
cp "$dir/d2/membership" "$dir/before"
# shellcheck disable=SC2154 # set by eval
stop "$node4" # a laptop that is closed
# shellcheck disable=SC2154
stop "$node5" # the thief's
expect 0 "is thrown out" "$WEFT" revoke n-5 --data "$dir/d1"

# Until the change the thief can make himself what he likes.
expect 2 "--grace" "$WEFT" rotate --data "$dir/d1" --grace 10ms
expect 0 "the mesh key changes at" "$WEFT" rotate --data "$dir/d1"
[ "$(stat -c %a "$dir/d1/admit/next.key")" = 600 ] || fault "others can read the next key"
"$python" "$certificate" "$dir/d5" "$dir/stolen.key" -100 900000 18000000000000000000
node 5 --seed "$net.1"
node5=$pid
until_true 10 alive 5 4 || fault "the thief is not in: the test shows nothing"
stop "$node5"
for number in 1 2 3; do
    has_key $number && fault "node $number has another key before the time"
done

# The same again ends the grace earlier; a release travels meanwhile.
expect 0 "the mesh key changes at" "$WEFT" rotate --data "$dir/d1" --grace 2s
head -c 300000 /dev/urandom >"$dir/payload.bin"
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version 2 payload "$dir/payload.bin"
kill -HUP "$server"
for number in 1 2 3; do
    until_true 12 has_key $number || fault "node $number does not follow"
done
for number in 2 3; do
    until_true 10 cmp -s "$dir/payload.bin" "$dir/a$number/payload.bin" ||
        fault "node $number does not get the release"
    alive $number 3 || fault "node $number lost others by the change"
done
cmp -s "$dir/stolen.key" "$dir/d1/admit/mesh.key" && fault "the mesh key is the old one"
[ ! -e "$dir/d1/admit/next.key" ] || fault "the next key is still there"
cmp -s "$dir/before" "$dir/d2/membership" && fault "the certificate is the old one"

# The old key is good for nothing; each refusal is told once.
"$python" "$certificate" "$dir/d5" "$dir/stolen.key" -100 900000 18000000000000000001
node 5 --seed "$net.1" --seed "$net.2"
until_true 8 grep -q "refused node .*: the certificate is not signed by the mesh key" \
    "$dir/node1.log" || fault "the refusal of the old key is not told"
sleep 2
alive 5 1 || fault "the old key still admits"
[ "$(grep -c "at $net.5:7767: the certificate is not signed" "$dir/node1.log")" -eq 1 ] ||
    { fault "the refusal is told often"; grep refused "$dir/node1.log"; }

# Who was away follows when he is back, also the server itself, and others can still join.
node 4 --seed "$net.2"
until_true 10 has_key 4 || fault "node 4, which was away, does not follow"
until_true 25 alive 4 4 || fault "node 4, which was away, is alone"
stop "$server"
node 1 --source "http://$net.250:8080"
until_true 25 alive 1 4 || fault "the server is alone after a restart"
expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/d6" --name n-6
expect 0 "is thrown out" "$WEFT" revoke n-6 --data "$dir/d1"
until_true 8 grep -q "1 node thrown out" "$dir/node4.log" ||
    fault "a revocation by the new key does not travel"
expect 0 "" "$WEFT" init --data "$dir/offline" --name offline
expect 1 "made without --listen" "$WEFT" rotate --data "$dir/offline"

verdict
