// SPDX-License-Identifier: Apache-2.0
// What the words of a trace mean to people: where bytes came from, reasons to wait, faults.

const TIER_TEXT = {
  peer: "from neighbours",
  agent: "from the segment's Update Agents",
  site: "from other segments of the site",
  remote: "from other sites",
  server: "from the server",
  source: "from the source",
};

// Word of a reason: [what it means, colour].
const REASON = {
  transfer: ["bytes were on their way", "#2f7fd1"],
  "queued-at-peer": ["neighbours were busy with others", "#63b5c9"],
  "waiting-agent": ["the segment's agent had not brought the bytes yet", "#e0912f"],
  "no-peer": ["there was nobody to ask", "#c2568f"],
  "no-manifest": ["the node had not heard of the release", "#8f6fd0"],
  "source-down": ["the source did not answer", "#cf4a3e"],
  verify: ["the release was checked", "#12a08a"],
  disk: ["the disk was slow or full", "#7d7a3c"],
  capped: ["the node's own limits", "#b0a04a"],
  asleep: ["the node was down", "#8a94a3"],
};

// Flag of a fault: what it is, in a few words.
const FAULT = {
  "source-down": "source down",
  burst: "burst of lost messages",
  partition: "cut of the network",
  "one-way": "cut of the network in one direction",
  "wan-down": "WAN line down",
  "wan-slow": "slow WAN line",
  "power-cut": "power cut",
  sleep: "node asleep",
  stall: "node held up",
  "join-storm": "late start of many nodes",
  move: "new address",
  roam: "move to another segment",
  "disk-full": "full disk",
  "disk-slow": "slow disk",
  "disk-torn": "power loss with torn chunks",
  "disk-rot": "rotten chunks on a disk",
  "clock-drift": "fast clock",
  "clock-step": "leap of a clock",
  "clock-wrong": "wrong time of day",
  "source-error": "errors from the source",
  "source-hang": "source that sent nothing",
  "source-short": "source that broke off",
  "source-portal": "portal in front of the source",
  "source-rotten": "wrong bytes from the source",
  "source-slow": "slow source",
  "source-stale": "old release at the source",
  "bad-memory": "sick memory",
  "mtu-hole": "long datagrams lost",
  newer: "node of a later version",
  "other-version": "node of another major version",
};
// The same of hostile nodes: what they do.
const HOSTILE = {
  clone: "has the identity of another",
  corrupt: "sends wrong chunks",
  "false-map": "says it has every chunk",
  "false-rate": "says it is fast, and others slow",
  "false-news": "forges newer metadata",
  "false-coming": "promises chunks it never brings",
  "slow-loris": "sends chunks very slowly",
  "old-news": "repeats the oldest metadata",
  flood: "floods others with messages",
  withhold: "sends no chunks",
  slander: "says others died",
  ghosts: "invents members",
  eclipse: "hides other members",
};
const faultText = (what) =>
  FAULT[what] || (HOSTILE[what] ? `hostile node (${HOSTILE[what]})` : what);
