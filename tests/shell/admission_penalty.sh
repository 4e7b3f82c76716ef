#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A member hands out metadata that the publisher of the others did not sign: it follows another
# root. The status of each of the others names it, what it did, and for how long that counts.
# shellcheck source=common
. "$(dirname "$0")/common"

# shellcheck source=mesh
. "$(dirname "$0")/mesh"

"$WEFT" init --data "$dir/d1" --listen "$net.1" --name one --uses 9 >"$dir/line" 2>/dev/null ||
    fault "init fails"
token=$(sed -n 's/^weft join //p' "$dir/line")
node 1 --source "http://$net.250:8080"
until_true 10 test -e "$dir/a1/payload.bin" || fault "the server does not get the release"
expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/d2" --name two
node 2 --seed "$net.1"
until_true 10 test -e "$dir/a2/payload.bin" || fault "node 2 gets nothing"
expect 0 "payload" "$WEFT" status --data "$dir/d1"
grep -q "penalty" "$dir/out" && fault "status tells of a penalty before there is one"
"$WEFT" status --data "$dir/d1" --json | tr -d ' \n' | grep -q '"penalties":\[\]' ||
    fault "the status document has no empty list of penalties"

# Node 3 is a member like others, but follows another publisher, who is further.
other=$dir/other
expect 0 "" "$WEFT" keygen --keys "$dir/other-keys"
for version in 1 2 3 4 5; do
    expect 0 "" "$WEFT" publish --repo "$other" --keys "$dir/other-keys" --version $version \
        thing "$dir/payload.bin"
done
start other-source "$WEFT" source --repo "$other" --listen "$net.251:8080"
expect 0 "is a member now" "$WEFT" join "$token" --data "$dir/d3" --name three
start node3 "$WEFT" run --data "$dir/d3" --root "$other/metadata/1.root.json" \
    --listen "$net.3:7767" --component "thing=$dir/a3" --seed "$net.1" \
    --source "http://$net.251:8080"

# shown NUMBER: the status of the node names node 3, until when, and why.
shown() {
    "$WEFT" status --data "$dir/d$1" >"$dir/status$1" 2>&1 &&
        grep -q "penalty *three ($net.3:7767), \(doubted\|banned\) for [0-9]" "$dir/status$1" &&
        grep -q "^ *[0-9]* times\{0,1\}: .*not signed" "$dir/status$1"
}
for number in 1 2; do
    until_true 60 shown $number ||
        { fault "the status of node $number does not name node 3"; cat "$dir/status$number"; }
done
"$WEFT" status --data "$dir/d1" --json | tr -d ' \n' >"$dir/document"
grep -q "\"penalties\":\[{\"id\":\"[0-9a-f]*\",\"name\":\"three\",\"address\":\"$net.3:7767\"" \
    "$dir/document" || fault "the status document does not name node 3"
grep -q '"offences":\[{"offence":"METADATA","count":[1-9]' "$dir/document" ||
    fault "the status document does not say what node 3 did"
grep -o '"owed_s":[0-9]*' "$dir/document" | grep -q ':[1-9]' ||
    fault "the status document does not say for how long"
"$WEFT" status --data "$dir/d2" | grep -q "penalty *one" && fault "node 1 did nothing wrong"

verdict
