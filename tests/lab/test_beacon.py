#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes that know no address of each other find each other by beacons on their link; one with
--no-beacon, and one behind a router, stay alone.

    node 1.1, 1.2, 1.3 (--no-beacon) --- gateway 1 --- core --- gateway 2 --- node 2.1

So do two groups that grew apart:

    node 1.1, 1.2 --- gateway 1 --- (a cable that comes later) --- node 1.3, 1.4
"""
from lab import HOME, MIB, Lab, check, run, seconds, sh, wait_until, write_random


def members(node):
    return node.status().get("segment", {}).get("alive", 0)


def beacons():
    lab = Lab(segments=(3, 1))
    lab.seeds = lambda: []
    one, two, mute, far = lab.nodes
    lab.begin(nodes=[])
    one.start()
    mute.start("--no-beacon")
    far.start()
    wait_until(lambda: all(members(node) == 1 for node in (one, mute, far)), 5, "they run")
    two.start()
    _, took = wait_until(lambda: members(one) == 2 and members(two) == 2, 15,
                         "two lone nodes of one link meet")
    lab.publish(write_random(f"{HOME}/p/payload.bin", MIB, 1))
    one.look()
    _, fetched = wait_until(lambda: len(two.active() or "") == MIB, 20, "it has the release")
    tiers = two.tiers()
    # Both are agents of a segment this small, so either may fetch any part; they share the rest.
    check(tiers["peer"] + tiers["agent"] > 0, f"the second one took {tiers}")
    check(members(mute) == 1 and members(far) == 1, "a mute or a far node was found")
    shared = 100 * (tiers["peer"] + tiers["agent"]) // MIB
    print(f"two nodes without seeds met {seconds(took)} after the start of the second one, which "
          f"had 1 MiB after {seconds(fetched)}, {shared} % of it from the first; a mute and a far "
          f"one stay alone")


def groups():
    lab = Lab(segments=(4,))
    lab.seeds = lambda: []
    lab.publish(write_random(f"{HOME}/first/payload.bin", 1000, 0))
    sh("ip", "-n", "gw1", "link", "add", "name", "apart", "type", "bridge", "mcast_snooping", "0")
    sh("ip", "-n", "gw1", "link", "set", "apart", "up")
    for port in ("n3", "n4"):
        sh("ip", "-n", "gw1", "link", "set", port, "master", "apart")
    for node in lab.nodes:
        node.start()
    wait_until(lambda: all(members(node) == 2 for node in lab.nodes), 30, "two groups of two")
    for port in ("n3", "n4"):
        sh("ip", "-n", "gw1", "link", "set", port, "master", "lan")
    _, took = wait_until(lambda: all(members(node) == 4 for node in lab.nodes), 120,
                         "the groups become one")
    print(f"two groups that knew nothing of each other were one {seconds(took)} after they could")


run(beacons, groups)
