#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The walk-throughs of README.md, section "Keys: change, loss, theft": its very commands are run,
# one after the other, and a node (weft fetch, which keeps what it trusts) has to follow each.
# shellcheck source=common
. "$(dirname "$0")/common"

mkdir "$dir/bin" "$dir/walk"
ln -s "$WEFT" "$dir/bin/weft"
PATH=$dir/bin:$PATH
cd "$dir/walk" || exit 1

# commands HEADING: the commands that stand under it.
commands() {
    awk -v heading="### $1" '/^#/ {on = $0 == heading} on && /^    /' "$root/README.md"
}

# walk HEADING [FROM [TO]]: run those commands, or some of their lines, up to the first that fails.
walk() {
    commands "$1" | sed -n "${2:-1},${3:-\$}p" >../script
    [ -s ../script ] || fault "no commands under '$1'"
    sh -eu ../script >../log 2>&1 || { fault "'$1' fails"; cat ../log; }
}

# follows VERSION: the node gets this version of the component, and not from what it had before.
follows() {
    rm -f got
    expect 0 "verified" timeout 20 weft fetch --source "$url" --root 1.root.json --out got \
        "pattern/$1/pattern.dat"
}

# gets_engine VERSION: the node gets the component that is delegated.
gets_engine() {
    rm -f engine-got
    expect 0 "verified" timeout 20 weft fetch --source "$url" --root 1.root.json \
        --out engine-got "engine/$1/engine.bin"
}

# refuses WORDS: the node does not take what is there now.
refuses() {
    expect 1 "$1" weft fetch --source "$url" --root 1.root.json --out got pattern/1.0/pattern.dat
}

echo one >pattern.dat
walk "A root of three people, any two of whom decide"
cp repo/metadata/1.root.json 1.root.json
start source "$WEFT" source --repo repo --listen "$net.1:8080"
url=http://$net.1:8080
until_true 5 grep -q serving ../source.log || fault "the source does not start"
follows 1.0

# One of two signatures: said, and not installed.
weft root new half --root alice/alice.pub --root bob/bob.pub --root-threshold 2 \
    --targets online/targets.pub --snapshot online/snapshot.pub --timestamp online/timestamp.pub \
    >/dev/null || fault "root new fails"
expect 0 "signed by 1 of 2 keys, 2 are needed; missing:" weft root sign half --keys alice
expect 1 "half is not complete" weft root status half
expect 1 "nodes would refuse this root" weft root install half --repo elsewhere
[ -e elsewhere/metadata/1.root.json ] && fault "an incomplete root was installed"
expect 1 "no key in carol is asked for" weft root sign half --keys carol
expect 1 "half exists already" weft root new half --root alice/alice.pub
expect 1 "role timestamp has 0 keys" weft root new other --root alice/alice.pub \
    --targets online/targets.pub
expect 1 "role root has 1 keys, but 2" weft root new other --root alice/alice.pub \
    --root-threshold 2
expect 2 "new, rotate, sign" weft root destroy half
expect 2 "new, rotate, sign" weft root new

walk "Change a key"
expect 1 "is not a root document" weft root status repo/metadata/timestamp.json
follows 1.0
public=$(sed -n 's/.*"public": "\(.*\)".*/\1/p' online/targets-2.pub)
grep -q "$public" repo/metadata/2.root.json ||
    fault "root 2 has not the new key"

walk "Two release keys, and one of them is lost" 1 8
follows 1.1
mv online/release-b.key lost
echo two >pattern.dat
expect 1 "has 1 of the 2 keys that repo asks for to sign targets" weft publish --repo repo \
    --keys online --version 1.2 pattern pattern.dat
walk "Two release keys, and one of them is lost" 9
follows 1.2

# The thief signs 20 generations with both keys and shows them to the node.
cp -r repo thief
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    weft refresh --repo thief --keys online --expires-snapshot 1s >/dev/null || fault "thief fails"
done
mv repo honest
mv thief repo
follows 1.2
mv repo thief
mv honest repo
weft refresh --repo repo --keys online >/dev/null || fault "refresh fails"
refuses "which is trusted"
walk "The timestamp and snapshot keys are stolen"
follows 1.2

# What the stolen keys sign now reaches nobody.
mv repo honest
mv thief repo
cp honest/metadata/*.root.json repo/metadata/
refuses "is signed by 0 of the 1 keys that root version 5 asks for"
mv repo thief
mv honest repo

echo engine >engine.bin
expect 1 "delegates nothing to a role dora" weft publish --role dora --repo repo --keys online \
    --version 6 engine engine.bin
expect 0 "" weft keygen --keys early --name early
expect 1 "its holders make one with: weft delegate early --begin" weft delegate early \
    --repo repo --keys online --key early/early.pub --component other
walk "Somebody else publishes a component" 1 5
gets_engine 7
expect 1 "role dora may not list pattern" weft publish --role dora --repo repo --keys dora \
    --version 9 pattern pattern.dat
follows 1.2

# The key is stolen, and given up: what it signs, before or after, is not taken.
cp dora/dora.key stolen
walk "Somebody else publishes a component" 6 10
rm dora/dora-2.key
expect 1 "has 0 of the 1 keys" weft publish --role dora --repo repo --keys dora --version 9 \
    engine engine.bin
gets_engine 8
expect 1 "lists no target" weft fetch --source "$url" --root 1.root.json engine/7/engine.bin

walk "Somebody else publishes a component" 11
expect 1 "lists no target" weft fetch --source "$url" --root 1.root.json engine/8/engine.bin
follows 1.2
verdict
