"""Print what a server does under load, beside the painting alone.

    python benchmarks/serve.py [--clients 32] [--size 512] [--seconds 60] [--model main]

So many clients send one photo after the other, each as soon as it has the last painting; those that are sent away come
again when they are told to.  Clients, server and the painting alone, which is measured before and after, have a process
each.  All are on one machine, so what the clients take is lost to the server.
"""

import argparse
import asyncio
import io
import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import mean, quantiles

import psutil

from impasto.evaluation.machine import heading
from impasto.image import encode, read, resize
from impasto.model.bundled import PHOTOS

STYLE = "starry-night"
WARM = 5.0
"""Seconds before anything is counted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--bare-seconds", type=float, default=8)
    parser.add_argument("--model", default="main")
    parser.add_argument("--queue", type=int, default=64)
    parser.add_argument("--as", dest="role", choices=("bare", "clients"))
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    if options.role == "bare":
        print(json.dumps(bare(options)))
    elif options.role == "clients":
        print(json.dumps(asyncio.run(clients(options))))
    else:
        print(report(options))


def report(options):
    before = told(options, "bare")
    command = [sys.executable, "-m", "impasto", "serve", "--no-studio", "--port", "0", "--queue", str(options.queue)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        found = re.search(r":(\d+) is ready", server.stderr.readline())
        load = told(options, "clients", "--port", found[1], server=server.pid)
        server.terminate()
    alone = [before["rate"], told(options, "bare")["rate"]]
    statuses = load["statuses"]
    others = sum(count for status, count in statuses.items() if status not in ("200", "429"))
    memory = [f"{used / 2**20:.0f}" for used in (*load["memory"][:1], *load["memory"][-1:])]
    rows = [
        ("paintings a second", f"{load['rate']:.2f}"),
        ("the painting alone, before and after", f"{alone[0]:.2f} / {alone[1]:.2f}"),
        ("of their mean", f"{load['rate'] / mean(alone):.0%}"),
        ("seconds from request to painting: median", f"{load['p50']:.2f}"),
        ("95 %", f"{load['p95']:.2f}"),
        ("99 %", f"{load['p99']:.2f}"),
        (
            "painted / sent away (429) / anything else",
            f"{statuses.get('200', 0)} / {statuses.get('429', 0)} / {others}",
        ),
        ("the server's memory at first and at last, MB", " / ".join(memory)),
    ]
    title = f"{options.clients} clients, {options.size} x {options.size} px JPEG, {options.seconds:g} s"
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"{heading()}\n\n| {title} | |\n| --- | --- |\n{table}"


def told(options, role, *more, server=None):
    """Return what this program says in another role, and, if asked for, how much memory a server has meanwhile."""
    given = [
        f"--{name.replace('_', '-')}={value}" for name, value in vars(options).items() if name not in ("role", "port")
    ]
    running = subprocess.Popen(
        [sys.executable, __file__, "--as", role, *given, *more], stdout=subprocess.PIPE, text=True
    )
    began, memory = time.perf_counter(), []
    while server is not None and running.poll() is None:
        time.sleep(0.5)
        if time.perf_counter() - began > 2 * WARM:
            memory.append(psutil.Process(server).memory_info().rss)
    told_ = json.loads(running.communicate()[0])
    return {**told_, "memory": memory}


def photos(size):
    """Return the bundled photos as squares of a size, as JPEGs."""
    pictures = (read(file) for file in sorted(Path(PHOTOS).iterdir()))
    return [encode(_square(picture, size), "JPEG", 90) for picture in pictures]


def _square(picture, size):
    from dataclasses import replace

    return replace(picture, pixels=resize(picture.pixels, (size, size)), exif=None, dpi=None)


def bare(options):
    """Return how many photos a second are painted from pixels that are at hand to pixels."""
    import impasto

    pictures = [read(io.BytesIO(photo)) for photo in photos(options.size)]
    painter = impasto.load(STYLE, model=options.model)
    for picture in pictures:
        painter.paint(picture)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < options.bare_seconds:
        painter.paint(pictures[count % len(pictures)])
        count += 1
    return {"rate": count / (time.perf_counter() - began)}


async def clients(options):
    """Return what clients saw."""
    sent, began = photos(options.size), time.perf_counter()
    end = began + WARM + options.seconds
    statuses, taken, done = Counter(), [], []

    async def client(number):
        reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
        while (asked := time.perf_counter()) < end:
            status, headers = await request(reader, writer, sent[number % len(sent)], options.model)
            now = time.perf_counter()
            if asked > began + WARM:
                statuses[status] += 1
            if status == 200 and began + WARM < now <= end:
                done.append(now)
                taken.append(now - asked)
            if status == 429:
                await asyncio.sleep(float(headers["retry-after"]))
            number += 1
        writer.close()

    await asyncio.gather(*(client(number) for number in range(options.clients)))
    cuts = quantiles(taken, n=100)
    return {
        "rate": len(done) / options.seconds,
        "p50": cuts[49],
        "p95": cuts[94],
        "p99": cuts[98],
        "statuses": statuses,
    }


async def request(reader, writer, photo, model):
    """Return the status and the headers of the answer to one photo."""
    head = f"POST /v1/stylize?style={STYLE}&model={model} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
    writer.write(f"{head}Content-Length: {len(photo)}\r\n\r\n".encode() + photo)
    await writer.drain()
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    await reader.readexactly(int(headers["content-length"]))
    return int(first.split()[1]), headers


if __name__ == "__main__":
    main()
