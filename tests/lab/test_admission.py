#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A closed mesh: what passes a router shows no name, key or content, whoever was not admitted gets
nothing, and a node that is thrown out is gone everywhere within seconds.

    source --40 Mbit/s-- core --40 Mbit/s-- gateway 1 (listens) --- nodes 1.1, 1.2, ...
                                        \\-- gateway 2 --- nodes 2.1, ...
"""
import os
import socket
import threading
import time

from lab import (CLONE_NEWNET, HOME, LIBC, MIB, PATIENCE_S, WEFT, Lab, check, content, run, seconds,
                 sh, wait_until)

CANARY = b"canary-of-content "
PORT = (7767).to_bytes(2, "big")


class Tap(threading.Thread):
    """Everything that passes the devices of a namespace."""

    def __init__(self, ns):
        super().__init__(daemon=True)
        self.ns, self.ready = ns, threading.Event()
        self.mesh, self.source, self.over = [], [], False
        self.start()
        self.ready.wait(5)

    def run(self):
        handle = os.open(f"/run/netns/{self.ns}", os.O_RDONLY)
        if LIBC.setns(handle, CLONE_NEWNET):
            return
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        tap.setsockopt(socket.SOL_SOCKET, 33, 64 * MIB)  # SO_RCVBUFFORCE
        tap.settimeout(0.2)
        self.ready.set()
        while not self.over:
            try:
                packet = tap.recv(70000)
            except TimeoutError:
                continue
            is_mesh = PORT in (packet[34:36], packet[36:38])
            (self.mesh if is_mesh else self.source).append(packet[38:])

    def end(self):
        self.over = True
        self.join()
        return b"".join(self.mesh), b"".join(self.source)


def inside(node, *argv):
    """Run a command of weft where the node lives."""
    return sh("nsenter", f"--net=/run/netns/{node.name}", WEFT, *argv)


def close_mesh(lab, names):
    """The first node makes a mesh, the others join it; the server runs from then on."""
    server = lab.nodes[0]
    line = inside(server, "init", "--data", server.data, "--listen", server.address, "--name",
                  names[0], "--uses", "100")
    lab.publish(os.path.join(HOME, "first"))
    lab.start_source()
    server.start()
    wait_until(lambda: server.status(), PATIENCE_S, "the server runs")
    for node, name in zip(lab.nodes[1:], names[1:]):
        inside(node, "join", line.split()[2], "--data", node.data, "--name", name)
        node.start()
    wait_until(lambda: all(node.active(file="first") for node in lab.nodes), PATIENCE_S,
               "first release")
    return server


def secrets_of(node):
    """What must not be seen: the certificate holds static key and name, the file the mesh key."""
    membership = content(os.path.join(node.data, "membership"))
    return {"mesh key": membership[4:36], "certificate": membership[118:286], "static key":
            membership[158:190], "node id": bytes.fromhex(node.status()["node"]["id"])}


def nothing_readable():
    lab = Lab(segments=(2, 1))
    with open(os.path.join(HOME, "first"), "wb") as file:
        file.write(b"first")
    names = ["canary-name-one", "canary-name-two", "canary-name-three"]
    tap = Tap("gw1")
    close_mesh(lab, names)
    stranger = lab.attach(1, 3)
    stranger.start(source=False)
    path = os.path.join(HOME, "in", "payload.bin")
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as file:
        file.write(CANARY * (4 * MIB // len(CANARY)))
    lab.publish(path)
    members = lab.nodes[:3]
    members[0].look()
    took = lab.wait_active(content(path), members)
    mesh, source = tap.end()
    check(CANARY in source and len(source) > MIB, "the tap does not see the source's traffic")
    check(len(mesh) > 4 * MIB, f"the tap saw {len(mesh)} bytes of the mesh")
    check(CANARY not in mesh, "content is readable")
    for word in (b"canary-name", b"payload", b"timestamp", b"first"):
        check(word not in mesh, f"{word} is readable")
    for node in members:
        for what, secret in secrets_of(node).items():
            check(secret not in mesh, f"the {what} of {node.name} is readable")
    check(stranger.active() is None, "who was not admitted has the release")
    check(stranger.status()["segment"]["alive"] == 1, "who was not admitted knows members")
    print(f"{len(mesh) / MIB:.1f} MiB of the mesh, nothing readable; active in {seconds(took)}")


def thrown_out():
    lab = Lab(segments=(10, 10))
    with open(os.path.join(HOME, "first"), "wb") as file:
        file.write(b"first")
    server = close_mesh(lab, [f"node-{number}" for number in range(20)])
    victim, others = lab.nodes[5], [node for node in lab.nodes if node is not lab.nodes[5]]

    def mates():
        return [node.status().get("segment", {}).get("alive") for node in lab.of(1)]

    wait_until(lambda: mates() == [10] * 10, PATIENCE_S, "all know each other")
    begin = time.monotonic()
    inside(server, "revoke", "node-5", "--data", server.data)
    told = wait_until(lambda: all(b"1 node thrown out" in content(node.log)
                                  for node in others), 5, "everybody knows")[1]
    wait_until(lambda: all(node.status()["segment"]["alive"] == 9 for node in lab.of(1)
                           if node is not victim), 15, "nobody holds it alive")
    gone = time.monotonic() - begin
    victim.kill()
    victim.start()
    time.sleep(2)
    check(victim.status()["segment"]["alive"] == 1, "it is back after a restart")
    refusals = sum(content(node.log).count(b"refused node") for node in others)
    check(0 < refusals <= len(others), f"{refusals} refusals in the logs of {len(others)} nodes")
    print(f"19 of 19 nodes know in {seconds(told)}, nobody holds it alive after {seconds(gone)}; "
          f"{refusals} refusals in the logs")


run(nothing_readable, thrown_out)
