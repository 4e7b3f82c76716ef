#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mesh whose key is on a machine without network: nodes are admitted, renewed and thrown out by
# files that are carried, while they run; and everything that can go wrong on the way.
# shellcheck source=common
. "$(dirname "$0")/common"
# Debian's python3, even if another one comes first in PATH.
python=/usr/bin/python3
if ! "$python" -c 'import nacl' 2>/dev/null; then
    echo "skipped: python3-nacl is not installed"
    exit 77
fi
certificate=$(dirname "$0")/certificate.py
key=$dir/key # the machine with the mesh key

# shellcheck source=mesh
. "$(dirname "$0")/mesh"

# said NUMBER WORDS: node NUMBER has them in its log.
said() {
    grep -qF -- "$2" "$dir/node$1.log"
}

# A mesh without a server.
expect 0 "weft join --request" "$WEFT" init --data "$key" --name key
expect 1 "nobody answers a token" "$WEFT" token --data "$key"
for number in 1 2 3; do
    expect 0 "weft admit" "$WEFT" join --request "$dir/r$number" --data "$dir/d$number" \
        --name "node-$number"
    [ "$(stat -c %a "$dir/r$number")" = 600 ] || fault "others can read the request"
done
expect 0 "node-2, is admitted for 366 days" "$WEFT" admit "$dir/r1" "$dir/r2" --days 366 \
    --data "$key"
expect 0 "node-3, is admitted for 30 days" "$WEFT" admit "$dir/r3" --out "$dir/a3.word" \
    --data "$key"
expect 2 "--out is for one request" "$WEFT" admit "$dir/r1" "$dir/r2" --out "$dir/x" --data "$key"
expect 2 "give one TOKEN" "$WEFT" join --request "$dir/x" --take "$dir/x" --data "$dir/d1"

# What goes wrong is named, and changes nothing.
expect 1 "made for another node" "$WEFT" join --take "$dir/r2.admitted" --data "$dir/d1"
expect 1 "is a request; take it to" "$WEFT" join --take "$dir/r1" --data "$dir/d1"
expect 1 "cannot read" "$WEFT" join --take "$dir/absent" --data "$dir/d1"
head -c 500 "$dir/r1.admitted" >"$dir/cut"
expect 1 "for another node than this one, or was changed" "$WEFT" join --take "$dir/cut" \
    --data "$dir/d1"
head -c 9000 /dev/urandom >"$dir/large"
expect 1 "cannot read" "$WEFT" join --take "$dir/large" --data "$dir/d1"
tr a-f b-g <"$dir/r1" >"$dir/bent"
expect 1 "was damaged on its way" "$WEFT" admit "$dir/bent" --data "$key"
expect 1 "not the data directory of a server" "$WEFT" admit "$dir/r1" --data "$dir/d2"
expect 0 "" "$WEFT" join --request "$dir/r1.again" --data "$dir/d1" --name node-1
expect 1 "answers an earlier request" "$WEFT" join --take "$dir/r1.admitted" --data "$dir/d1"
expect 0 "is admitted" "$WEFT" admit "$dir/r1.again" --data "$key"
chmod 644 "$dir/d1/node.key"
expect 1 "chmod 600" "$WEFT" join --take "$dir/r1.again.admitted" --data "$dir/d1"
chmod 600 "$dir/d1/node.key"
chmod 640 "$key/admit/mesh.key"
expect 1 "chmod 600" "$WEFT" admit "$dir/r1.again" --data "$key"
chmod 600 "$key/admit/mesh.key"
expect 0 "" "$WEFT" join --request "$dir/r4" --data "$dir/d4" --name node-2
expect 1 "another node has this name" "$WEFT" admit "$dir/r4" --data "$key"
[ ! -e "$dir/r4.admitted" ] || fault "a request that was refused has an answer"
[ ! -e "$dir/d1/membership" ] || fault "an answer that was refused has an effect"

# Taken once; then they are a mesh.
expect 0 "node-1, is a member of mesh" "$WEFT" join --take "$dir/r1.again.admitted" --data "$dir/d1"
expect 1 "was taken already" "$WEFT" join --take "$dir/r1.again.admitted" --data "$dir/d1"
expect 0 "is a member" "$WEFT" join --take "$dir/r2.admitted" --data "$dir/d2"
expect 0 "is a member" "$WEFT" join --take "$dir/a3.word" --data "$dir/d3"
expect 0 "" "$WEFT" init --data "$dir/other" --name other
expect 0 "" "$WEFT" join --request "$dir/r2.stray" --data "$dir/d2"
expect 1 "is in another mesh" "$WEFT" admit "$dir/r2.stray" --data "$dir/other"
node 1 --source "http://$net.250:8080"
node1=$pid
node 2 --seed "$net.1"
node2=$pid
node 3 --seed "$net.1"
for number in 1 2 3; do
    until_true 10 test -e "$dir/a$number/payload.bin" || fault "node $number gets nothing"
    until_true 5 alive $number 3 || fault "node $number does not hold three alive"
    said $number "cannot renew" && fault "node $number looks for a server"
done

# A certificate that is running out is told of, and renewed while the node runs.
kill "$node1"
wait "$node1"
"$python" "$certificate" "$dir/d1" "$key/admit/mesh.key" -2000000 500000
node 1 --source "http://$net.250:8080"
until_true 5 said 1 "no server renews it: run \`weft join --request FILE\` here" ||
    fault "node 1 does not say that its certificate runs out"
until_true 5 alive 1 3 || fault "a certificate that runs out does not count"
"$WEFT" status --data "$dir/d1" | grep -q "to renew it, run: weft join --request" ||
    fault "status does not say that the certificate runs out"
"$WEFT" status --data "$dir/d2" | grep -q "to renew it" && fault "status of node 2 says so, too"
expect 0 "" "$WEFT" join --request "$dir/renewal" --data "$dir/d1"
expect 0 "node-1, is admitted" "$WEFT" admit "$dir/renewal" --data "$key" # it keeps its name
expect 0 "node-1, is a member" "$WEFT" join --take "$dir/renewal.admitted" --data "$dir/d1"
until_true 5 said 1 "the certificate of this node was renewed" ||
    fault "node 1 does not see its certificate"
"$WEFT" status --data "$dir/d1" >"$dir/status1"
grep -q "mesh *node-1, admitted for \(29\|30\) d" "$dir/status1" ||
    { fault "status does not show the new certificate"; cat "$dir/status1"; }
alive 1 3 || fault "the renewal disturbs the mesh"

# Thrown out: one node takes the revocation, all hear of it; a request does not help.
expect 0 "carry $key/revoked" "$WEFT" revoke node-3 --data "$key"
expect 0 "1 node thrown out" "$WEFT" join --take "$key/revoked" --data "$dir/d2"
expect 0 "is known already" "$WEFT" join --take "$key/revoked" --data "$dir/d2"
until_true 8 said 1 "1 node thrown out" || fault "node 1 does not hear of the revocation"
until_true 10 alive 2 2 || fault "node 3 is still held alive"
expect 0 "" "$WEFT" join --request "$dir/r3.again" --data "$dir/d3"
expect 1 "was thrown out" "$WEFT" admit "$dir/r3.again" --data "$key"
expect 0 "" "$WEFT" init --data "$dir/thief" --name thief
expect 0 "" "$WEFT" join --request "$dir/r5" --data "$dir/d5" --name node-5
expect 0 "" "$WEFT" admit "$dir/r5" --data "$dir/thief"
expect 0 "" "$WEFT" join --take "$dir/r5.admitted" --data "$dir/d5"
expect 0 "" "$WEFT" revoke node-5 --data "$dir/thief"
expect 1 "of another mesh" "$WEFT" join --take "$dir/thief/revoked" --data "$dir/d2"

# A certificate that is over, and one of another mesh, get nothing; what can be told is told once.
kill "$node2"
wait "$node2"
"$python" "$certificate" "$dir/d2" "$key/admit/mesh.key" -2000000 -1000
node 2 --seed "$net.1"
node 5 --seed "$net.1"
until_true 8 said 1 "at $net.2:7767: the certificate has expired" ||
    fault "the refusal of an expired certificate is not told"
sleep 2
alive 2 1 || fault "an expired certificate admits"
alive 5 1 || fault "a certificate of another mesh admits"
[ "$(grep -c "refused node .* at $net.2:7767" "$dir/node1.log")" -eq 1 ] ||
    fault "the refusal of an expired certificate is told often"
"$WEFT" status --data "$dir/d2" | grep -q "expired on .*; run: weft join --request FILE" ||
    fault "status does not say that the certificate has expired"

verdict
