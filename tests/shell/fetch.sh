#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `weft fetch`: one target of a repository, right and wrong, and what is left behind.
# shellcheck source=common
. "$(dirname "$0")/common"

url=http://$net.1:8080
mkdir "$dir/in"
printf 'the first\n' >"$dir/in/rules v1.txt"
expect 0 "" "$WEFT" keygen --keys "$dir/keys"
expect 0 "" "$WEFT" publish --repo "$dir/repo" --keys "$dir/keys" --version 1 rules \
    "$dir/in/rules v1.txt"
start source "$WEFT" source --repo "$dir/repo" --listen "$net.1:8080"
until_true 5 grep -q serving "$dir/source.log" || fault "the source does not start"
cp "$dir/repo/metadata/1.root.json" "$dir/root.json"
cd "$dir" || exit 1
target="rules/1/rules v1.txt"

# fetch WORDS...: expect runs programs only.
printf '#!/bin/sh\nexec "%s" fetch --source "%s" --root root.json "$@"\n' "$WEFT" "$url" >fetch
chmod +x fetch

expect 0 "10 bytes, verified, from the source" ./fetch "$target"
cmp -s "in/rules v1.txt" "rules v1.txt" || fault "another file came"
expect 0 "was there already" ./fetch "$target"
mkdir to
expect 0 "to/rules v1.txt: 10 bytes" ./fetch --out to "$target"
expect 0 "copy: 10 bytes" ./fetch --out copy "$target"
echo wrong >copy
expect 0 "copy: 10 bytes, verified, from the source" ./fetch --out copy "$target"
cmp -s "in/rules v1.txt" copy || fault "a wrong file stayed"
expect 0 "verified" "$WEFT" fetch --metadata "$url/metadata/" --targets "$url/targets/" \
    --root root.json --trust elsewhere --out third "$target"
[ -e elsewhere/timestamp.json ] || fault "--trust was not used"

# What goes wrong is said, and leaves nothing behind.
expect 1 "lists no target 'rules/2/x'" ./fetch rules/2/x
expect 1 "cannot be reached" "$WEFT" fetch --source http://127.0.0.1:9 --root root.json x
expect 1 "is not a valid root document" "$WEFT" fetch --source "$url" --root copy "$target"
[ -e copy.trust ] && fault "a wrong root left a directory behind"
expect 1 "No such file" ./fetch --out missing/file "$target"
expect 2 "--root" "$WEFT" fetch --source "$url" "$target"
expect 2 "name the one TARGET" ./fetch
expect 2 "one or the other" "$WEFT" fetch --data d --root root.json "$target"
expect 3 "no node answers" "$WEFT" fetch --data "$dir/nothing" "$target"
file=$(find repo/targets -name '*rules v1.txt')
printf 'the fir5t\n' >"$file"
expect 1 "does not match its signed hash" ./fetch --out bad "$target"
printf 'the first\n and more\n' >"$file"
expect 1 "longer than signed metadata allows" ./fetch --out bad "$target"
printf 'the' >"$file"
expect 1 "shorter than signed metadata says" ./fetch --out bad "$target"
find . -name 'bad*' | grep -q . && fault "a refused file was left behind"

# A newer publish is followed; an older timestamp is not.
cp repo/metadata/timestamp.json old.json
printf 'the second\n' >in/second
expect 0 "" "$WEFT" publish --repo repo --keys keys --version 2 rules in/second
expect 0 "11 bytes" ./fetch rules/2/second
cp old.json repo/metadata/timestamp.json
expect 1 "is older than version 2, which is trusted" ./fetch rules/2/second
verdict
