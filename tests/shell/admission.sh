#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mesh of one's own on the loopback: init, token, join, what is refused and how, renewal by
# rotate, a node thrown out while it runs and after a restart.
# shellcheck source=common
. "$(dirname "$0")/common"

# shellcheck source=mesh
. "$(dirname "$0")/mesh"

# A mesh; its first token is the only line on standard output.
"$WEFT" init --data "$dir/d1" --listen "$net.1" --name one --uses 2 >"$dir/line" 2>"$dir/said" ||
    fault "init fails: $(cat "$dir/said")"
token=$(sed -n 's/^weft join //p' "$dir/line")
[ "$(wc -l <"$dir/line")" -eq 1 ] || fault "init prints more than a line"
[ "${#token}" -eq 172 ] || fault "a token of ${#token} characters"
modes=$(cd "$dir/d1" && stat -c %a admit/mesh.key node.key membership | sort -u)
[ "$modes" = 600 ] ||
    fault "others can read secrets"
expect 1 "belongs to a mesh already" "$WEFT" init --data "$dir/d1" --listen "$net.1"
expect 2 "address of one interface" "$WEFT" init --data "$dir/d9" --listen 0.0.0.0
expect 1 "does not answer" "$WEFT" join "$token" --data "$dir/d2" --name two

node 1 --source "http://$net.250:8080"
until_true 10 test -e "$dir/a1/payload.bin" || fault "the server does not get the release"

# Joining, and what is refused.
expect 0 "two, is a member now" "$WEFT" join "$token" --data "$dir/d2" --name two
expect 0 "two, is a member now" "$WEFT" join "$token" --data "$dir/d2" --name two # costs no use
expect 1 "another node has this name" "$WEFT" join "$token" --data "$dir/d3" --name two
expect 0 "three, is a member now" "$WEFT" join "$token" --data "$dir/d3" --name three
expect 1 "used up" "$WEFT" join "$token" --data "$dir/d4" --name four
expect 2 "172 characters" "$WEFT" join "${token%?}" --data "$dir/d4"
expect 2 "--name" "$WEFT" join "$token" --data "$dir/d4" --name "a b"
expect 1 "not the data directory of a server" "$WEFT" token --data "$dir/d2"
"$WEFT" init --data "$dir/other" --listen "$net.1" --name other >"$dir/line" 2>/dev/null
stray=$(sed 's/.* //' "$dir/line")
expect 1 "not the server of this mesh" "$WEFT" join "$stray" --data "$dir/d4"
expect 1 "in another mesh" "$WEFT" join "$stray" --data "$dir/d2"

# Members work together; who was not admitted does not even hear them.
node 2 --seed "$net.1"
node 3 --seed "$net.1"
node3=$pid
node 4 --seed "$net.1"
until_true 10 test -e "$dir/a2/payload.bin" || fault "node 2 gets nothing"
until_true 10 test -e "$dir/a3/payload.bin" || fault "node 3 gets nothing"
until_true 5 alive 1 3 || fault "the server does not hold three nodes alive"
alive 4 1 || fault "a node that was not admitted knows members"
"$WEFT" status --data "$dir/d2" >"$dir/status2" 2>&1
grep -q "mesh *two, admitted for \(29\|30\) d" "$dir/status2" ||
    { fault "status does not tell how long node 2 is admitted"; cat "$dir/status2"; }
"$WEFT" status --data "$dir/d4" | grep -q "mesh *open to" || fault "status hides the open mesh"
"$WEFT" status --data "$dir/d2" | grep -q "sandbox *\(.*privileges given up\|off\|NOT\)" ||
    fault "status does not tell what confines the node"
grep -q "was not admitted" "$dir/node4.log" || fault "node 4 does not say that it is not admitted"

# renewed NUMBER TIMES: node NUMBER renewed its certificate so often.
renewed() {
    [ "$(grep -c "was renewed" "$dir/node$1.log")" -ge "$2" ]
}
for number in 1 2 3; do
    until_true 5 renewed $number 1 || fault "node $number is not renewed after its start"
done
# Thrown out: everybody closes at once, and a restart does not help.
expect 1 "no node of this mesh" "$WEFT" revoke nobody --data "$dir/d1"
expect 1 "this server itself" "$WEFT" revoke one --data "$dir/d1"
expect 0 "is thrown out" "$WEFT" revoke three --data "$dir/d1"
until_true 5 grep -q "1 node thrown out" "$dir/node2.log" || fault "node 2 does not hear of it"
until_true 10 alive 2 2 || fault "node 2 still holds node 3 alive"
kill "$node3"
wait "$node3"
node 3 --seed "$net.1"
until_true 5 grep -q "refused node" "$dir/node1.log" || fault "the refusal is not told"
[ "$(grep -c "refused node" "$dir/node1.log")" -le 2 ] || fault "the refusal is told often"
until_true 5 alive 3 1 || fault "node 3 is back"
again=$("$WEFT" token --data "$dir/d1" 2>/dev/null | sed 's/.* //')
expect 1 "thrown out" "$WEFT" join "$again" --data "$dir/d3" --name three

verdict
