#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Floods on the port of a node: garbage, and first messages that look right from spoofed addresses
and from a real one. A machine that starts meanwhile gets in, and memory stays flat.

    gateway 1 (floods) --- nodes 1.1 (flooded), 1.2, 1.3, 1.4 (start during a flood each)
"""
import multiprocessing
import os
import socket
import struct
import time

from lab import CLONE_NEWNET, LIBC, PATIENCE_S, Lab, check, run, seconds, wait_until

FLOOD_S = 4
PORT = 7767
INIT_BYTES = 313


def enter(ns):
    handle = os.open(f"/run/netns/{ns}", os.O_RDONLY)
    if LIBC.setns(handle, CLONE_NEWNET):
        os._exit(126)


def raw_socket(interface):
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    tap.bind((interface, 3))
    return tap


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(ethernet, source, target, payload):
    """An Ethernet frame with UDP from an address that need not exist; no UDP checksum."""
    def header(check_value):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 255, 17, check_value,
                           socket.inet_aton(source), socket.inet_aton(target))
    udp = struct.pack("!HHHH", PORT, PORT, 8 + len(payload), 0)
    return ethernet + header(checksum(header(0))) + udp + payload


def capture(queue):
    """The first message that a joining node sends: frame header, and payload."""
    enter("gw1")
    tap = raw_socket("n1")
    while True:
        packet = tap.recv(2000)
        is_init = len(packet) == 42 + INIT_BYTES and packet[42:46] == b"\0\0\0\1"
        if packet[23:24] == b"\x11" and is_init:
            queue.put((packet[:14], packet[42:]))
            return


def flood(interface, frames, counter):
    enter("gw1")
    tap = raw_socket(interface)
    until = time.monotonic() + FLOOD_S
    sent = 0
    while time.monotonic() < until:
        for each in frames:
            try:
                tap.send(each)
                sent += 1
            except OSError:
                pass
    counter.value = sent


def memory_kib(node):
    with open(f"/proc/{node.process.popen.pid}/status", encoding="ascii") as file:
        return int(next(row for row in file if row.startswith("VmRSS")).split()[1])


def spoofed(number):
    return f"10.1.{number % 200 + 1}.{number // 200 % 250 + 1}"


def floods():
    lab = Lab(segments=(5,), lan=1000)
    target, helper = lab.nodes[0], lab.nodes[4]
    lab.publish(__file__)
    lab.start_source()
    target.start(source=False)
    wait_until(target.status, PATIENCE_S, "the node runs")
    queue = multiprocessing.Queue()
    tap = multiprocessing.Process(target=capture, args=(queue,), daemon=True)
    tap.start()
    time.sleep(0.5)
    helper.start(source=False)
    ethernet, init = queue.get(timeout=PATIENCE_S)
    wait_until(lambda: target.status()["segment"]["alive"] == 2, PATIENCE_S,
               "two nodes")
    kinds = {
        "garbage": [frame(ethernet, spoofed(n), target.address, os.urandom(1 + n))
                    for n in range(1000)],
        "spoofed": [frame(ethernet, spoofed(n), target.address, init) for n in range(20000)],
        "one address": [frame(ethernet, "10.1.0.99", target.address, init)],
    }
    before, said = memory_kib(target), []
    for (name, frames), newcomer in zip(kinds.items(), lab.nodes[1:4]):
        counter = multiprocessing.Value("L", 0)
        attacker = multiprocessing.Process(target=flood, args=("n1", frames, counter), daemon=True)
        attacker.start()
        time.sleep(1)
        newcomer.start(source=False)
        alive = target.status()["segment"]["alive"]
        took = wait_until(lambda: newcomer.status().get("segment", {}).get("alive", 0) > alive, 4,
                          f"a node that starts during {name} gets in")[1]
        attacker.join()
        said.append(f"{name} {counter.value / FLOOD_S / 1000:.0f} k/s, in after {seconds(took)}")
    after = memory_kib(target)
    check(after - before < 4096, f"memory grew from {before} to {after} KiB")
    print(f"{'; '.join(said)}; memory {before} to {after} KiB")


run(floods)
