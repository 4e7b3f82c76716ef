#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The source goes away half-way: nodes share what they have, say why they wait, and finish when it
is back.   test_source_stopped.py [SECONDS]   how long it is away, 8 unless told

    source --20 Mbit/s-- core --20 Mbit/s-- gateway 1 --- nodes 1.1 to 1.3
                              --20 Mbit/s-- gateway 2 --- nodes 2.1 to 2.3
"""
import sys
import time

from lab import MIB, Lab, check, copies, run, seconds

SIZE = 12 * MIB
AWAY_S = float(sys.argv[1]) if len(sys.argv) > 1 else 8


def source_stopped():
    lab = Lab(segments=(3, 3), wan=20, uplink=20)
    lab.begin()
    payload = lab.release(SIZE)
    lab.wait_share(0.5, SIZE)
    spread = [node.have() for node in lab.nodes]
    lab.stop_source()
    stopped = time.monotonic()
    time.sleep(AWAY_S - 1)
    documents = [node.status() for node in lab.nodes]
    held = [node.have(status=document) for node, document in zip(lab.nodes, documents)]
    reasons = sorted({document["node"]["stall"] for document in documents})
    down = [document for document in documents if document["source"]["down"]]
    time.sleep(max(0.0, AWAY_S - (time.monotonic() - stopped)))
    lab.start_source()
    took = lab.wait_active(payload)
    tiers = [node.tiers() for node in lab.nodes]
    source = sum(tier["source"] for tier in tiers)
    outside = source + sum(tier["remote"] for tier in tiers)
    figures = (f"{min(spread) / SIZE:.0%} to {max(spread) / SIZE:.0%} of the release when it went, "
               f"{min(held) / SIZE:.0%} to {max(held) / SIZE:.0%} before it came back, waiting for "
               f"{', '.join(reasons)}; done {seconds(took)} after {AWAY_S:.0f} s without it, "
               f"{copies(source, SIZE)} copies from the source in all, "
               f"{copies(outside, 2 * SIZE)} into each segment")
    check(min(held) == max(held), f"not all that was there was shared: {figures}")
    check(down and "source-down" in reasons, f"nobody says that the source is down: {figures}")
    check(outside <= 1.05 * 2 * SIZE, f"more over the WAN than needed: {figures}")
    print(f"source stopped: {figures}")


run(source_stopped)
