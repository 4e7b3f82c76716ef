#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Web servers that do everything wrong, each under a whole node of its own: the node says what is
# wrong, keeps the release that it has, activates nothing else, and gets the new release as soon as
# its server is good again. A server without ranges is no fault: it serves whole files.
# shellcheck source=common
. "$(dirname "$0")/common"

repo=$dir/repo
mkdir "$dir/one" "$dir/two"
echo "old content" >"$dir/one/thing.bin"
head -c 300000 /dev/urandom >"$dir/two/thing.bin"
expect 0 "" "$WEFT" keygen --keys "$dir/keys"
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" thing "$dir/one/thing.bin"

# Names of bad_server.py: each misbehaves with everything, or with the payload only.
cases="404 500 loop truncated html garbage nothing long silent
    targets:404 targets:500 targets:503 targets:loop targets:truncated targets:shortlie targets:long
    targets:shifted targets:html targets:other targets:garbage targets:416 targets:silent
    targets:trickle targets:noranges"

# The directory of a case.
place() {
    echo "$dir/$(echo "$1" | tr : -)"
}

# Starts the server and the node of a case.
begin() {
    number=$((number + 1))
    at=$(place "$1")
    mkdir "$at"
    echo good >"$at/mode"
    mkfifo "$at/input"
    # The server serves until its input ends; this one never does.
    "$root/tests/shell/bad_server.py" "$repo" "$at/mode" >"$at/port" 2>"$at/server.log" \
        <>"$at/input" &
    children="$children $!"
    until_true 10 test -s "$at/port" || fault "$1: no server"
    "$WEFT" run --data "$at/data" --root "$repo/metadata/1.root.json" \
        --listen "$wide_net.$number.1" \
        --source "http://127.0.0.1:$(cat "$at/port")" --component "thing=$at/link" \
        >"$at/log" 2>&1 </dev/null &
    children="$children $!"
    echo "$!" >"$at/pid"
}

# The node of a case has activated the release of a directory.
has() {
    cmp -s "$(place "$1")/link/thing.bin" "$dir/$2/thing.bin"
}

# The node of a case says that something is wrong: with its looks, its fetches or its chunks.
complains() {
    "$WEFT" status --data "$(place "$1")/data" --json >"$(place "$1")/status" &&
        grep -Eq '"error": "|"down": true|"chunks_bad": [1-9]|"source_failures": [1-9]' \
            "$(place "$1")/status"
}

number=0
for case in $cases; do
    begin "$case"
done
for case in $cases; do
    until_true 20 has "$case" one ||
        { fault "$case: no first release"; cat "$(place "$case")/log"; }
done

for case in $cases; do
    echo "$case" >"$(place "$case")/mode"
done
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" thing "$dir/two/thing.bin"
for case in $cases; do
    kill -HUP "$(cat "$(place "$case")/pid")"
done
begin_s=$(date +%s)
for case in $cases; do
    case $case in
    *noranges) until_true 20 has "$case" two || fault "$case: not the whole file" ;;
    *silent | *trickle) ;; # slow is not wrong yet
    *)
        until_true 20 complains "$case" ||
            { fault "$case: no complaint"; cat "$(place "$case")/log" "$(place "$case")/status"; }
        # What comes before too much is verified and kept, so that one may be done already.
        { [ "$case" = targets:long ] && has "$case" two; } || has "$case" one ||
            fault "$case: the old release is not active any more"
        ;;
    esac
done
echo "all complain after $(($(date +%s) - begin_s)) s"

for case in $cases; do
    echo good >"$(place "$case")/mode"
done
begin_s=$(date +%s)
for case in $cases; do
    case $case in
    targets:*) ;; # it fetches by itself
    *) kill -HUP "$(cat "$(place "$case")/pid")" ;;
    esac
    until_true 30 has "$case" two || { fault "$case: never recovers"; cat "$(place "$case")/log"; }
done
echo "all recover within $(($(date +%s) - begin_s)) s"
for case in $cases; do
    requests=$("$WEFT" status --data "$(place "$case")/data" --json |
        sed -n 's/.*"source_requests": \([0-9]*\).*/\1/p')
    [ "${requests:-1000}" -lt 200 ] || fault "$case: $requests requests to a server that fails"
done
verdict
