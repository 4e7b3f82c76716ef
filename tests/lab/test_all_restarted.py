#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every node is killed half-way and started again: nothing that was verified is fetched again.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway 1 --- nodes 1.1 to 1.3
                              --40 Mbit/s-- gateway 2 --- nodes 2.1 to 2.3
"""
from lab import MIB, PATIENCE_S, Lab, check, copies, run, seconds, wait_until

SIZE = 24 * MIB


def received(node, status=None):
    return sum(node.tiers(status=status).values())


def all_restarted():
    lab = Lab(segments=(3, 3))
    lab.begin()
    payload = lab.release(SIZE)
    lab.wait_share(0.5, SIZE)
    first = [node.status() for node in lab.nodes]
    for node in lab.nodes:
        node.kill()
    for node in lab.nodes:
        node.start()
    again = [wait_until(node.have, PATIENCE_S, f"{node.name} knows what it has")[0]
             for node in lab.nodes]
    took = lab.wait_active(payload)
    worst = 0.0
    for node, before, now in zip(lab.nodes, first, again):
        had = node.have(status=before)
        check(now >= had, f"{node.name} had {had} bytes before, and {now} after the restart")
        worst = max(worst, (received(node, before) + received(node)) / SIZE)
    wire = [lab.wan_bytes(segment) / SIZE for segment in (1, 2)]
    source = sum(node.tiers(status=before).get("source", 0) + node.tiers()["source"]
                 for node, before in zip(lab.nodes, first))
    figures = (f"bytes of both lives at most {worst:.3f} of the size in any node; WAN on the wire "
               f"{wire[0]:.2f} and {wire[1]:.2f} copies, source {copies(source, SIZE)}; done "
               f"{seconds(took)} after the restart")
    check(worst <= 1.02, figures)
    check(max(wire) <= 1.25, figures)
    print(f"all restarted: {figures}")


run(all_restarted)
