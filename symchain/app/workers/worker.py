"""Worker processes: copies of one that has warmed up. A worker answers requests within its limits; JSON on sockets, never pickle."""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
from multiprocessing.connection import Connection
from typing import Any

from symchain.app.workers.limits import SECONDS
from symchain.app.workers.tasks import answer

MEMORY = 2 << 30
"""Bytes of address space: a request that needs more ends with a message."""
REQUESTS = 1000
"""After so many a worker is replaced, and what it remembered with it."""
LARGEST = 8 << 20
"""Bytes of an answer."""
WIDTH = 12
GIVING_WAY = 10
_MEMORY = b'{"kind": "memory"}'
_WARMING = ("derive", "graph", "check", "code", "judge")


def main() -> None:
    """The process that all workers are copies of: warms up once, and makes or ends a worker when it is told to.

    A message on the control socket (standard input) is a letter and a number of WIDTH bytes together: "q" (quick) and "l" (long)
    bring the socket of a new worker and are answered by its process id, "e" ends that worker. When the socket is closed all of them end.
    """
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the server's to answer
    _warm()
    gc.freeze()
    control.sendall(b"ready".ljust(WIDTH))
    alive: set[int] = set()
    try:
        while True:
            message, sockets, _, _ = socket.recv_fds(control, WIDTH, 1)
            if not message:
                return
            if message[:1] in b"ql":
                pid = os.fork()
                if pid == 0:
                    control.close()
                    os.nice(0 if message[:1] == b"q" else GIVING_WAY)
                    _serve(sockets[0])
                    os._exit(0)
                os.close(sockets[0])
                alive.add(pid)
                control.sendall(b"%d" % pid + b" " * (WIDTH - len(str(pid))))
            else:
                _end(int(message[1:]), alive)
    except OSError:
        return
    finally:
        for pid in list(alive):
            _end(pid, alive)


def _end(pid: int, alive: set[int]) -> None:
    """Ends a worker. Until then its number is not given to any other process."""
    if pid in alive:
        alive.remove(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _serve(descriptor: int) -> None:
    """A worker: answers one request after the other until its socket is closed."""
    try:
        connection = Connection(descriptor)
        confine()
        for _ in range(REQUESTS):
            reply = _answered(json.loads(connection.recv_bytes()))
            connection.send_bytes(reply)
            if reply.startswith(_MEMORY):
                return  # what was reached for is given back
    except (EOFError, OSError):
        return
    except BaseException:
        os._exit(1)


def confine() -> None:
    """What this process may use from now on: so much memory, and no file to write to."""
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _warm() -> None:
    """One request of each kind fills the tables that every later one reads."""
    text = "z = w*x + b\nC = (tanh(z) - y)**2"
    for task in _WARMING:
        data = {"document": "$$y = x^2$$ $$y' = 2x$$"} if task == "judge" else {"text": text}
        answer(task, {**data, **({"wrt": "w", "claim": "2*x"} if task == "check" else {})})


def _answered(request: dict[str, Any]) -> bytes:
    task, data = request["task"], request["data"]
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + SECONDS.get(task, 1)) + 2, soft_only=True)
    try:
        reply = json.dumps(answer(task, data), ensure_ascii=False).encode("utf-8", "replace")
    except MemoryError:
        return _MEMORY
    return reply if len(reply) <= LARGEST else b'{"kind": "large"}'


def _limit(which: int, value: int, soft_only: bool = False) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, hard if soft_only else value))


if __name__ == "__main__":
    main()
