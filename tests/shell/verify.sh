#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `weft verify`: a repository without problems, and one problem after the other, each named.
# shellcheck source=common
. "$(dirname "$0")/common"
cd "$dir" || exit 1

# broken WORDS COMMAND...: a copy of the repository in which COMMAND broke something.
broken() {
    words=$1
    shift
    rm -rf copy
    cp -rp repo copy
    "$@" || fault "cannot break it: $*"
    expect 1 "$words" "$WEFT" verify copy
    grep -q '   mend: ' out || fault "no mend for '$words'"
}

echo one >in
expect 0 "" "$WEFT" keygen --keys keys
for version in 1 2; do
    expect 0 "" "$WEFT" publish --repo repo --keys keys --version "$version" "c$version" in
done
expect 0 "" "$WEFT" keygen --keys dora --name dora
expect 0 "" "$WEFT" delegate dora --begin --repo repo --keys dora --key dora/dora.pub
expect 0 "" "$WEFT" delegate dora --repo repo --keys keys --key dora/dora.pub --component engine
expect 0 "" "$WEFT" publish --role dora --repo repo --keys dora --version 1 engine in
expect 0 "" "$WEFT" refresh --repo repo --keys keys
expect 0 "2 target lists, 3 targets, 0 problems" "$WEFT" verify repo
expect 0 "0 problems" "$WEFT" verify repo --root repo/metadata/1.root.json

payload=$(cd repo && find targets/c1 -name '*.in')
index=$(cd repo && find targets/c2 -name '*.index')
snapshot=$(cd repo/metadata && find . -name '*.snapshot.json' | sort -V | tail -n 1)
broken "the file is missing" rm "copy/$payload"
broken "does not match its signed hash" sh -c "echo two >'copy/$payload'"
broken "longer than signed metadata allows" sh -c "echo more >>'copy/$payload'"
broken ".index" rm "copy/$index"
broken "timestamp.json" rm copy/metadata/timestamp.json
broken "snapshot.json" rm "copy/metadata/$snapshot"
broken "targets version" sh -c "cp copy/metadata/1.targets.json copy/metadata/3.targets.json"
broken "dora.json" rm copy/metadata/2.dora.json
broken "is not valid JSON" sh -c "echo '{' >copy/metadata/timestamp.json"
broken "1.root.json" rm copy/metadata/1.root.json
broken "2.root.json" cp copy/metadata/timestamp.json copy/metadata/2.root.json
broken "a key file in what the web server serves" cp keys/root.key copy/targets
broken "timestamp version 5 expires soon" "$WEFT" refresh --repo copy --keys keys \
    --expires-timestamp 1h
expect 1 "name a repository of TUF" "$WEFT" verify nothing
expect 2 "name the one directory REPO" "$WEFT" verify

# Every problem, not the first one only.
rm -rf copy
cp -rp repo copy
rm "copy/$payload" "copy/$index"
cp keys/root.key copy
expect 1 "3 targets, 3 problems" "$WEFT" verify copy

# The key of the timestamp was replaced; nothing was signed again yet.
expect 0 "" "$WEFT" keygen --keys keys --name timestamp-2
expect 0 "" "$WEFT" root rotate draft --repo repo --timestamp keys/timestamp-2.pub
expect 0 "complete" "$WEFT" root sign draft --repo repo --keys keys
expect 0 "" "$WEFT" root install draft --repo repo
expect 1 "is signed by 0 of the 1 keys that the newest root asks for" "$WEFT" verify repo
expect 0 "" "$WEFT" refresh --repo repo --keys keys
expect 0 "0 problems" "$WEFT" verify repo
verdict
