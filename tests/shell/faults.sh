#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What operators get wrong when they start a node: each mistake has its exit code and says what,
# where and what to do; nothing is activated that should not be.
# shellcheck source=common
. "$(dirname "$0")/common"

address=$net.1
repo=$dir/repo
echo "some content" >"$dir/file.bin"
expect 0 "" "$WEFT" keygen --keys "$dir/keys"
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version 1 thing "$dir/file.bin"
expect 0 "" "$WEFT" keygen --keys "$dir/other-keys"
expect 0 "" "$WEFT" publish --repo "$dir/other" --keys "$dir/other-keys" --version 9 thing \
    "$dir/file.bin"
trusted=$repo/metadata/1.root.json

# node NAME FLAG...: the flags of a node that would work, and then these.
node() {
    name=$1
    shift
    set -- --data "$dir/$name" --listen "$address:7767" "$@"
    case " $* " in *" --root "*) ;; *) set -- "$@" --root "$trusted" ;; esac
    "$WEFT" run "$@"
}

# refused CODE WORDS NAME FLAG...: the node does not start.
refused() {
    code=$1 words=$2
    shift 2
    (node "$@") >"$dir/out" 2>&1 </dev/null &
    refused_pid=$!
    (sleep 20; kill "$refused_pid" 2>/dev/null) &
    watch_pid=$!
    wait "$refused_pid"
    got=$?
    kill "$watch_pid" 2>/dev/null
    [ "$got" -eq "$code" ] || { fault "exit code $got, not $code: $*"; cat "$dir/out"; }
    grep -qF -- "$words" "$dir/out" || { fault "does not say '$words': $*"; cat "$dir/out"; }
}

# says NAME WORD: the status document of node NAME has this word.
says() {
    "$WEFT" status --data "$dir/$1" --json | grep -qF -- "$2"
}

refused 1 "No such file" a --root "$dir/missing.json"
refused 1 "directory" a --root "$dir"
refused 1 "--root" a --root "$dir/file.bin"
refused 1 "root" a --root "$repo/metadata/timestamp.json"
refused 1 "not a symbolic link" a --component "thing=$dir/file.bin"
refused 1 "No such file" a --component "thing=$dir/missing/link"
refused 1 "--trace" a --trace "$dir/missing/trace"
echo "in the way" >"$dir/not-a-directory"
refused 2 "not-a-directory" not-a-directory
refused 2 "not-a-directory" not-a-directory/below
refused 1 "" elsewhere --listen 192.0.2.1:7767

# A node that works: the second one on its data directory, and on its address, are told so.
start source "$WEFT" source --repo "$repo" --listen "$address:8080"
start good "$WEFT" run --data "$dir/good" --root "$trusted" --listen "$address:7767" \
    --source "http://$address:8080" --component "thing=$dir/thing"
good=$pid
until_true 20 test -e "$dir/thing/file.bin" || { fault "no release"; cat "$dir/good.log"; }
cmp -s "$dir/file.bin" "$dir/thing/file.bin" || fault "other content"
expect 0 "thing" "$WEFT" status --data "$dir/good"
expect 0 '"schema": 1' "$WEFT" status --data "$dir/good" --json
refused 4 "good" good --listen "$address:7768"
refused 4 "7767" second
kill -TERM "$good"
wait "$good" || fault "SIGTERM: exit code $?"
expect 3 "no node runs" "$WEFT" status --data "$dir/good"

# Somebody else's repository at the URL: nothing of it is activated, and status says why.
start stranger-source "$WEFT" source --repo "$dir/other" --listen "$address:8081"
start stranger "$WEFT" run --data "$dir/stranger" --root "$trusted" --listen "$address:7770" \
    --source "http://$address:8081" --component "thing=$dir/strange"
stranger=$pid
until_true 15 says stranger '"error": "SIGNATURE"' ||
    { fault "no word of the signature"; cat "$dir/stranger.log"; }
[ -e "$dir/strange" ] && fault "a release of a stranger was activated"
kill "$stranger"

# Metadata that has expired: nothing of it is activated.
expect 0 "" "$WEFT" publish --repo "$dir/stale" --keys "$dir/keys" --expires-timestamp 1s thing \
    "$dir/file.bin"
sleep 2
start stale-source "$WEFT" source --repo "$dir/stale" --listen "$address:8082"
start expired "$WEFT" run --data "$dir/expired" --root "$dir/stale/metadata/1.root.json" \
    --source "http://$address:8082" --listen "$address:7772" --component "thing=$dir/old"
until_true 15 says expired '"error": "EXPIRED"' ||
    { fault "no word of the expiry"; cat "$dir/expired.log"; }
grep -q expired "$dir/expired.log" || fault "the log does not say that metadata expired"
[ -e "$dir/old" ] && fault "an expired release was activated"

# The repository goes back in time: the node keeps the newer release and says why.
cp -r "$repo" "$dir/older"
echo "newer content" >"$dir/newer.bin"
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version 2 thing "$dir/newer.bin"
cp -r "$repo" "$dir/moving"
start moving-source "$WEFT" source --repo "$dir/moving" --listen "$address:8083"
start rollback "$WEFT" run --data "$dir/rollback" --root "$trusted" \
    --source "http://$address:8083" --listen "$address:7773" --component "thing=$dir/back"
rollback=$pid
until_true 15 test -e "$dir/back/newer.bin" || fault "the newer release did not come"
mv "$dir/moving" "$dir/moved" && cp -r "$dir/older" "$dir/moving"
kill -HUP "$rollback"
until_true 15 says rollback '"error": "ROLLBACK"' ||
    { fault "no word of the rollback"; cat "$dir/rollback.log"; }
[ -e "$dir/back/newer.bin" ] || fault "the older release was activated"
kill "$rollback"

# A source that is not there: the node runs, waits, and says for what.
start lonely "$WEFT" run --data "$dir/lonely" --root "$trusted" --listen "$address:7771" \
    --source "http://$address:8099" --component thing
until_true 15 says lonely '"error": "UNREACHABLE"' ||
    { fault "no word of the source"; cat "$dir/lonely.log"; }
kill "$pid"

# A disk that is full: the release is not activated, and status says why.
small=$dir/small
mkdir "$small"
if mount -t tmpfs -o size=2m tmpfs "$small" 2>/dev/null; then
    mounted=$small
    head -c 4000000 /dev/urandom >"$dir/large.bin"
    expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" large "$dir/large.bin"
    start full "$WEFT" run --data "$small/data" --root "$trusted" --listen "$address:7774" \
        --source "http://$address:8080" --component "large=$dir/large"
    full=$pid
    until_true 15 says small/data 'no space left on device' ||
        { fault "no word of the full disk"; cat "$dir/full.log"; }
    [ -e "$dir/large" ] && fault "half a release was activated"
    kill "$full"
    wait "$full" || fault "SIGTERM with a full disk: exit code $?"
else
    echo "no mount here: a full disk is not tried"
fi
verdict
