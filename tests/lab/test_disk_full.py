#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk of one node is full: it says so, the others are not disturbed, and it goes on by itself
when there is room.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway --- nodes 1.1 to 1.3, 1.3 with a disk of 6 MiB
"""
import os

from lab import MIB, PATIENCE_S, Lab, check, copies, run, seconds, sh, wait_until

SIZE = 8 * MIB


def disk_full():
    lab = Lab(segments=(3,))
    *healthy, full = lab.nodes
    os.makedirs(full.data)
    sh("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", full.data)
    lab.begin()
    payload = lab.release(SIZE)
    took = lab.wait_active(payload, healthy)

    def complaint():
        for component in full.status().get("components", []):
            if component["name"] == "payload" and component["error"]:
                return component["error"]
        return None

    words = wait_until(complaint, PATIENCE_S, "the status says that the disk is full")[0]
    had = full.have()
    check("no space" in words.lower(), f"no clear words: {words}")
    check(full.active() != payload and full.active() is not None,
            "the old release is not active any more")
    check(full.process.is_running(), "the node with the full disk ended")
    sh("mount", "-o", "remount,size=64m", full.data)
    recovered = lab.wait_active(payload, [full])
    source = sum(node.tiers()["source"] for node in lab.nodes)
    received = sum(full.tiers().values())
    figures = (f"others done after {seconds(took)}; it had {had / SIZE:.0%} and said \"{words}\"; "
               f"done {seconds(recovered)} after there was room, having received "
               f"{copies(received, SIZE)} copies; {copies(source, SIZE)} from the source")
    check(source <= 1.1 * SIZE, figures)
    print(f"disk full: {figures}")
    sh("umount", "-l", full.data)


run(disk_full)
