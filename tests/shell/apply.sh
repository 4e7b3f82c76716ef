#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# weft apply: what a node left takes effect elsewhere, with own trust; and a node that was taken
# over, so that everything in its directory may be anything, brings nothing into effect that is not
# signed, and does not hold apply up.
# shellcheck source=common
. "$(dirname "$0")/common"

repo=$dir/repo
chmod 755 "$dir"
for version in 1 2; do
    head -c 3000000 /dev/urandom >"$dir/content$version"
done
expect 0 "" "$WEFT" keygen --keys "$dir/keys"

# publish VERSION
publish() {
    cp "$dir/content$1" "$dir/payload.bin"
    expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version "$1" payload \
        "$dir/payload.bin"
}

mkdir "$dir/tree" "$dir/tree/sub"
echo one >"$dir/tree/sub/file"
ln -s /etc/passwd "$dir/tree/link"
expect 0 "" "$WEFT" publish --repo "$repo" --keys "$dir/keys" --version 1 tree "$dir/tree"

# apply CODE WORDS DATA STATE FLAG...: `weft apply`, with what it must answer.
apply() {
    code=$1 words=$2 data=$3 state=$4
    shift 4
    expect "$code" "$words" "$WEFT" apply --data "$data" --state "$state" --root "$dir/root.json" \
        --component "payload=$state.links/payload" "$@"
}

# is_active STATE VERSION: the link names exactly this version.
is_active() {
    cmp -s "$1.links/payload/payload.bin" "$dir/content$2"
}

# release_of COMPONENT: where the node keeps its active release, below its directory.
release_of() {
    readlink "$dir/node/active/$1/current" | sed 's|.*-\(.*\)|releases/\1.data|'
}

# A node fetches version 1, then 2; its directory is copied after each.
publish 1
install -m 600 "$repo/metadata/1.root.json" "$dir/root.json"
start source "$WEFT" source --repo "$repo" --listen 127.0.0.1:0
until_true 5 grep -q serving "$dir/source.log" || fault "the source does not start"
port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\).*|\1|p' "$dir/source.log" | head -n 1)
start node "$WEFT" run --data "$dir/node" --root "$dir/root.json" --listen "$net.1" \
    --source "http://127.0.0.1:$port" --component payload --component tree
node=$pid
until_true 10 grep -q "payload: version 1 is active" "$dir/node.log" || fault "no payload"
until_true 10 grep -q "tree: version 1 is active" "$dir/node.log" || fault "no tree"
[ -e "$dir/node/ready" ] || fault "the node does not say that a release is ready"
cp -a "$dir/node" "$dir/node1"
publish 2
kill -HUP "$node"
until_true 10 grep -q "version 2 is active" "$dir/node.log" || fault "the node has no version 2"
kill "$node"
wait "$node"
mkdir "$dir/ours.links" "$dir/old.links"

# The way it should be: twice the same, a command, the next version, no way back.
apply 0 "payload: active in $dir/ours/active/payload/1-" "$dir/node1" "$dir/ours"
is_active "$dir/ours" 1 || fault "version 1 is not in effect"
apply 0 "ran for 1" "$dir/node1" "$dir/ours" --on-update "echo ran for \$WEFT_VERSION"
! grep -q "sandbox: off" "$dir/out" || fault "it is not confined"
cp -a "$dir/ours" "$dir/old"
apply 0 "payload: active in $dir/old/active/payload/1-" "$dir/node1" "$dir/old"
apply 0 "active in $dir/ours/active/payload/2-" "$dir/node" "$dir/ours"
is_active "$dir/ours" 2 || fault "version 2 is not in effect"
apply 1 "timestamp" "$dir/node1" "$dir/ours" # a rollback
is_active "$dir/ours" 2 || fault "a rollback took effect"
expect 2 "--component" "$WEFT" apply --root "$dir/root.json"
expect 2 "--root" "$WEFT" apply --component payload

# A tree, and one that was changed: neither it nor a part of it is laid out.
apply 0 "tree: active in" "$dir/node" "$dir/ours" --component "tree=$dir/ours.links/tree"
diff -r --no-dereference "$dir/tree" "$dir/ours.links/tree/" || fault "another tree is in effect"
cp -a "$dir/node" "$dir/cut"
printf 'x' | dd of="$dir/cut/$(release_of tree)" bs=1 seek=600 conv=notrunc 2>/dev/null
mkdir "$dir/fresh.links"
apply 1 "tree: the stored release does not match its signed hash" "$dir/cut" "$dir/fresh" \
    --component "tree=$dir/fresh.links/tree"
is_active "$dir/fresh" 2 || fault "one bad component holds up the others"
[ ! -e "$dir/fresh.links/tree" ] || fault "a bad tree is in effect"
[ -z "$(find "$dir/fresh/active/tree" "$dir/fresh/tmp" -mindepth 1)" ] ||
    fault "a bad tree is left behind"

# hostile CODE WORDS COMMAND: in a fresh copy of the node's directory; version 1 stays in effect.
hostile() {
    code=$1 words=$2 command=$3
    rm -rf "$dir/bad"
    cp -a "$dir/node" "$dir/bad"
    (cd "$dir/bad" && eval "$command") || fault "cannot prepare: $command"
    apply "$code" "$words" "$dir/bad" "$dir/old"
    is_active "$dir/old" 1 || fault "version 1 is not in effect after: $command"
    rm -rf "$dir/old"
    cp -a "$dir/before" "$dir/old"
}
cp -a "$dir/old" "$dir/before"
release=$(release_of payload)
cp "$dir/content2" "$dir/right"
hostile 0 "has not finished version 2" "rm $release"
hostile 1 "not a file that the node made" "rm $release; ln -s $dir/right $release"
hostile 1 "not a file that the node made" "rm $release; ln -s /etc/passwd $release"
hostile 1 "not a file that the node made" "rm $release; mkfifo $release"
hostile 1 "not a file that the node made" "rm $release; mkdir $release"
hostile 1 "not a file that the node made" "mv releases r; ln -s r releases"
hostile 1 "signed hash" "printf x | dd of=$release bs=1 seek=1234567 conv=notrunc 2>/dev/null"
hostile 1 "signed length" "truncate -s 2999999 $release"
hostile 1 "signed length" "truncate -s 1T $release"
hostile 1 "" "mv trust t; ln -s t trust"
hostile 1 "" "rm trust/timestamp.json; mkfifo trust/timestamp.json"
hostile 1 "" "rm trust/timestamp.json; ln -s /dev/zero trust/timestamp.json"
hostile 1 "" "truncate -s 1T trust/timestamp.json"
hostile 1 "" "echo {} >trust/timestamp.json"
hostile 1 "" "sed -i 's/\"version\": *[0-9]*/\"version\":999/' trust/timestamp.json"
hostile 1 "" "rm trust/*.snapshot.json"
hostile 1 "" "rm -r trust"

# Another publisher's metadata, right in itself.
expect 0 "" "$WEFT" keygen --keys "$dir/keys2"
expect 0 "" "$WEFT" publish --repo "$dir/repo2" --keys "$dir/keys2" --version 3 payload \
    "$dir/content2"
hostile 1 "" "cp $dir/repo2/metadata/timestamp.json trust/timestamp.json"

# Who could write where something is believed.
chmod 777 "$dir/old"
apply 1 "--state" "$dir/node" "$dir/old"
chmod 755 "$dir/old"
chmod 666 "$dir/root.json"
apply 1 "--root" "$dir/node" "$dir/old"
chmod 600 "$dir/root.json"
chmod 775 "$dir/old.links"
apply 1 "directory of LINK" "$dir/node" "$dir/old"
chmod 755 "$dir/old.links"
if [ "$(id -u)" -eq 0 ]; then
    hostile 1 "not a file that the node made" "chown nobody $release"
    hostile 1 "" "chown nobody trust/timestamp.json"
    chown nobody "$dir/root.json"
    apply 1 "another user" "$dir/node" "$dir/old"
    chown root "$dir/root.json"
    # A node of another user, whose files nobody else may read.
    cp -a "$dir/node" "$dir/theirs"
    chown -R nobody "$dir/theirs"
    chmod -R go= "$dir/theirs"
    mkdir "$dir/own.links"
    apply 0 "active in" "$dir/theirs" "$dir/own"
    is_active "$dir/own" 2 || fault "what another user's node has is not applied"
fi

# One at a time.
(exec 9>"$dir/old/lock" && flock 9 && exec sleep 97) &
sleeper=$!
until_true 5 sh -c "! flock --nonblock '$dir/old/lock' true" || fault "the lock is not taken"
apply 4 "another 'weft apply'" "$dir/node" "$dir/old"
kill "$sleeper" 2>/dev/null
wait "$sleeper" 2>/dev/null

# A race: the release is exchanged and written to while apply reads it. It may fail; it may not be
# fooled.
rm -rf "$dir/bad"
cp -a "$dir/node" "$dir/bad"
cp "$dir/content1" "$dir/bad/wrong"
cp "$dir/content2" "$dir/bad/good"
(
    cd "$dir/bad" || exit
    while :; do
        cp wrong x && mv -f x "$release"
        cp good x && mv -f x "$release"
        dd if=wrong of="$release" bs=4096 skip=300 seek=300 count=50 conv=notrunc 2>/dev/null
        dd if=good of="$release" bs=4096 skip=300 seek=300 count=50 conv=notrunc 2>/dev/null
    done
) &
children="$children $!"
won=0 lost=0
for _ in $(seq 40); do
    rm -rf "$dir/old"
    cp -a "$dir/before" "$dir/old"
    if timeout 20 "$WEFT" apply --data "$dir/bad" --state "$dir/old" --root "$dir/root.json" \
        --component "payload=$dir/old.links/payload" >"$dir/out" 2>&1; then
        won=$((won + 1))
        is_active "$dir/old" 2 || fault "apply was fooled"
    else
        lost=$((lost + 1))
        ls -d "$dir"/old/active/payload/2-* >/dev/null 2>&1 && fault "a bad release was laid out"
    fi
done
echo "race: $won applied, $lost refused"
verdict
