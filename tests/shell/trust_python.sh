#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Is what `weft publish` signs valid for software that we did not write? Verifies a repository with
# Debian's python3-securesystemslib: key ids, signatures over its canonical JSON, pins, payloads.
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
