#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Confined nodes at work: a release from the source and from a peer, a command after it, a node that
# is killed, and, as root, a node that becomes another user. What a confined process cannot do is
# tried in tests/unit/test_sandbox.c.
# shellcheck source=common
. "$(dirname "$0")/common"

repo=$dir/repo
chmod 755 "$dir"
head -c 3000000 /dev/urandom >"$dir/payload.bin"
expect 0 "" "$WEFT" keygen --keys "$dir/keys"
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version 1 payload "$dir/payload.bin"
start source "$WEFT" source --repo "$repo" --listen 127.0.0.1:0
until_true 5 grep -q serving "$dir/source.log" || fault "the source does not start"
port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\).*|\1|p' "$dir/source.log" | head -n 1)

# node NUMBER FLAG...: a node at $net.NUMBER, in the background; its process id in $pid.
node() {
    number=$1
    shift
    mkdir -p "$dir/links$number"
    start "node$number" "$WEFT" run --data "$dir/d$number" --root "$repo/metadata/1.root.json" \
        --listen "$net.$number:7767" --component "payload=$dir/links$number/payload" "$@"
}

holds() {
    cmp -s "$dir/links$1/payload/payload.bin" "$dir/payload.bin"
}

is_in() {
    grep -q "^$1:[[:space:]]*$2\$" "/proc/$3/status" || fault "process $3: $1 is not $2"
}

# One resolves the name of the source, the other gets everything from it.
node 1 --source "http://localhost:$port" --on-update "cp \"\$WEFT_PATH/payload.bin\" $dir/copy1"
node1=$pid
node 2 --seed "$net.1" --on-update "touch $dir/runs; sleep 97.$$ & sleep 97.$$"
node2=$pid
until_true 20 holds 1 || fault "node 1 does not activate the release"
until_true 20 holds 2 || fault "node 2 does not get the release from node 1"
until_true 5 cmp -s "$dir/copy1" "$dir/payload.bin" || fault "the command does not run"
expect 0 "payload" "$WEFT" status --data "$dir/d1"
grep -q "info sandbox: privileges given up" "$dir/node1.log" ||
    fault "the log does not say what is in force"
is_in NoNewPrivs 1 "$node1"
is_in Seccomp 2 "$node1"
is_in CapEff 0000000000000000 "$node1"
is_in CapPrm 0000000000000000 "$node1"

# A node that is killed takes its command along, with all that the command started.
until_true 10 test -e "$dir/runs" || fault "the command of node 2 does not run"
kill -9 "$node2"
wait "$node2" 2>/dev/null
until_true 5 sh -c "! ps -eo args | grep -q '^sleep 97.$$'" || fault "the command outlives its node"

# In order, and with a command that runs: 2 s are enough.
node 2 --seed "$net.1" --on-update "sleep 97.$$"
node2=$pid
until_true 10 pgrep -P "$node2" || fault "the node has no process for its command"
kill "$node2"
until_true 4 sh -c "! kill -0 $node2" || fault "the node does not end"
wait "$node2" || fault "the node ends with another exit code than 0"
kill "$node1"
wait "$node1" || fault "the node ends with another exit code than 0"

# Refusals.
run="$WEFT run --data $dir/d3 --root $repo/metadata/1.root.json --listen $net.3"
# shellcheck disable=SC2086  # words
{
    expect 2 "--sandbox" $run --sandbox sometimes
    expect 1 "no such user" $run --user nobody-of-this-name
    expect 1 "cannot make a link" $run --component "payload=$dir/nowhere/link"
}

# What only root can try.
if [ "$(id -u)" -eq 0 ]; then
    # shellcheck disable=SC2086  # words
    expect 1 "chown -R nobody" $run --data "$dir/d1" --user nobody
    mkdir "$dir/links4"
    chown nobody "$dir/links4"
    node 4 --user nobody --source "http://localhost:$port" --on-update "id -un >$dir/links4/who"
    node4=$pid
    until_true 20 holds 4 || fault "a node that became another user does not activate"
    until_true 5 grep -qx nobody "$dir/links4/who" || fault "the command runs as somebody else"
    is_in Uid "$(id -u nobody)[[:space:]].*" "$node4"
    grep -q "running as root" "$dir/node1.log" || fault "root is not warned"
    ! grep -q "running as root" "$dir/node4.log" || fault "another user is warned like root"
    kill "$node4"

    # What root does to the data of another user stays that user's, also where root alone gets to.
    mkdir -p "$dir/private/server" "$dir/private/member"
    chown nobody "$dir/private/server" "$dir/private/member"
    for command in "init --listen $net.9" token rotate \
        "join --name member --request $dir/request"; do
        place=server
        [ "$command" = "${command#join}" ] || place=member
        # shellcheck disable=SC2086  # words
        expect 0 "" "$WEFT" $command --data "$dir/private/$place"
    done
    expect 0 "" "$WEFT" admit "$dir/request" --data "$dir/private/server"
    expect 0 "" "$WEFT" join --take "$dir/request.admitted" --data "$dir/private/member"
    ! find "$dir/private/server" "$dir/private/member" ! -user nobody | grep . ||
        fault "files of root in the data of another user"
fi
verdict
