#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A directory of thousands of small files, and three more components at the same time.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway 1 --- nodes 1.1 and 1.2
                              --40 Mbit/s-- gateway 2 --- nodes 2.1 and 2.2
"""
import os
import random
import subprocess

from lab import (HOME, MIB, PATIENCE_S, Lab, check, content, copies, run, seconds, wait_until,
                 write_random)

FILES = 3000
SIZES = {"engine": 6 * MIB, "pattern": 2 * MIB, "tiny": 100}


def make_tree(path):
    """Small files, some empty, some executable, links that lead inside and outside."""
    dice = random.Random(7)
    for number in range(FILES):
        folder = os.path.join(path, f"d{number % 40}", f"e{number % 7}")
        os.makedirs(folder, exist_ok=True)
        name = os.path.join(folder, f"file {number}")
        with open(name, "wb") as file:
            file.write(dice.randbytes(dice.choice((0, 10, 500, 3000))))
        os.chmod(name, 0o755 if number % 10 == 0 else 0o644)
        if number % 50 == 0:
            os.symlink(dice.choice((f"file {number}", "../..", "/etc/passwd", "nowhere")),
                       os.path.join(folder, f"link {number}"))
    return path


def same(one, two):
    return subprocess.run(["diff", "-rq", "--no-dereference", one, two + "/"], check=False,
                          capture_output=True).returncode == 0


def trees():
    lab = Lab(segments=(2, 2))
    tree = make_tree(f"{HOME}/tree")
    lab.begin(components=("payload", "tree", *SIZES))
    payloads = {}
    for seed, (name, size) in enumerate(SIZES.items(), 10):
        path = write_random(f"{HOME}/{name}/{name}.bin", size, seed)
        payloads[name] = content(path)
        lab.publish(path, name)
    lab.publish(tree, "tree")
    lab.nodes[0].look()
    took = [lab.wait_active(payloads[name], name=name, file=f"{name}.bin") for name in SIZES]
    tree_took = wait_until(lambda: all(os.path.exists(node.link("tree")) for node in lab.nodes),
                             PATIENCE_S, "the tree is active everywhere")[1]
    for node in lab.nodes:
        check(same(tree, node.link("tree")), f"{node.name} has another tree")
        modes = {os.stat(os.path.join(root, "d0/e0/file 0")).st_mode & 0o777
                 for root in (tree, node.link("tree"))}
        check(modes == {0o755}, f"{node.name}: not executable")
    size = sum(SIZES.values()) + node.release("tree")["bytes"]
    outside = [sum(node.tiers(name)[tier] for node in lab.of(segment)
                   for name in ("tree", *SIZES) for tier in ("source", "remote"))
               for segment in (1, 2)]
    figures = (f"{FILES} small files and {len(SIZES)} more components, {size / MIB:.1f} MiB, in "
               f"{seconds(sum(took) + tree_took)}; WAN copies {copies(outside[0], size)} and "
               f"{copies(outside[1], size)}")
    check(max(outside) <= 1.1 * size, figures)
    print(f"trees: {figures}")


run(trees)
