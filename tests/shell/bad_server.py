#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server that does everything wrong on request, for test_http. One misbehaviour per path.

Prints its port, then serves until its standard input ends. Every answer is written byte by byte by
hand: no library would send such things.
"""
import re
import socket
import sys
import threading
import time

BODY = bytes((i * 7 + i // 251) & 0xFF for i in range(100000))
ETAG = '"right"'


def head(status, *lines):
    return ("\r\n".join(["HTTP/1.1 " + status, *lines, "", ""])).encode()


def whole(body=BODY, status="200 OK", *lines):
    return head(status, f"Content-Length: {len(body)}", f"ETag: {ETAG}", *lines) + body


def part(first, last, etag=ETAG, total=len(BODY), shift=0):
    body = BODY[first:last + 1]
    return head("206 Partial Content", f"Content-Length: {len(body)}", f"ETag: {etag}",
                f"Content-Range: bytes {first + shift}-{last + shift}/{total}") + body


def trickle(connection):
    connection.sendall(head("200 OK", "Content-Length: 100000"))
    for byte in BODY[:40]:
        connection.sendall(bytes([byte]))
        time.sleep(1)


def answer(connection, path, asked, conditional, counts):
    first, last = asked if asked else (0, len(BODY) - 1)
    name = path.lstrip("/")
    counts[name] = counts.get(name, 0) + 1
    if name == "good":
        if asked and conditional in (None, ETAG):
            return part(first, last)
        return whole()
    if name == "count":
        return whole(str(len(counts)).encode())
    if name == "404":
        return whole(b"<html>gone</html>", "404 Not Found")
    if name == "500":
        return whole(b"<html>oops</html>", "500 Internal Server Error")
    if name == "503":
        return whole(b"later", "503 Service Unavailable", "Retry-After: 7")
    if name == "bigerror":
        return whole(BODY * 20, "500 Internal Server Error")
    if name == "loop":
        return whole(b"", "302 Found", "Location: /loop")
    if name == "twice":
        return whole(b"", "302 Found", "Location: /good")
    if name == "elsewhere":
        return whole(b"", "302 Found", "Location: file:///etc/passwd")
    if name == "truncated":
        return head("200 OK", "Content-Length: 100000") + BODY[:5000]
    if name == "short":
        return part(first, last - 1)
    if name == "shortlie":
        body = BODY[first:last]
        return head("206 Partial Content", f"Content-Length: {len(body)}",
                    f"Content-Range: bytes {first}-{last}/{len(BODY)}") + body
    if name == "long":
        return head("206 Partial Content", f"Content-Length: {last - first + 11}",
                    f"Content-Range: bytes {first}-{last}/{len(BODY)}") + BODY[first:last + 11]
    if name == "shifted":
        return part(first, last, shift=1)
    if name == "stale":
        return part(first, last, etag='"wrong"')
    if name == "stalewhole":
        return whole().replace(b'"right"', b'"wrong"')
    if name == "weak":
        return part(first, last, etag='W/"right"')
    if name == "noranges":
        return whole()
    if name == "norangehead":
        body = BODY[first:last + 1]
        return head("206 Partial Content", f"Content-Length: {len(body)}") + body
    if name == "416":
        return whole(b"", "416 Range Not Satisfiable", f"Content-Range: bytes */{len(BODY)}")
    if name == "html":
        return whole(b"<html>Please log in to the network</html>")
    if name == "chunked":
        return head("200 OK", "Transfer-Encoding: chunked") + b"186a0\r\n" + BODY + b"\r\n0\r\n\r\n"
    if name == "endless":
        return head("200 OK") + BODY * 5
    if name == "garbage":
        return b"this is not HTTP\r\n\r\n"
    if name == "nothing":
        return b""
    if name == "odd":
        return head("200 OK", "Content-Length: 3", "ETag: " + '"' + "x" * 500 + '"',
                    "Content-Range: bytes 99999999999999999999999-1/2",
                    "Retry-After: soon") + b"odd"
    return whole(b"?", "404 Not Found")


KEEP = {"good", "404", "503", "count", "twice"}


def serve(connection, counts):
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
            if path == "/trickle":
                trickle(connection)
                return
            if path == "/silent":
                time.sleep(60)
                return
            connection.sendall(answer(connection, path,
                                      (int(asked[1]), int(asked[2])) if asked else None,
                                      conditional[1] if conditional else None, counts))
            if path.lstrip("/") not in KEEP:
                return


def guard(connection, counts):
    try:
        serve(connection, counts)
    except OSError:
        pass


def accept(listener):
    counts = {}
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=guard, args=(connection, counts), daemon=True).start()


def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    sys.stdin.read()


main()
