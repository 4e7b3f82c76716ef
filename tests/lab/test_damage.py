#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The stored file of a release is damaged by hand, under a running and under a stopped node: only
the damaged chunk is fetched again, and bad bytes are neither served nor activated.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway --- nodes 1.1 and 1.2
"""
import os
import shutil

from lab import HOME, MIB, PATIENCE_S, Lab, check, content, run, wait_until, write_random

SIZE = 4 * MIB
CHUNK = 32 * 1024


def damage(node, expected, chunks, cut=False):
    """Turn the first bytes of some chunks of the stored payload; |cut|: the file ends there."""
    path = next(path for path in node.stored() if os.path.getsize(path) == SIZE)
    check(content(path) == expected, "the stored file is not the payload")
    with open(path, "r+b") as file:
        for chunk in chunks:
            file.seek(chunk * CHUNK)
            byte = file.read(1)
            file.seek(chunk * CHUNK)
            file.write(bytes([byte[0] ^ 0xFF]))
        if cut:
            file.truncate()


def is_mended(node, expected):
    """Does the store hold the payload, under its name of a complete or of an unfinished release?"""
    return any(content(path) == expected for path in node.stored())


def damaged():
    lab = Lab(segments=(2,))
    one, two = lab.nodes
    lab.begin(nodes=[one])
    path = write_random(f"{HOME}/p/payload.bin", SIZE, 1)
    payload = content(path)
    lab.publish(path)
    one.look()
    lab.wait_active(payload, [one])

    # Running: the other node asks for all chunks, and the damaged ones among them.
    damage(one, payload, (3, 77))
    two.start()
    lab.wait_active(payload, [two])
    wait_until(lambda: is_mended(one, payload), PATIENCE_S, "the running node mends its file")
    running = one.tiers()["source"] + two.tiers()["source"] - SIZE
    bad = two.counters()["chunks_bad"]
    check(bad == 0, f"{bad} damaged chunks were served")
    check(0 < running <= 4 * CHUNK, f"{running} bytes were fetched again for two chunks")

    # Stopped, and the activated copy is gone: it is made from the store again, but mended first.
    one.kill()
    damage(one, payload, (0, 5, 127))
    shutil.rmtree(os.path.join(one.data, "active"))
    one.start()
    seen = set()

    def mended():
        seen.add(one.active())
        return one.active() == payload

    wait_until(mended, PATIENCE_S, "the node that was stopped activates the release again")
    check(seen <= {None, payload}, "bad bytes were active")
    check(is_mended(one, payload), "the stored file is not mended")
    stopped = sum(one.tiers().values())
    check(0 < stopped <= 3 * CHUNK, f"{stopped} bytes were fetched again for three chunks")

    # Stopped, and the file is shorter than it was.
    one.kill()
    damage(one, payload, (100,), cut=True)
    shutil.rmtree(os.path.join(one.data, "active"))
    one.start()
    lab.wait_active(payload, [one])
    rest = sum(one.tiers().values())
    check(0 < rest <= 28 * CHUNK, f"{rest} bytes were fetched again for 28 chunks")
    print(f"damage: {running // CHUNK} of {SIZE // CHUNK} chunks fetched again for 2 damaged under "
          f"a running node, {stopped // CHUNK} for 3 under a stopped one, {rest // CHUNK} for 28 "
          f"cut off; 0 served bad, none active")


run(damaged)
