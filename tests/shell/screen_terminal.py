#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the simulator on a terminal of its own and reads the screen as a person would.

  screen_terminal.py WEFT_SIM DIRECTORY"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

ROWS, COLUMNS, NARROW = 24, 90, 60
SECONDS = 60
ESCAPE = re.compile(r"\x1b\[(\d*)([A-Za-z])")

faults = []


def check(holds, what):
    if not holds:
        faults.append(what)
        print(f"FAULT: {what}")


def read_some(terminal):
    """What the program wrote in the meantime; "" at its end."""
    try:
        ready = select.select([terminal], [], [], 0.5)[0]
        return os.read(terminal, 65536) if ready else None
    except OSError:
        return b""


def run(command, until=None, columns=COLUMNS, **variables):
    """(exit code, all that was written) of a run on a terminal; Ctrl-C once |until| was seen."""
    terminal, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **variables}
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment,
                          start_new_session=True) as program:
        os.close(slave)
        text, end = b"", time.monotonic() + SECONDS
        while time.monotonic() < end:
            more = read_some(terminal)
            if more == b"":
                break
            text += more or b""
            if until is not None and until in text:
                os.killpg(program.pid, signal.SIGINT)
                until = None
        else:
            os.killpg(program.pid, signal.SIGKILL)
            check(False, f"no end after {SECONDS} s: {command}")
    os.close(terminal)
    return program.returncode, text.decode(errors="replace").replace("\r\n", "\n")


class Screen:
    """Rows of text, as far as the simulator's few escape sequences go."""

    def __init__(self):
        self.rows, self.row, self.column = [""], 0, 0

    def put(self, text):
        for letter in text:
            if letter == "\n":
                self.row, self.column = self.row + 1, 0
                if self.row == len(self.rows):
                    self.rows.append("")
            elif letter == "\r":
                self.column = 0
            else:
                row = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = row[:self.column] + letter + row[self.column + 1:]
                self.column += 1

    def obey(self, number, letter):
        if letter == "A":
            self.row -= int(number or 1)
            check(self.row >= 0, "the cursor leaves the page")
        elif letter == "K":
            self.rows[self.row] = self.rows[self.row][:self.column]
        elif letter == "J":
            self.rows[self.row] = self.rows[self.row][:self.column]
            del self.rows[self.row + 1:]
        else:
            check(letter == "m", f"an unknown sequence ends in {letter}")

    def show(self, text):
        """Every page that was complete, and what stands there at the end."""
        pages, at = [], 0
        for match in ESCAPE.finditer(text):
            self.put(text[at:match.start()])
            self.obey(match[1], match[2])
            if match[2] == "J":
                pages.append("\n".join(self.rows))
            at = match.end()
        self.put(text[at:])
        return pages, "\n".join(self.rows)


LARGE = ["--segments", "30", "--nodes", "600", "--size", "64MiB", "--source-down", "3s,60s",
         "--wan-slow", "1@0s+1min:4"]


def pages_fit(pages, columns):
    """Nothing that matters is cut off, and nothing is wider than the terminal."""
    for word in ("time", "bytes", "complete", "WAN", "from", "slowest", "faults", "segments",
                 "Ctrl-C ends it", "of 600 nodes", "copies a segment", "10.5.0.0/16",
                 "the source does not answer", "all held so far"):
        check(any(word in page for page in pages), f"{columns} columns: no page says '{word}'")
    widest = max((len(row) for page in pages for row in page.split("\n")), default=0)
    check(widest < columns, f"a row has {widest} of {columns} columns")
    check(all(page.count("\n") < ROWS for page in pages), "a page is too long")


def main(sim, directory):
    trace = os.path.join(directory, "so-far.trace")
    code, text = run([sim, *LARGE, "--trace", trace], until=b"does not answer")
    pages, last = Screen().show(text)
    check(code == 130, f"exit code {code} after Ctrl-C, not 130")
    check("after time zero: these are the figures so far" in last, "no figures after Ctrl-C")
    check("segments" in last and "makespan" in last, "the summary is not whole")
    check("slowest" not in last, "the page was not taken away")
    shown = [page for page in pages if "complete" in page]
    check(shown, "nothing was shown while it ran")
    pages_fit(shown, COLUMNS)
    _, text = run([sim, *LARGE], until=b"does not answer", columns=NARROW)
    pages_fit([page for page in Screen().show(text)[0] if "complete" in page], NARROW)
    with open(trace, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    check(lines[-1]["summary"]["interrupted"] is True, "the trace does not say so far")

    small = [sim, "--segments", "2", "--nodes", "8", "--size", "1MiB"]
    code, text = run(small, NO_COLOR="1", LC_ALL="C")
    check(code == 0, f"exit code {code} of a whole run")
    check("\x1b[2m" not in text, "colours in spite of NO_COLOR")
    code, text = run([*small, "--json"])
    check(code == 0 and "\x1b" not in text and json.loads(text)["ok"], "--json is not JSON alone")
    code, text = run(small, TERM="dumb")
    check(code == 0 and "\x1b" not in text, "escape sequences on a dumb terminal")
    return 1 if faults else 0


sys.exit(main(*sys.argv[1:3]))
