#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""certificate.py DATA KEY FROM UNTIL [SERIAL]

Gives the node of DATA another certificate: good from FROM to UNTIL, in seconds from now, signed
with the 32-byte seed in the file KEY, as number SERIAL. So tests need not wait for a
month. Run by Debian's python3, which has the nacl that scripts/setup installs."""
import os
import sys
import time

import nacl.signing

CERTIFICATE, BODY, SERIAL, DATES = 118, 104, 16, 24  # in the file, of the certificate, in it
END = CERTIFICATE + BODY + 64

data, key, begin, end = sys.argv[1:5]
path = os.path.join(data, "membership")
with open(path, "rb") as file:
    membership = file.read()
with open(key, "rb") as file:
    signer = nacl.signing.SigningKey(file.read())
now = int(time.time())
body = membership[CERTIFICATE:CERTIFICATE + BODY]
body = (body[:DATES] + (now + int(begin)).to_bytes(8, "big") + (now + int(end)).to_bytes(8, "big") +
        body[DATES + 16:])
if len(sys.argv) > 5:
    body = body[:SERIAL] + int(sys.argv[5]).to_bytes(8, "big") + body[DATES:]
signature = signer.sign(b"weft certificate" + membership[4:36] + body).signature
with open(path + ".new", "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
    file.write(membership[:CERTIFICATE] + body + signature + membership[END:])
os.rename(path + ".new", path)
