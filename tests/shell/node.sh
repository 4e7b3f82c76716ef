#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Real nodes on the loopback through what happens to machines: killed and started again, a source
# that stops, a node without source, a server without ranges, chunks damaged on disk, IPv6.
# shellcheck source=common
. "$(dirname "$0")/common"

repo=$dir/repo
size=12000000
mkdir "$dir/in"
head -c "$size" /dev/urandom >"$dir/in/payload.bin"
head -c 20 /dev/urandom >"$dir/first"
expect 0 "" "$WEFT" keygen --keys "$dir/keys"
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version 0 payload "$dir/first"


source_up() {
    start source "$WEFT" source --repo "$repo" --listen "$net.250:8080" --rate 24mbit
    source_pid=$pid
    until_true 5 grep -q serving "$dir/source.log" || fault "the source does not start"
}

# node NAME FLAG...: a node at $net.NAME, in the background; its process id in $pid.
node() {
    number=$1
    shift
    start "node$number" "$WEFT" run --data "$dir/d$number" --root "$repo/metadata/1.root.json" \
        --listen "$net.$number:7767" --component "payload=$dir/a$number" "$@"
}

holds() {
    cmp -s "$dir/a$1/payload.bin" "$dir/in/payload.bin"
}

# ended PID SECONDS: the process ends by itself in this time.
ended() {
    until_true "$2" sh -c "! kill -0 $1" || fault "process $1 does not end"
    wait "$1" || fault "process $1 ends with another exit code than 0"
}

url=http://$net.250:8080
source_up
node 1 --source "$url"
node1=$pid
node 2 --source "$url" --seed "$net.1"
node2=$pid
node 3 --seed "$net.1" # no source: everything comes from peers, metadata too
node3=$pid
until_true 10 test -e "$dir/a3/first" || fault "node 3 does not get the first release from peers"

# A new release; node 2 is killed half-way and comes back; the source stops for a while.
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version 1 payload \
    "$dir/in/payload.bin"
kill -HUP "$node1"
sleep 1.5
kill -9 "$node2"
wait "$node2" 2>/dev/null
kill "$source_pid"
sleep 0.5
node 2 --source "$url" # no seed: it remembers its peers or asks the source
node2=$pid
sleep 1
holds 1 && fault "node 1 was done too early for this test to mean anything"
source_up
for number in 1 2 3; do
    until_true 30 holds "$number" || fault "node $number does not complete"
done
expect 0 '"schema": 1' "$WEFT" status --data "$dir/d2" --json

# A graceful end: quick, and the peers are remembered.
kill -TERM "$node2"
ended "$node2" 3
kill -TERM "$node1"
ended "$node1" 3
grep -q "^[0-9a-f]\{16\} $net\.3:7767$" "$dir/d1/peers" || fault "node 1 forgot its peers"

# Without any source node 2 gets everything from node 3, metadata too.
kill "$source_pid"
rm -rf "$dir/d2" "$dir/a2"
node 2 --seed "$net.3"
node2=$pid
until_true 20 holds 2 || fault "node 2 does not get the release from node 3 alone"
kill -TERM "$node3" "$node2"
ended "$node3" 3
ended "$node2" 3

# Chunks of node 2 rot on disk: it finds out when node 3 asks for them, and fetches them again.
part=$(ls "$dir/d2/releases/"*.data | head -1)
dd if=/dev/zero of="$part" bs=1000 count=100 seek=5000 conv=notrunc 2>/dev/null
rm -rf "$dir/d3" "$dir/a3"
source_up
node 2 --source "$url"
node2=$pid
node 3 --source "$url" --seed "$net.2"
node3=$pid
until_true 30 holds 3 || fault "node 3 does not complete, node 2 has damaged chunks"
grep -q "damaged on the disk" "$dir/node2.log" || fault "node 2 does not tell of the damage"
kill -TERM "$node2" "$node3"
ended "$node2" 3
ended "$node3" 3

# A server without ranges, alone and over IPv6.
if command -v python3 >/dev/null && "$WEFT" source --repo "$repo" --listen "[::1]:0" \
    >"$dir/v6.log" 2>&1 & then
    v6=$!
    children="$children $v6"
    until_true 5 sh -c "grep -q serving '$dir/v6.log' || ! kill -0 $v6"
    grep -q serving "$dir/v6.log" || echo "IPv6: skipped: there is no ::1"
    v6_url=$(sed -n 's/.* at \(http:.*\)\/$/\1/p' "$dir/v6.log")
    if [ -n "$v6_url" ]; then
        port=$((20000 + $$ % 12000)) # below the ephemeral ones
        start node6 "$WEFT" run --data "$dir/d6" --root "$repo/metadata/1.root.json" \
            --source "$v6_url" --listen "[::1]:$port" --component "payload=$dir/a6"
        until_true 20 holds 6 || fault "a node alone does not complete over IPv6"
        kill "$pid"
        ended "$pid" 3
    fi
fi
(cd "$repo" && exec python3 -m http.server 0 --bind 127.0.0.1) >"$dir/plain.log" 2>&1 &
children="$children $!"
until_true 5 grep -q "port [0-9]" "$dir/plain.log" || fault "python3 -m http.server does not start"
plain=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$dir/plain.log" | head -1)
node 7 --source "http://127.0.0.1:$plain"
until_true 20 holds 7 || fault "a node alone does not complete from a server without ranges"
kill "$pid"
ended "$pid" 3

verdict
