#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server that does everything wrong on request. One misbehaviour per path, for test_http:

  bad_server.py

or the files of a repository, with a misbehaviour that is named in a file and read again for each
request, for source_faults.sh: "good", one of the names in answer(), or "targets:NAME" for payloads
only:

  bad_server.py DIRECTORY FILE

Prints its port, then serves until its standard input ends. Every answer is written byte by byte by
hand: no library would send such things.
"""
import os
import re
import socket
import sys
import threading
import time

BODY = bytes((i * 7 + i // 251) & 0xFF for i in range(100000))
ETAG = '"right"'


def head(status, *lines):
    return ("\r\n".join(["HTTP/1.1 " + status, *lines, "", ""])).encode()


def whole(body, status="200 OK", *lines):
    return head(status, f"Content-Length: {len(body)}", f"ETag: {ETAG}", *lines) + body


def part(body, first, last, etag=ETAG, shift=0):
    piece = body[first:last + 1]
    return head("206 Partial Content", f"Content-Length: {len(piece)}", f"ETag: {etag}",
                f"Content-Range: bytes {first + shift}-{last + shift}/{len(body)}") + piece


def trickle(connection, body):
    connection.sendall(head("200 OK", f"Content-Length: {len(body)}"))
    for byte in body[:40]:
        connection.sendall(bytes([byte]))
        time.sleep(1)


def answer(name, body, asked, conditional, counts):
    first, last = asked if asked else (0, len(body) - 1)
    last = min(last, len(body) - 1)
    if name == "good":
        if asked and conditional in (None, ETAG):
            return part(body, first, last)
        return whole(body)
    if name == "count":
        return whole(str(len(counts)).encode())
    if name == "404":
        return whole(b"<html>gone</html>", "404 Not Found")
    if name == "500":
        return whole(b"<html>oops</html>", "500 Internal Server Error")
    if name == "503":
        return whole(b"later", "503 Service Unavailable", "Retry-After: 7")
    if name == "bigerror":
        return whole(body * 20, "500 Internal Server Error")
    if name == "loop":
        return whole(b"", "302 Found", "Location: ./loop")
    if name == "twice":
        return whole(b"", "302 Found", "Location: /good")
    if name == "elsewhere":
        return whole(b"", "302 Found", "Location: file:///etc/passwd")
    if name == "truncated":
        return head("200 OK", f"Content-Length: {len(body)}") + body[:len(body) // 20]
    if name == "short":
        return part(body, first, last - 1)
    if name == "shortlie":
        piece = body[first:last]
        return head("206 Partial Content", f"Content-Length: {len(piece)}",
                    f"Content-Range: bytes {first}-{last}/{len(body)}") + piece
    if name == "long":
        return head("206 Partial Content", f"Content-Length: {last - first + 11}",
                    f"Content-Range: bytes {first}-{last}/{len(body)}") + body[first:last + 11]
    if name == "shifted":
        return part(body, first, last, shift=1)
    if name == "stale":
        return part(body, first, last, etag='"wrong"')
    if name == "stalewhole":
        return whole(body).replace(b'"right"', b'"wrong"')
    if name == "weak":
        return part(body, first, last, etag='W/"right"')
    if name == "noranges":
        return whole(body)
    if name == "norangehead":
        body = body[first:last + 1]
        return head("206 Partial Content", f"Content-Length: {len(body)}") + body
    if name == "416":
        return whole(b"", "416 Range Not Satisfiable", f"Content-Range: bytes */{len(body)}")
    if name == "html":
        return whole(b"<html>Please log in to the network</html>")
    if name == "chunked":
        size = b"%x\r\n" % len(body)
        return head("200 OK", "Transfer-Encoding: chunked") + size + body + b"\r\n0\r\n\r\n"
    if name == "endless":
        return head("200 OK") + body * 5
    if name == "garbage":
        return b"this is not HTTP\r\n\r\n"
    if name == "nothing":
        return b""
    if name == "other":
        return answer("good", bytes(byte ^ 1 for byte in body), asked, conditional, counts)
    if name == "odd":
        return head("200 OK", "Content-Length: 3", "ETag: " + '"' + "x" * 500 + '"',
                    "Content-Range: bytes 99999999999999999999999-1/2",
                    "Retry-After: soon") + b"odd"
    return whole(b"?", "404 Not Found")


KEEP = {"good", "404", "503", "count", "twice"}


def choose(path, repository):
    """The misbehaviour for a path, and the bytes that a good server would send."""
    if repository is None:
        return path.lstrip("/"), BODY
    directory, file = repository
    with open(file, encoding="ascii") as mode:
        name = mode.read().strip()
    if name.startswith("targets:"):
        name = name[8:] if path.startswith("/targets/") and path.endswith(".bin") else "good"
    try:
        with open(os.path.join(directory, path.lstrip("/")), "rb") as content:
            return name, content.read()
    except OSError:
        return "404" if name == "good" else name, b""


def serve(connection, counts, repository):
    data = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            request, data = data.split(b"\r\n\r\n", 1)
            text = request.decode("latin-1")
            path = text.split(" ")[1]
            asked = re.search(r"^Range: bytes=(\d+)-(\d+)", text, re.M | re.I)
            conditional = re.search(r"^If-Range: (\S+)", text, re.M | re.I)
            name, body = choose(path, repository)
            counts[name] = counts.get(name, 0) + 1
            if name == "trickle":
                trickle(connection, body)
                return
            if name == "silent":
                time.sleep(60)
                return
            connection.sendall(answer(name, body,
                                      (int(asked[1]), int(asked[2])) if asked else None,
                                      conditional[1] if conditional else None, counts))
            if name not in KEEP:
                return


def guard(connection, counts, repository):
    try:
        serve(connection, counts, repository)
    except OSError:
        pass


def accept(listener, repository):
    counts = {}
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=guard, args=(connection, counts, repository), daemon=True).start()


def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)
    repository = sys.argv[1:3] if len(sys.argv) == 3 else None
    threading.Thread(target=accept, args=(listener, repository), daemon=True).start()
    sys.stdin.read()


main()
