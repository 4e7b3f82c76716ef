#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `weft source` as a web client sees it: ranges, ETags, conditions, methods, paths that lead out of
# the repository, the rate limit, messages for wrong use. Needs curl. WEFT names the program.
set -eu
WEFT=${WEFT:-build/release/weft}
case $WEFT in /*) ;; *) WEFT=$PWD/$WEFT ;; esac
command -v curl >/dev/null || { echo "source.sh: skipped: there is no curl"; exit 77; }
[ -x "$WEFT" ] || { echo "source.sh: skipped: $WEFT is not built"; exit 77; }
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY || true

scratch=$(mktemp -d)
pid=
finish() {
    code=$?
    [ "$code" -eq 0 ] || echo "source.sh: ended with exit code $code"
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$scratch"

failures=0
# expect NAME WANTED FOUND
expect() {
    if [ "$2" != "$3" ]; then
        echo "FAILED: $1: wanted '$2', found '$3'"
        failures=$((failures + 1))
    fi
}
# status PATH [CURL ARGUMENTS]: the status of an answer
status() {
    path=$1
    shift
    curl -s -o body -w '%{http_code}' --path-as-is "$@" "$url$path"
}
# header NAME PATH [CURL ARGUMENTS]: one header of an answer
header() {
    name=$1
    path=$2
    shift 2
    curl -s -o body -D - "$@" "$url$path" | tr -d '\r' | sed -n "s/^$name: //Ip"
}
# serve ARGUMENTS: start the server on a free port; sets pid and url
serve() {
    : >out # the shell in the background may be late to do it
    "$WEFT" source --repo repo --listen 127.0.0.1:0 "$@" >out 2>err &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        url=$(sed -n 's/.* at \(http:.*\)\/$/\1/p' out)
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    cat out err
    echo "FAILED: the server did not start"
    exit 1
}
stop() {
    kill -TERM "$pid"
    code=0
    wait "$pid" || code=$?
    pid=
    expect "exit code after SIGTERM" 0 "$code"
}

mkdir -p repo/metadata repo/targets/a outside
printf '0123456789abcdefghij' >repo/targets/a/file.bin
printf '{"signed":1}' >repo/metadata/timestamp.json
printf '{"signed":2}' >repo/metadata/1.root.json
printf 'with space' >'repo/targets/a/with space'
: >repo/targets/a/empty
printf 'secret' >outside/secret
ln -s ../../outside/secret repo/targets/out
ln -s "$scratch/outside/secret" repo/targets/absolute
ln -s a/file.bin repo/targets/in
ln -s ../outside repo/outdir
mkfifo repo/targets/pipe

serve --verbose
expect "whole file" 200 "$(status /targets/a/file.bin)"
expect "its bytes" 0123456789abcdefghij "$(cat body)"
expect "range" 206 "$(status /targets/a/file.bin -r 5-9)"
expect "its bytes" 56789 "$(cat body)"
expect "Content-Range" "bytes 5-9/20" "$(header Content-Range /targets/a/file.bin -r 5-9)"
expect "open range" 206 "$(status /targets/a/file.bin -r 15-)"
expect "its bytes" fghij "$(cat body)"
expect "last bytes" 206 "$(status /targets/a/file.bin -r -3)"
expect "their bytes" hij "$(cat body)"
expect "range over the end" 206 "$(status /targets/a/file.bin -r 18-99)"
expect "its bytes" ij "$(cat body)"
expect "range behind the end" 416 "$(status /targets/a/file.bin -r 20-)"
expect "its Content-Range" "bytes */20" "$(header Content-Range /targets/a/file.bin -r 20-)"
expect "several ranges" 200 "$(status /targets/a/file.bin -H 'Range: bytes=0-1,4-5')"
expect "empty file" 200 "$(status /targets/a/empty)"
expect "name with a space" 200 "$(status /targets/a/with%20space)"
expect "Accept-Ranges" bytes "$(header Accept-Ranges /targets/a/file.bin)"
expect "type of JSON" application/json "$(header Content-Type /metadata/1.root.json)"
expect "type of others" application/octet-stream "$(header Content-Type /targets/a/file.bin)"
expect "caching of what changes" no-cache "$(header Cache-Control /metadata/timestamp.json)"

etag=$(header ETag /targets/a/file.bin)
case $etag in '"'*'"') ;; *) expect "strong ETag" '"..."' "$etag" ;; esac
expect "If-None-Match" 304 "$(status /targets/a/file.bin -H "If-None-Match: $etag")"
expect "other If-None-Match" 200 "$(status /targets/a/file.bin -H 'If-None-Match: "x"')"
expect "If-Range" 206 "$(status /targets/a/file.bin -r 0-1 -H "If-Range: $etag")"
expect "other If-Range" 200 "$(status /targets/a/file.bin -r 0-1 -H 'If-Range: "x"')"
printf '0123456789ABCDEFGHIJ' >repo/targets/a/file.new
mv repo/targets/a/file.new repo/targets/a/file.bin
expect "If-Range after a change" 200 "$(status /targets/a/file.bin -r 0-1 -H "If-Range: $etag")"

expect "HEAD" 200 "$(status /targets/a/file.bin -I)"
expect "length in HEAD" 20 "$(header Content-Length /targets/a/file.bin -I)"
expect "POST" 405 "$(status /targets/a/file.bin -d body)"
expect "DELETE" 405 "$(status /targets/a/file.bin -X DELETE)"

for path in / /targets /targets/ /nothing /targets/a/file.bin/ /targets/pipe /../outside/secret \
    /targets/../../outside/secret /%2e%2e/outside/secret /targets/%2e%2e/%2e%2e/outside/secret \
    /..%2foutside%2fsecret //etc/passwd /targets/out /targets/absolute /outdir/secret \
    /targets/a/file.bin%00.json /targets/a/./../../../outside/secret; do
    expect "$path" 404 "$(status "$path")"
done
expect "link inside" 200 "$(status /targets/in)"
grep -q 'GET /targets/a/file.bin bytes=5-9 206' err || expect "access log" "a line" "none"

# The repository is replaced by a rename while the server runs.
cp -r repo next
printf 'new' >next/targets/a/fresh
mv repo old
mv next repo
expect "file of the new repository" 200 "$(status /targets/a/fresh)"

port=${url##*:}
code=0
"$WEFT" source --repo repo --listen "127.0.0.1:$port" >out2 2>err2 || code=$?
expect "exit code, port in use" 4 "$code"
grep -q "in use" err2 || expect "message, port in use" "in use" "$(cat err2)"
stop

# 400 kB at 1.6 Mbit/s take 2 s, also over two connections; a burst of 32 KiB comes at once.
head -c 200000 /dev/zero >repo/targets/big
serve --rate 1600kbit
begin=$(date +%s%N)
curl -s -o /dev/null "$url/targets/big" &
one=$!
curl -s -o /dev/null "$url/targets/big"
wait "$one"
taken=$((($(date +%s%N) - begin) / 1000000))
[ "$taken" -ge 1600 ] && [ "$taken" -le 6000 ] || expect "time at the limit" "1.6..6 s" "$taken ms"
stop

# refused CODE ARGUMENTS: a wrong command line has its exit code and a message
refused() {
    wanted=$1
    shift
    code=0
    "$WEFT" source "$@" >out2 2>err2 || code=$?
    expect "exit code of: source $*" "$wanted" "$code"
    [ -s err2 ] || expect "message of: source $*" "some" "none"
}
refused 2
refused 2 --repo repo
refused 2 --repo repo --listen nowhere
refused 2 --repo repo --listen 127.0.0.1:0 --rate fast
refused 2 --repo repo --listen 127.0.0.1:0 --bogus
refused 1 --repo missing --listen 127.0.0.1:0
refused 1 --repo repo/targets/big --listen 127.0.0.1:0
refused 1 --repo repo --listen 8.8.8.8:0

[ "$failures" -eq 0 ] || exit 1
echo "source.sh: passed"
