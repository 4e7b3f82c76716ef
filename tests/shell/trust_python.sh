#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Is what weft signs valid for software that we did not write, and the other way round? Verifies a
# repository with Debian's python3-securesystemslib: key ids, signatures over its canonical JSON,
# pins, payloads. Then makes one with it (Ed25519, ECDSA, RSA, a threshold, a delegated role), which
# weft has to verify and fetch from.
# shellcheck source=common
. "$(dirname "$0")/common"
set -e

# Debian's python3, even if another one comes first in PATH.
python=/usr/bin/python3
if ! "$python" -c 'import securesystemslib.keys, nacl' 2>/dev/null; then
    echo "skipped: python3-securesystemslib or python3-nacl is not installed"
    exit 77
fi

mkdir "$dir/tree"
echo one >"$dir/tree/a"
printf 'two\n' >"$dir/tree/$(printf 'b \303\274')"
"$WEFT" keygen --keys "$dir/keys" >/dev/null
"$WEFT" publish --repo "$dir/repo" --keys "$dir/keys" virus "$dir/tree/a" >/dev/null
"$WEFT" publish --repo "$dir/repo" --keys "$dir/keys" --version 2.0 tree "$dir/tree" >/dev/null
"$WEFT" refresh --repo "$dir/repo" --keys "$dir/keys" >/dev/null

"$python" - "$dir/repo" <<'EOF'
import hashlib, json, os, sys
from securesystemslib.formats import encode_canonical
from securesystemslib.keys import verify_signature

repo = sys.argv[1]


def read(name):
    with open(os.path.join(repo, name), "rb") as file:
        return file.read()


def verified(data, root, role):
    document = json.loads(data)
    body = document["signed"]
    assert body["_type"] == role, body["_type"]
    good = 0
    for signature in document["signatures"]:
        if signature["keyid"] in root["roles"][role]["keyids"]:
            key = dict(root["keys"][signature["keyid"]], keyid=signature["keyid"])
            good += verify_signature(key, signature, encode_canonical(body).encode())
    assert good >= root["roles"][role]["threshold"], role
    return body


def pinned(entry, name):
    data = read(name)
    assert len(data) == entry["length"], name
    assert hashlib.sha256(data).hexdigest() == entry["hashes"]["sha256"], name
    return data


root = json.loads(read("metadata/1.root.json"))["signed"]
verified(read("metadata/1.root.json"), root, "root")
for keyid, key in root["keys"].items():
    assert hashlib.sha256(encode_canonical(key).encode()).hexdigest() == keyid
timestamp = verified(read("metadata/timestamp.json"), root, "timestamp")
pin = timestamp["meta"]["snapshot.json"]
snapshot = verified(pinned(pin, f"metadata/{pin['version']}.snapshot.json"), root, "snapshot")
pin = snapshot["meta"]["targets.json"]
targets = verified(pinned(pin, f"metadata/{pin['version']}.targets.json"), root, "targets")
assert set(targets["targets"]) == {"virus/1/a", "tree/2.0/tree.tar"}
for path, entry in targets["targets"].items():
    folder, name = os.path.split(path)
    file = f"targets/{folder}/{entry['hashes']['sha256']}.{name}"
    pinned(entry, file)
    weft = entry["custom"]["weft"]
    pin = weft["index"]
    pinned({"length": pin["length"], "hashes": {"sha256": pin["sha256"]}}, file + ".index")
print("4 documents, 2 releases")
EOF

"$python" - "$dir/theirs" <<'EOF'
import hashlib, json, os, sys
from securesystemslib.formats import encode_canonical
from securesystemslib.keys import (create_signature, generate_ecdsa_key, generate_ed25519_key,
                                   generate_rsa_key)

repo = sys.argv[1]
os.makedirs(os.path.join(repo, "metadata"))
os.makedirs(os.path.join(repo, "targets", "rules"))
edwards, curve, rsa = generate_ed25519_key(), generate_ecdsa_key(), generate_rsa_key(2048)


def public(keys):
    return {key["keyid"]: {"keytype": key["keytype"], "scheme": key["scheme"],
                           "keyval": {"public": key["keyval"]["public"]}} for key in keys}


def role(threshold, *keys):
    return {"keyids": [key["keyid"] for key in keys], "threshold": threshold}


def body(kind, version, **members):
    return dict({"_type": kind, "spec_version": "1.0.31", "version": version,
                 "expires": "2037-01-01T00:00:00Z", "x-other": ["\u00e9", None, True]}, **members)


def write(name, signed, keys):
    data = encode_canonical(signed).encode()
    text = json.dumps({"signatures": [create_signature(key, data) for key in keys],
                       "signed": signed}, indent=1).encode()
    with open(os.path.join(repo, "metadata", name), "wb") as file:
        file.write(text)
    return {"version": signed["version"], "length": len(text),
            "hashes": {"sha256": hashlib.sha256(text).hexdigest(),
                       "sha512": hashlib.sha512(text).hexdigest()}}


def target(path, data):
    digest = hashlib.sha512(data).hexdigest()
    folder, name = os.path.split(path)
    with open(os.path.join(repo, "targets", folder, f"{digest}.{name}"), "wb") as file:
        file.write(data)
    return {path: {"length": len(data), "hashes": {"sha512": digest}, "custom": {"other": 1}}}


roles = {"root": role(2, edwards, curve, rsa), "targets": role(2, curve, rsa),
         "snapshot": role(1, rsa), "timestamp": role(1, curve)}
write("1.root.json", body("root", 1, consistent_snapshot=True, roles=roles,
                          keys=public([edwards, curve, rsa])), [curve, rsa])
rules = write("4.rules.json", body("targets", 4, targets=target("rules/x y.txt", b"theirs")),
              [edwards])
delegation = dict(role(1, edwards), name="rules", paths=["rules/*"], terminating=True)
top = write("2.targets.json",
            body("targets", 2, targets=target("plain", b"top"),
                 delegations={"keys": public([edwards]), "roles": [delegation]}), [rsa, curve])
snapshot = write("3.snapshot.json",
                 body("snapshot", 3, meta={"targets.json": top, "rules.json": rules}), [rsa])
write("timestamp.json", body("timestamp", 9, meta={"snapshot.json": snapshot}), [curve])
EOF
expect 0 "2 target lists, 2 targets, 0 problems" "$WEFT" verify "$dir/theirs"
start source "$WEFT" source --repo "$dir/theirs" --listen "$net.1:8080"
until_true 5 grep -q serving "$dir/source.log" || fault "the source does not start"
cd "$dir" || exit 1
expect 0 "6 bytes, verified" "$WEFT" fetch --source "http://$net.1:8080" \
    --root theirs/metadata/1.root.json --trust trust --out got "rules/x y.txt"
[ "$(cat got)" = theirs ] || fault "another file came"
expect 0 "3 bytes, verified" "$WEFT" fetch --source "http://$net.1:8080" \
    --root theirs/metadata/1.root.json --trust trust --out got plain
verdict
