#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Update Agent is killed half-way: another one fetches on within 5 s, and what the segment has
is not fetched again.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway --- nodes 1.1 to 1.5
"""
import time

from lab import MIB, Lab, check, copies, run, seconds, wait_until

SIZE = 24 * MIB
TAKEOVER_S = 5


def agent_killed():
    lab = Lab(segments=(5,))
    lab.begin("--agents=1")
    payload = lab.release(SIZE)
    lab.wait_share(0.5, SIZE)
    agent = max(lab.nodes, key=lambda node: node.tiers().get("source", 0))
    survivors = [node for node in lab.nodes if node is not agent]
    last = agent.status()
    agent.kill()
    killed = time.monotonic()
    had = max(node.have() for node in survivors)
    asked = [node.counters()["source_requests"] for node in survivors]
    fetched = sum(node.tiers()["source"] for node in survivors)
    wire = lab.wan_bytes(1)

    def fetches():
        return any(node.counters().get("source_requests", 0) > before
                   for node, before in zip(survivors, asked))

    wait_until(fetches, 2 * TAKEOVER_S, "a new fetch from the source")
    gap = time.monotonic() - killed
    took = lab.wait_active(payload, survivors)
    later = sum(node.tiers()["source"] for node in survivors) - fetched
    fetched += later + agent.tiers(status=last)["source"]
    twice = sum(node.counters()["chunks_twice"] for node in survivors)
    wire = lab.wan_bytes(1) - wire
    figures = (f"new WAN fetch after {seconds(gap)}; survivors had {had} of {SIZE} bytes and "
               f"fetched {later} more ({wire} on the wire, {twice} chunks twice); from the source "
               f"in all {copies(fetched, SIZE)} copies, done after {seconds(took)}")
    check(gap <= TAKEOVER_S, figures)
    check(later <= SIZE - had, figures)
    check(wire <= (SIZE - had) * 1.08 + MIB / 2, figures)
    print(f"agent killed: {figures}")


run(agent_killed)
