#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A segment of IPv6: it works as one of IPv4; SIGTERM of an agent hands its leases over; a node
comes back with another address of the segment and goes on with what it had.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway --- nodes 1.1 to 1.4      fd00:1::/64
"""
import os
import time

from lab import MIB, PATIENCE_S, Lab, check, run, seconds, sh, skip, wait_until

SIZE = 24 * MIB
GAP_S = 2


def source_bytes(nodes):
    return sum(node.tiers().get("source", 0) for node in nodes)


def longest_gap(nodes, stop):
    """The longest time in which the nodes got nothing from the source, until stop() is true."""
    last, bytes_last, longest = time.monotonic(), source_bytes(nodes), 0.0
    while not stop():
        now, bytes_now = time.monotonic(), source_bytes(nodes)
        longest = max(longest, now - last)
        if bytes_now > bytes_last:
            last, bytes_last = now, bytes_now
        time.sleep(0.02)
    return longest


def moves():
    if not os.path.exists("/proc/sys/net/ipv6"):
        skip("this kernel has no IPv6")
    lab = Lab(segments=(4,), v6=True)
    lab.begin("--agents=1")
    payload = lab.release(SIZE)
    lab.wait_share(0.3, SIZE)
    agent = max(lab.nodes, key=lambda node: node.tiers().get("source", 0))
    others = [node for node in lab.nodes if node is not agent]
    kept = agent.have()
    agent.leave()
    had = max(node.have() for node in others)
    until = had + SIZE // 5
    gap = longest_gap(others, lambda: max(node.have() for node in others) >= until)
    check(gap < GAP_S, f"{gap:.1f} s without the source after the SIGTERM of an agent")

    # It comes back with another address.
    held = others[-1].have()
    old = agent.address
    agent.address = lab.address(1, 77)
    sh("ip", "-n", agent.name, "addr", "del", f"{old}/64", "dev", "eth0")
    lab.assign(agent.name, "eth0", agent.address)
    agent.start()
    took = lab.wait_active(payload)
    again = agent.tiers()

    def known():
        """All know the new address, none believes in the old one."""
        for node in others:
            members = {member["address"]: member["state"]
                       for member in node.status().get("members", [])}
            if (members.get(f"[{agent.address}]:7767") != "alive" or
                    members.get(f"[{old}]:7767") == "alive"):
                return False
        return True

    wait_until(known, PATIENCE_S, "all know the new address")
    twice = sum(node.counters()["chunks_twice"] for node in lab.nodes)
    received = sum(again.values())
    check(received <= SIZE - kept, f"the node that moved had {kept} bytes and fetched {again}")
    print(f"IPv6: {gap:.2f} s without the source after SIGTERM of the agent; it came back with "
          f"{kept / SIZE:.0%} and another address when the others had {held / SIZE:.0%}, and "
          f"fetched {received / SIZE:.0%}; all done {seconds(took)} later, {twice} chunks twice")


run(moves)
