# SPDX-License-Identifier: Apache-2.0
"""What the lint programs share: which files there are, how C is split, how faults are told.

Every lint program works on the tree it is started in, prints one line per fault (where, what, how
to mend), and exits 1 if there was any."""
import os
import re
import subprocess
import sys

FOLDERS = ("protocol", "node", "sim", "tests", "scripts")
STANDARD = ["-std=c11", "-I."]
GNU = ["-D_GNU_SOURCE"]


class Faults:
    """Collects faults; finish() prints the verdict and ends the program."""

    def __init__(self, name):
        self.name, self.count = name, 0

    def add(self, where, what, mend):
        print(f"{where}: {what}; {mend}")
        self.count += 1

    def finish(self, checked):
        if self.count:
            print(f"lint-{self.name}: {self.count} fault(s) in {checked}")
        sys.exit(1 if self.count else 0)


def files(*endings, folders=FOLDERS):
    """Paths of the tree with one of the endings, sorted; fuzz corpora are data, not text."""
    found = []
    for folder in folders:
        for path, names, entries in os.walk(folder):
            names[:] = [n for n in names if n not in ("corpus", "__pycache__")]
            found += [os.path.join(path, e) for e in entries if e.endswith(endings)]
    return sorted(found)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def core_sources():
    """The files of libprotocol.a: protocol/*.c without the folders in it."""
    return [p for p in files(".c", folders=("protocol",)) if p.count("/") == 1]


def flags_of(path):
    """Compiler flags that decide what |path| means; the Makefile has the same."""
    core = path.startswith("protocol/")
    return STANDARD + ([] if core else GNU)


def run(command):
    """Exit code and joined output of a command."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return done.returncode, done.stdout


TOKEN = re.compile(
    r'(?P<comment>/\*.*?\*/|//[^\n]*)'
    r'|(?P<text>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')'
    r'|(?P<directive>(?:(?<=\n)|\A)[ \t]*#(?:/\*.*?\*/|\\\n|[^\n])*)'
    r'|(?P<space>\s+)|(?P<word>\w+)|(?P<sign>.)', re.S)


def tokens(source):
    """(kind, text, line) of every token; kinds: comment text directive space word sign."""
    line = 1
    for match in TOKEN.finditer(source):
        yield match.lastgroup, match.group(), line
        line += match.group().count("\n")


def functions(source):
    """(name, first line, lines from '{' to '}') of every function body in a C file."""
    found, depth, head, opened = [], 0, [], None
    for kind, text, line in tokens(source):
        if kind in ("comment", "directive", "space"):
            continue
        if text == "{" and kind == "sign":
            if depth == 0 and head and head[-1] == ")":
                name = next((head[i - 1] for i, t in enumerate(head) if t == "(" and i), "?")
                opened = (name, line)
            depth += 1
        elif text == "}" and kind == "sign":
            depth -= 1
            if depth == 0:
                if opened:
                    found.append((*opened, line - opened[1] + 1))
                head, opened = [], None
        elif depth == 0:
            head = [] if text == ";" else head + [text]
    return found
