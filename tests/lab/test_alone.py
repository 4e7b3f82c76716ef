#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A lone node completes from the source; a second one that joins gets all from the first.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway --- node 1.1, later node 1.2
"""
from lab import HOME, MIB, Lab, check, content, run, seconds, write_random

SIZE = 4 * MIB


def alone_then_two():
    lab = Lab(segments=(2,))
    one, two = lab.nodes
    lab.begin(nodes=[one])
    payload = write_random(f"{HOME}/p/payload.bin", SIZE, 1)
    lab.publish(payload)
    one.look()
    took = lab.wait_active(content(payload), [one])
    alone = one.tiers()
    check(alone["source"] == SIZE, f"a lone node took {alone} of {SIZE} bytes")
    sent = one.counters()["source_requests"]
    before = lab.wan_bytes(1)
    two.start()
    joined = lab.wait_active(content(payload), [two])
    tiers = two.tiers()
    check(tiers["source"] == 0 and tiers["peer"] + tiers["agent"] == SIZE,
            f"the second of two nodes took {tiers}")
    print(f"alone: {seconds(took)}, all from the source in {sent} requests; a second node: "
          f"{seconds(joined)} after its start, all from the first, "
          f"{lab.wan_bytes(1) - before} bytes over the WAN")


run(alone_then_two)
