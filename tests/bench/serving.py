"""Load of `symchain serve`: people who type at once, each key a chance of a request, and workers that die meanwhile.

    python tests/bench/serving.py --users 50 --seconds 20

Everybody types an equation of their own at 5 keys a second with a pause now and then, and the page's delay after the last key; what was
typed differently before the answer came is asked anew, as the page does. Every fifth second one worker is killed. Printed: requests,
answers lost, the times from sending to answer. `--hostile N` adds people who send texts that run into the limits.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

import httpx

DELAY = 0.18
HOSTILE = "y = " + "+".join(f"sin(x{i}*y{i})" for i in range(120)) + "\nC = y**9"


class Told:
    """What was measured."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.lost: list[str] = []
        self.hostile: list[str] = []


def text_of(user: int, chance: random.Random) -> str:
    lines = [f"z = w{user}*x + b", f"a = {chance.choice(['tanh', 'sigmoid', 'sin', 'exp'])}(z)"]
    lines += [f"h{k} = a*v{k} + c{chance.randrange(10)}" for k in range(chance.randrange(3))]
    return "\n".join([*lines, f"C = (a - y{user})**{chance.randrange(2, 5)}"])


async def typist(user: int, client: httpx.AsyncClient, until: float, told: Told) -> None:
    chance = random.Random(user)
    await asyncio.sleep(chance.random() * 2)
    while time.monotonic() < until:
        text = text_of(user, chance)
        at = 4
        while at < len(text) and time.monotonic() < until:
            at += 1
            pause = chance.uniform(0.3, 1.0) if chance.random() < 0.2 else chance.uniform(0.1, 0.25)
            if pause > DELAY:
                await asyncio.sleep(DELAY)
                began = time.monotonic()
                await asked(client, text[:at], told)
                await asyncio.sleep(max(0.0, pause - DELAY - (time.monotonic() - began)))
            else:
                await asyncio.sleep(pause)


async def asked(client: httpx.AsyncClient, text: str, told: Told) -> None:
    """What the page asks after a pause: the text read, and where it is understood, the graph of it."""
    for task in ("read", "graph"):
        began = time.monotonic()
        try:
            found: dict[str, Any] = (await client.post(f"/api/{task}", json={"text": text})).json()
        except httpx.HTTPError as error:
            told.lost.append(type(error).__name__)
            return
        told.times.append(time.monotonic() - began)
        if found["kind"] not in ("done", "refused"):
            told.lost.append(found["kind"])
        if found["kind"] != "done":
            return


async def attacker(number: int, client: httpx.AsyncClient, until: float, told: Told) -> None:
    while time.monotonic() < until:
        found = (await client.post("/api/derive", json={"text": f"{HOSTILE} + {random.random()}", "wrt": ""})).json()
        told.hostile.append(found["kind"])


def workers_of(server: int) -> list[int]:
    """The workers: the copies that the child of the server has made of itself."""
    return [w for nursery in _children(server) for w in _children(nursery)]


def _children(pid: int) -> list[int]:
    ran = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in ran.stdout.split()]


async def killer(server: int, until: float) -> int:
    killed = 0
    while time.monotonic() + 5 < until:
        await asyncio.sleep(5)
        if found := workers_of(server):
            os.kill(random.choice(found), signal.SIGKILL)
            killed += 1
    return killed


async def main(users: int, seconds: float, hostile: int, port: int) -> None:
    command = [sys.executable, "-m", "symchain", "serve", "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    told = Told()
    try:
        limits = httpx.Limits(max_connections=2 * users + hostile)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
            for _ in range(100):
                try:
                    await client.post("/api/read", json={"text": "y = x"})
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)
            until = time.monotonic() + seconds
            work = [typist(u, client, until, told) for u in range(users)] + [attacker(k, client, until, told) for k in range(hostile)]
            killed, *_ = await asyncio.gather(killer(server.pid, until), *work)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
    times = sorted(told.times)
    load = os.getloadavg()[0]
    rank = {p: 1000 * times[min(len(times) - 1, int(p * len(times) / 100))] for p in (50, 90, 99)}
    print(f"{users} users, {seconds:.0f} s, {os.cpu_count()} cores (load of the machine {load:.1f}), {killed} workers killed")
    print(f"{len(told.hostile)} hostile requests {sorted(set(told.hostile))}")
    print(f"{len(times)} answers, {len(told.lost)} lost {told.lost[:5]}; mean {1000 * statistics.mean(times):.0f} ms")
    print("; ".join(f"{p} % within {t:.0f} ms" for p, t in rank.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--hostile", type=int, default=0)
    parser.add_argument("--port", type=int, default=8798)
    given = parser.parse_args()
    asyncio.run(main(given.users, given.seconds, given.hostile, given.port))
