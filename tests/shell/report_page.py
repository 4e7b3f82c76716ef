#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a report in headless Chromium, as report.sh asks: no error on its console, no request to
anywhere, and the figures that people read are those of --json.

  report_page.py REPORT.html SUMMARY.json STOPPED.html SLOW.html NOTHING.html ALONE.html
                                                        exit 77: there is no Chromium

STOPPED is the report of a run that was interrupted before its release, SLOW of one in which the
WAN line of 10.2.0.0/16 was slow and a node of 10.3.0.0/16 slept, NOTHING of one in which no byte
was received, ALONE of one of twelve segments in two of which the only node is hostile."""
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-extensions", "--virtual-time-budget=5000", "--enable-logging=stderr"]
SECONDS = 60
SECTIONS = ["How did the rollout go?", "Which segments are slow, and when?", "All segments",
            "Why did it take so long?", "What did it cost on the WAN?", "Who brought it in?",
            "Who pulled from whom?", "What did talking about it cost?", "What was checked?",
            "What went wrong?", "Run it again"]

faults = []


def check(holds, what):
    if not holds:
        faults.append(what)
        print(f"FAULT: {what}")


def opened(chromium, path, width=1400):
    """(document after its scripts ran, console errors, addresses asked for) of a page."""
    with tempfile.TemporaryDirectory() as profile:
        log = os.path.join(profile, "net.json")
        with subprocess.Popen([chromium, *FLAGS, f"--user-data-dir={profile}/user",
                               f"--window-size={width},900", f"--log-net-log={log}",
                               "--dump-dom", "file://" + path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", start_new_session=True) as browser:
            try:
                document, messages = browser.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(browser.pid, signal.SIGKILL)
                document, messages = browser.communicate()
                check(False, f"Chromium did not end after {SECONDS} s")
        with open(log, encoding="utf-8") as file:
            # A line each; what a page read from a file asks for has the initiator null.
            asked = re.findall(r'"initiator":"null".*"url":"((?!file:|data:)[^"]*)"',
                               file.read())
    errors = [row for row in messages.split("\n") if "CONSOLE" in row]
    return document, errors, sorted(set(asked))


def text_of(document, pattern):
    """Text of the first element that matches."""
    match = re.search(pattern, document, re.S)
    text = html.unescape(re.sub(r"<[^>]*>", "", match[1])) if match else ""
    return text.replace("\u00a0", " ")


def seconds(ns):
    """As the page writes times below 100 s."""
    value = ns / 1e9
    places = 0 if value >= 100 or value == 0 else 1 if value >= 10 else 2
    return f"{value:.{places}f} s"


def figures_agree(document, summary):
    shown = dict(re.findall(r'data-key="(\w+)" data-value="(\d+)"', document))
    for name in ("complete", "makespan_ns", "half_ns", "wan_copies_mean_ppm", "source_copies_ppm"):
        check(shown.get(name) == str(summary[name]), f"{name} is {shown.get(name)}, --json says "
              f"{summary[name]}")
    makespan = seconds(summary["makespan_ns"])
    check(text_of(document, r'data-key="makespan_ns"[^>]*>(.*?)</div>') == makespan,
          f"the card of the last node does not say {makespan}")
    owed = summary["nodes"] - summary["gone"] - summary["hostile"]
    check(summary["gone"] > 0 and summary["hostile"] > 0, "the run has no nodes to leave out")
    verdict = text_of(document, r'<h1 id="verdict">(.*?)</h1>')
    check(verdict == f"Healthy: all {owed} honest living nodes had the release after {makespan}",
          f"the verdict is '{verdict}'")
    check("hostile node (sends wrong chunks)" in document, "what a hostile node does is not told")
    # A hostile node never has the release; that its segment waits for it would be news.
    check("not done" not in text_of(document, r"<b>Where slow\?</b>(.*?)<b>What broke"),
          "a run that is complete has segments that are not done")


def can_be_read_without_looking(document):
    tables = re.findall(r"<table>(.*?)</table>", document, re.S)
    check(len(tables) >= 6, "tables are missing")
    for each in tables:
        check(re.match(r"<caption>[^<]+</caption>", each), f"no caption: {each[:80]}")
        check("<th>" not in each and 'scope="col"' in each, f"no scope: {each[:80]}")
    check(len(re.findall("<h1", document)) == 1, "the page has not one main heading")
    check(not re.search(r'class="scroll[^"]*"(?! tabindex="0")', document),
          "a part that scrolls is out of reach of the keyboard")


def slow_is_told_from_late(chromium, path):
    """A line that is slow concerns all nodes of its segment, a node that sleeps only itself. On a
    telephone text of charts has the size of other text."""
    document, errors, _ = opened(chromium, os.path.abspath(path), 500)
    check(not errors, f"a run with a slow line: errors on the console: {errors[:3]}")
    where = text_of(document, r"<b>Where slow\?</b>(.*?)<b>What broke")
    for part in ("1 segment slow as a whole", "10.2.0.0/16 half after", ": slow WAN line",
                 "In 1 other only the last nodes came late", "10.3.0.0/16 the last after",
                 ": node asleep"):
        check(part in where, f"where it is slow does not say '{part}': {where}")
    agents = text_of(document, r"<h2>Who brought it in\?</h2>(.*?)<svg")
    check("the agents stayed the same all the time" in agents, f"steady agents: {agents}")
    check(not re.search(r"<text[^>]*>[12] min</text>", document),
          "the axis of time goes on to the end of the last fault")
    widths = [int(w) for w in re.findall(r'viewBox="0 0 (\d+) ', document)]
    check(widths and max(widths) <= 500, f"charts of {widths[:3]} units in a window of 500")


def stopped_says_so(chromium, path):
    document, errors, _ = opened(chromium, os.path.abspath(path))
    check(not errors, f"a run that was stopped: errors on the console: {errors[:3]}")
    verdict = text_of(document, r'<h1 id="verdict">(.*?)</h1>')
    check(verdict == "Interrupted before the release was published",
          f"the verdict of a run that was stopped is '{verdict}'")
    check("Run it again" in document, "a run that was stopped has no command")
    check("<svg" not in document, "a run that was stopped has charts of nothing")


def nothing_is_shown_whole(chromium, path):
    document, errors, _ = opened(chromium, os.path.abspath(path))
    check(not errors, f"a run without a byte: errors on the console: {errors[:3]}")
    verdict = text_of(document, r'<h1 id="verdict">(.*?)</h1>')
    check(verdict.startswith("Unfinished: 6 of 6 nodes still lack the release after"),
          f"the verdict of a run without a byte is '{verdict}'")
    check("<h2>A part is missing" not in document and "<h2>All segments" in document and
          "No node received anything.</p>" in document, "parts of a run without a byte are missing")


def hostile_segments_owe_nothing(chromium, path):
    document, errors, _ = opened(chromium, os.path.abspath(path))
    check(not errors, f"a run of hostile segments: errors on the console: {errors[:3]}")
    verdict = text_of(document, r'<h1 id="verdict">(.*?)</h1>')
    where = text_of(document, r"<b>Where slow\?</b>(.*?)<b>What broke")
    check("all 10 honest nodes" in verdict and "not done" not in where and "%" not in where,
          f"of ten segments and two hostile ones it says '{verdict}' and '{where}'")


def main(report, summary_path, stopped, slow, nothing, alone):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("skipped: no chromium (Debian package chromium) to open the report in")
        return 77
    with open(summary_path, encoding="utf-8") as file:
        summary = json.load(file)
    document, errors, asked = opened(chromium, os.path.abspath(report))
    check(not errors, f"errors on the console: {errors[:3]}")
    check(not asked, f"it asks for {asked[:3]}")
    headings = [html.unescape(h) for h in re.findall(r"<h2>(.*?)</h2>", document)]
    for section in SECTIONS:
        check(section in headings, f"no section '{section}'")
    check(document.count("<svg") >= 8, "charts are missing")
    check(len(re.findall(r"<svg[^>]*>\s*<title>[^<]+</title>", document)) == document.count("<svg"),
          "a chart has no title")
    figures_agree(document, summary)
    can_be_read_without_looking(document)
    stopped_says_so(chromium, stopped)
    slow_is_told_from_late(chromium, slow)
    nothing_is_shown_whole(chromium, nothing)
    hostile_segments_owe_nothing(chromium, alone)
    # What is tested above must be able to fail.
    damaged = report + ".damaged.html"
    with open(report, encoding="utf-8") as whole, open(damaged, "w", encoding="utf-8") as out:
        text = whole.read()
        check("default-src 'none'" in text, "the page may load anything")
        out.write(text.replace("Content-Security-Policy", "none").replace(
            "</script>\n</body>", 'fetch("https://weft.invalid/");nothing();</script></body>'))
    _, errors, asked = opened(chromium, os.path.abspath(damaged))
    check(any("nothing is not defined" in row for row in errors), "errors would not be noticed")
    check(asked == ["https://weft.invalid/"], "requests would not be noticed")
    return 1 if faults else 0


sys.exit(main(*sys.argv[1:7]))
