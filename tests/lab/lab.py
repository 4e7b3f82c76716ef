# SPDX-License-Identifier: Apache-2.0
"""Real nodes in a network of namespaces: what the tests of this folder have in common.

    source --uplink-- core --wan-- [gateway and bridge of segment s] --lan-- node s.k

Every -- is a veth pair with a token bucket at both ends. Node k of segment s is 10.s.0.(10+k) or
fd00:s::(10+k), the source 10.0.0.2 or fd00::2. A test runs in mount, process and network
namespaces of its own, with a /run of its own for all its files: however it ends, also by SIGKILL,
the kernel removes processes, links, files and mounts, and no packet leaves.

A test is a function that takes nothing, makes a Lab, and prints one line of figures; it hands
itself to run(). WEFT names the program; otherwise it is build/release/weft.
"""
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEFT = os.path.abspath(os.environ.get("WEFT", os.path.join(ROOT, "build", "release", "weft")))
HOME = "/run/lab"
SKIP = 77
PATIENCE_S = 60  # for what success ends early; a limit that is demanded is a number of its own
MIB = 1 << 20
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
LABS = []  # of the test that runs


class Fault(Exception):
    """What a test found wrong."""


def check(condition, message):
    if not condition:
        raise Fault(message)


def wait_until(condition, seconds, what):
    """Wait for a true value, and return it and the seconds that it took."""
    begin = time.monotonic()
    while True:
        value = condition()
        if value:
            return value, time.monotonic() - begin
        if time.monotonic() - begin > seconds:
            raise Fault(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def sh(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def write_random(path, size, seed):
    """A file that does not compress; the same for the same seed."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(random.Random(seed).randbytes(size))
    return path


def content(path):
    """The bytes of a file; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def seconds(value):
    return f"{value:.1f} s"


def copies(part, size):
    return f"{part / size:.2f}"


class Process:
    """A program in a network namespace."""

    def __init__(self, ns, argv, log):
        def enter():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            handle = os.open(f"/run/netns/{ns}", os.O_RDONLY | os.O_CLOEXEC)
            if LIBC.setns(handle, CLONE_NEWNET):
                os._exit(126)

        with open(log, "ab") as output:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=output, preexec_fn=enter)

    def send(self, number):
        self.popen.send_signal(number)

    def end(self, number=signal.SIGKILL):
        """Signal it, wait for its end, return its exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(timeout=PATIENCE_S)

    def is_running(self):
        return self.popen.poll() is None


class Node:
    """One node: its namespace, its directory, what it says of itself."""

    def __init__(self, lab, segment, index):
        self.lab, self.segment, self.index = lab, segment, index
        self.name = f"{segment}.{index}"
        self.dir = os.path.join(HOME, self.name)
        self.data = os.path.join(self.dir, "data")
        self.log = os.path.join(self.dir, "log")
        self.address = lab.address(segment, 10 + index)
        self.process = None
        os.makedirs(self.dir)

    # -- the process ------------------------------------------------------------------------
    def start(self, *flags, components=("payload",), source=True):
        lab = self.lab
        argv = [WEFT, "run", "--data", self.data, "--root", lab.root, "--listen", self.address]
        argv += ["--source", lab.url] if source else []
        argv += [f"--component={name}={self.link(name)}" for name in components]
        argv += [f"--seed={seed.address}" for seed in lab.seeds() if seed is not self]
        self.process = Process(self.name, [*argv, *flags], self.log)
        return self

    def kill(self):
        self.process.end()

    def leave(self):
        code = self.process.end(signal.SIGTERM)
        check(code == 0, f"node {self.name}: exit code {code} after SIGTERM")

    def look(self):
        self.process.send(signal.SIGHUP)

    # -- what it says -----------------------------------------------------------------------
    def status(self):
        """The document of `weft status --json`, {} if there is none now."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(3)
        with connection:
            try:
                connection.connect(os.path.join(self.data, "control.sock"))
                connection.sendall(b"status\n")
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
                return json.loads(answer) if answer else {}
            except (OSError, ValueError):
                return {}

    def release(self, name="payload", status=None):
        """What the status says of the release that is fetched, or else of the active one."""
        for component in (status or self.status()).get("components", []):
            if component["name"] == name:
                return component["fetching"] or component["active"] or {}
        return {}

    def have(self, name="payload", status=None):
        return self.release(name, status).get("bytes_have", 0)

    def tiers(self, name="payload", status=None):
        return self.release(name, status).get("tiers", {})

    def counters(self):
        return self.status().get("counters", {})

    def is_agent(self):
        return self.status().get("node", {}).get("agent", False)

    # -- what it has ------------------------------------------------------------------------
    def link(self, name="payload"):
        return os.path.join(self.dir, f"active-{name}")

    def active(self, name="payload", file="payload.bin"):
        return content(os.path.join(self.link(name), file))

    def stored(self):
        """Paths of the releases in its store."""
        folder = os.path.join(self.data, "releases")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


class Lab:
    """The network, the publisher, the source and the nodes of one test. Rates in Mbit/s."""

    def __init__(self, segments=(3,), lan=200, wan=40, uplink=40, v6=False):
        self.v6 = v6
        self.repo, self.keys = os.path.join(HOME, "repo"), os.path.join(HOME, "keys")
        self.root = os.path.join(self.repo, "metadata", "1.root.json")
        host = self.address(0, 2)
        self.source_listen = f"[{host}]:8080" if v6 else f"{host}:8080"
        self.url = f"http://{self.source_listen}"
        self.source = None
        self.nodes = []
        LABS.append(self)
        self._build(segments, lan, wan, uplink)
        sh(WEFT, "keygen", "--keys", self.keys)

    # -- network ----------------------------------------------------------------------------
    def address(self, segment, last):
        if self.v6:
            return f"fd00:{segment}::{last}" if segment else f"fd00::{last}"
        return f"10.{segment}.0.{last}"

    def net(self, segment):
        if self.v6:
            return f"fd00:{segment}::/64" if segment else "fd00::/64"
        return f"10.{segment}.0.0/24"

    def assign(self, ns, device, address, gateway=None):
        """Give a device an address of its segment."""
        extra = ["nodad"] if self.v6 else []
        cidr = f"{address}/{64 if self.v6 else 24}"
        sh("ip", "-n", ns, "addr", "add", cidr, "dev", device, *extra)
        if gateway:
            sh("ip", "-n", ns, "route", "add", "default", "via", gateway)

    @staticmethod
    def _namespace(name):
        """A network of its own, with the congestion control that Debian and Windows have by
        default, whatever this machine uses: with bbr, queues as short as these lose a third of the
        packets of many connections."""
        sh("ip", "netns", "add", name)
        sh("ip", "-n", name, "link", "set", "lo", "up")
        sh("nsenter", f"--net=/run/netns/{name}", "sh", "-c",
           "echo cubic 2>/dev/null >/proc/sys/net/ipv4/tcp_congestion_control; "
           "echo 1 >/proc/sys/net/ipv4/ip_forward; cd /proc/sys/net/ipv6/conf/all 2>/dev/null && "
           "echo 1 >forwarding; :")

    @staticmethod
    def burst_bytes(mbit, whole=False):
        """What leaves a device at once. Below 64 KiB it also cuts large packets into real ones, so
        that counters of the WAN are bytes on the wire; |whole| leaves them as they are."""
        return max(72000 if whole else 10000, mbit * 250)

    @staticmethod
    def queue_bytes(mbit, whole=False):
        """What may wait for a device: 100 ms, at a card 25 ms. A large packet is queued or lost as
        a whole: two fit at least, or else a slow card would lose more than any real one."""
        least = 2 * Lab.burst_bytes(mbit, whole) if whole else 65536
        return max(least, mbit * 125 * (25 if whole else 100))

    @staticmethod
    def shape(ns, device, mbit, whole=False):
        """Limit what leaves a device."""
        sh("tc", "-n", ns, "qdisc", "replace", "dev", device, "root", "tbf", "rate", f"{mbit}mbit",
           "burst", str(Lab.burst_bytes(mbit, whole)), "limit", str(Lab.queue_bytes(mbit, whole)))

    def _cable(self, one, two, mbit, whole):
        (ns_a, device_a), (ns_b, device_b) = one, two
        sh("ip", "link", "add", "name", device_a, "netns", ns_a, "type", "veth", "peer", "name",
           device_b, "netns", ns_b)
        for ns, device in (one, two):
            self.shape(ns, device, mbit, whole)
            sh("ip", "-n", ns, "link", "set", device, "up")

    def _build(self, segments, lan, wan, uplink):
        for name in ("core", "source"):
            self._namespace(name)
        self._cable(("source", "eth0"), ("core", "source"), uplink, False)
        self.assign("core", "source", self.address(0, 1))
        self.assign("source", "eth0", self.address(0, 2), self.address(0, 1))
        for segment, count in enumerate(segments, 1):
            self._segment(segment, lan, wan)
            for index in range(1, count + 1):
                self.attach(segment, index, lan)

    def _segment(self, segment, lan, wan):
        gateway, link = f"gw{segment}", 100 + segment
        self._namespace(gateway)
        sh("ip", "-n", gateway, "link", "add", "name", "lan", "type", "bridge",
           "mcast_snooping", "0")
        sh("ip", "-n", gateway, "link", "set", "lan", "up")
        self.assign(gateway, "lan", self.address(segment, 1))
        self._cable((gateway, "wan"), ("core", f"wan{segment}"), wan, False)
        self.assign("core", f"wan{segment}", self.address(link, 1))
        self.assign(gateway, "wan", self.address(link, 2), self.address(link, 1))
        sh("ip", "-n", "core", "route", "add", self.net(segment), "via", self.address(link, 2))

    def attach(self, segment, index, lan=200):
        """One more node in a segment; it is not started."""
        node, gateway = Node(self, segment, index), f"gw{segment}"
        self._namespace(node.name)
        self._cable((node.name, "eth0"), (gateway, f"n{index}"), lan, True)
        sh("ip", "-n", gateway, "link", "set", f"n{index}", "master", "lan")
        self.assign(node.name, "eth0", node.address, self.address(segment, 1))
        self.nodes.append(node)
        return node

    def wan_bytes(self, segment):
        """Bytes on the wire that came into a segment."""
        links = json.loads(sh("ip", "-n", "core", "-s", "-j", "link", "show", f"wan{segment}"))
        return links[0]["stats64"]["tx"]["bytes"]

    # -- publisher and source ---------------------------------------------------------------
    def publish(self, path, name="payload"):
        sh(WEFT, "publish", "--repo", self.repo, "--keys", self.keys, name, path)

    def start_source(self):
        self.source = Process("source", [WEFT, "source", "--repo", self.repo, "--listen",
                                         self.source_listen], os.path.join(HOME, "source.log"))

    def stop_source(self):
        self.source.end()

    # -- nodes ------------------------------------------------------------------------------
    def seeds(self):
        """The first node of every segment."""
        return [node for node in self.nodes if node.index == 1]

    def of(self, segment):
        return [node for node in self.nodes if node.segment == segment]

    def begin(self, *flags, nodes=None, components=("payload",)):
        """Start the source and the nodes with a small first release, and let them meet."""
        nodes = self.nodes if nodes is None else nodes
        self.publish(write_random(f"{HOME}/first/payload.bin", 1000, 0))
        self.start_source()
        for node in nodes:
            node.start(*flags, components=components)
        wait_until(lambda: all(node.active() for node in nodes), PATIENCE_S, "the first release")
        segments = {node.segment for node in nodes}

        def met(node):
            known = node.status().get("segment", {})
            mates = sum(other.segment == node.segment for other in nodes)
            return known.get("alive") == mates and known.get("agents") and (
                len(segments) == 1 or known["remote_known"] >= 1)

        wait_until(lambda: all(met(node) for node in nodes), PATIENCE_S,
                   "all nodes know each other")

    def release(self, size, seed=1):
        """Publish a random payload, tell one node; returns its bytes."""
        path = write_random(f"{HOME}/payload-{seed}/payload.bin", size, seed)
        self.publish(path)
        self.nodes[-1].look()
        return content(path)

    def wait_share(self, share, size, nodes=None):
        """Wait until the nodes have this share of the payload in the mean."""
        nodes = self.nodes if nodes is None else nodes
        wait_until(lambda: sum(node.have() for node in nodes) >= share * size * len(nodes),
                   PATIENCE_S, f"{share:.0%} of the release")

    def wait_active(self, payload, nodes=None, name="payload", file="payload.bin"):
        """Wait until the nodes have activated the payload; returns the seconds."""
        nodes = self.nodes if nodes is None else nodes
        return wait_until(lambda: all(node.active(name, file) == payload for node in nodes),
                          PATIENCE_S, f"{name} is active everywhere")[1]

    def remove(self):
        """End everything and leave an empty directory for the next lab."""
        for process in [self.source] + [node.process for node in self.nodes]:
            if process and process.is_running():
                process.end()
        for name in os.listdir("/run/netns"):
            sh("ip", "netns", "del", name)
        shutil.rmtree(HOME)
        os.makedirs(HOME)

    def show(self):
        """What the logs end with, for a test that failed."""
        for node in self.nodes:
            release = node.release()
            print(f"-- {node.name}: {json.dumps(release)} {json.dumps(node.counters())}")
            for row in (content(node.log) or b"").decode(errors="replace").split("\n")[-7:]:
                print(f"   {row}")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def isolate():
    """Start this test again in namespaces of its own; the second time, make them ready."""
    if os.environ.get("WEFT_LAB") != "inside":
        if os.geteuid() != 0:
            skip("needs root for network namespaces")
        if not os.access(WEFT, os.X_OK):
            skip(f"{WEFT} is not built")
        for tool in ("unshare", "nsenter", "ip", "tc"):
            if not shutil.which(tool):
                skip(f"there is no {tool}")
        options = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if subprocess.run(["unshare", *options, "ip", "netns", "list"], capture_output=True,
                          check=False).returncode:
            skip("this machine allows no namespaces")
        os.environ["WEFT_LAB"] = "inside"
        os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in [key for key in os.environ if key.lower().endswith("_proxy")]:
        del os.environ[name]
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    os.makedirs("/run/netns")
    os.makedirs(HOME)
    try:
        sh("ip", "netns", "add", "probe")
        sh("ip", "link", "add", "name", "probe0", "netns", "probe", "type", "veth", "peer", "name",
           "probe1", "netns", "probe")
        Lab.shape("probe", "probe0", 10)
    except Fault as fault:
        skip(f"no such network on this machine: {fault}")
    sh("ip", "netns", "del", "probe")


def run(*tests):
    """Run the functions of a test program one after the other, and end the program."""
    isolate()
    failed = 0
    for test in tests:
        try:
            test()
        except Fault as fault:
            failed += 1
            print(f"FAULT: {test.__name__}: {fault}")
            for lab in LABS:
                lab.show()
        while LABS:
            LABS.pop().remove()
    sys.exit(1 if failed else 0)
