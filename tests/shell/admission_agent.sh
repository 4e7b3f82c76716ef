#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A node that was admitted with --no-agent is no Update Agent, also if it is pinned, and after its
# certificate was renewed; a token without it makes it one.
# shellcheck source=common
. "$(dirname "$0")/common"

# shellcheck source=mesh
. "$(dirname "$0")/mesh"

source=http://$net.250:8080
token=$("$WEFT" init --data "$dir/d1" --listen "$net.1" --name one 2>/dev/null |
    sed -n 's/^weft join //p')
barred=$("$WEFT" token --data "$dir/d1" --no-agent --uses 1 2>/dev/null | sed -n 's/^weft join //p')
grep -q "^token .* no-agent$" "$dir/d1/admit/register" || fault "the register lacks the token"
node 1 --source "$source"
until_true 10 test -e "$dir/a1/payload.bin" || fault "the server does not get the release"
expect 0 "is a member now" "$WEFT" join "$barred" --data "$dir/d2" --name two
expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/d3" --name three
grep -q "^token .* no-agent$" "$dir/d1/admit/register" && fault "a token for one is still there"
grep -q "^node .* two .* no-agent$" "$dir/d1/admit/register" ||
    fault "the register does not say that two may be no agent"
node 2 --source "$source" --seed "$net.1" --agent pin
pinned=$pid
node 3 --source "$source" --seed "$net.1"
for number in 1 2 3; do
    until_true 20 alive $number 3 || fault "node $number does not hold three nodes alive"
done
grep -q "warning .*--agent has no effect: .*--no-agent.*weft join TOKEN" "$dir/node2.log" ||
    fault "node 2 does not say that it may be no agent"
until_true 10 grep -q "was renewed" "$dir/node2.log" || fault "node 2 is not renewed"

# agent NUMBER ADDRESS: the status of the node lists ADDRESS among the agents.
agent() {
    "$WEFT" status --data "$dir/d$1" | grep -q "^ *agents .*$net\.$2:7767"
}
# class NUMBER ADDRESS: and in which class it holds that node.
class() {
    "$WEFT" status --data "$dir/d$1" --json | tr -d ' \n' |
        grep -o "\"address\":\"$net\.$2:7767\",\"state\":\"[a-z]*\",\"class\":\"[a-z]*\"" |
        sed 's/.*"class":"//; s/"//'
}
until_true 20 agent 3 1 || until_true 20 agent 3 3 || fault "nobody is agent"
for number in 1 3; do
    agent $number 2 && fault "node $number holds node 2 for an agent"
    [ "$(class $number 2)" = never ] || fault "node $number holds node 2 in another class"
done
"$WEFT" status --data "$dir/d2" --json | grep -q '"class": "never"' || fault "node 2 is not never"

# With another token the same node may.
kill "$pinned"
wait "$pinned"
expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/d2" --name two
grep -q "no-agent" "$dir/d1/admit/register" && fault "the register keeps it from being an agent"
node 2 --source "$source" --seed "$net.1" --agent pin
for number in 1 2 3; do
    until_true 30 agent $number 2 || fault "node $number does not hold node 2 for an agent"
done
verdict
