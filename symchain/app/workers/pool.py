"""A small pool of warm worker processes. A request has a time limit; who exceeds it, or dies, is replaced, and nobody else notices.

A request whose worker died is asked once more of another one. What is asked at every key has workers of its own, so that typing is
answered while hostile texts run into their limits.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any

from symchain.app.workers.limits import QUICK, SECONDS
from symchain.errors import UnsupportedError

_PATIENCE = 15.0
"""Seconds that a request waits for a free worker."""
_START = 60.0
_WIDTH = 12
_KEPT = 32 << 20
"""Bytes of answers that are remembered."""
_LASTING = ("done", "refused")
"""Kinds of answers that depend on the request alone."""


class _Nursery:
    """The process that makes workers, and the socket to it."""

    def __init__(self) -> None:
        paths = [os.path.abspath(p) for p in sys.path]
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "PYTHONDONTWRITEBYTECODE")}
        self.control, theirs = socket.socketpair()
        self.lock = Lock()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "symchain.app.workers.worker"], stdin=theirs.fileno(), stdout=subprocess.DEVNULL, cwd="/",
                env={**kept, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )  # fmt: skip

    def ready(self) -> bool:
        """Waits until it has warmed up; False where it did not."""
        self.control.settimeout(_START)
        try:
            return self.control.recv(_WIDTH).startswith(b"ready")
        except OSError:
            return False

    def worker(self, quick: bool) -> _Worker:
        """A new worker; one that is not `quick` gives way to those that are. Raises OSError where the process is gone."""
        mine, theirs = socket.socketpair()
        with theirs, self.lock:
            socket.send_fds(self.control, [(b"q" if quick else b"l").ljust(_WIDTH)], [theirs.fileno()])
            number = self.control.recv(_WIDTH)
        if not number:
            mine.close()
            raise OSError("the process that makes workers ended")
        return _Worker(self, int(number), Connection(mine.detach()), quick)

    def end(self) -> None:
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(eq=False)
class _Worker:
    """One process and the connection to it."""

    nursery: _Nursery
    number: int
    connection: Connection
    quick: bool

    def ask(self, request: bytes, seconds: float) -> bytes:
        """The reply. Raises TimeoutError, and EOFError or OSError where the process is gone."""
        self.connection.send_bytes(request)
        if not self.connection.poll(seconds):
            raise TimeoutError
        return self.connection.recv_bytes()

    def gone(self) -> bool:
        """Whether the process ended while nothing was asked of it: then there is an end to read."""
        return self.connection.closed or self.connection.poll(0)

    def end(self) -> None:
        self.connection.close()
        try:
            with self.nursery.lock:
                self.nursery.control.sendall((b"e%d" % self.number).ljust(_WIDTH))
        except OSError:  # it took its workers with it
            return


class Pool:
    """Answers requests in worker processes; safe to be used by many threads.

    >>> with Pool(2) as pool:
    ...     pool.ask("read", {"text": "y = a*x**2"})["last"]
    'y'
    """

    def __init__(self, size: int | None = None) -> None:
        if os.name != "posix":
            what = "workers with limits on time and memory need Linux, macOS or another POSIX system"
            raise UnsupportedError(what, advice="Run it there, or in a container.")
        self.size = max(2, size or (os.cpu_count() or 1) + 2)
        self._idle: dict[bool, queue.LifoQueue[_Worker]] = {True: queue.LifoQueue(), False: queue.LifoQueue()}
        self._all: set[_Worker] = set()
        self._lock, self._closed = Lock(), False
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._weight = 0
        self._running: dict[bytes, Future[dict[str, Any]]] = {}
        self._nursery: _Nursery | None = None
        self._ready = Event()
        Thread(target=self._begin, daemon=True).start()

    @property
    def processes(self) -> tuple[int, ...]:
        """The process ids of the workers."""
        with self._lock:
            return tuple(w.number for w in self._all)

    def ask(self, task: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request, with its "kind": done, refused (by symchain, with a message), or one of limits.KINDS.

        Equal requests are answered once: at the same time together, later from what is remembered.
        """
        request = json.dumps({"task": task, "data": data}, sort_keys=True).encode()
        with self._lock:
            if request in self._kept:
                self._kept.move_to_end(request)
                return json.loads(self._kept[request])  # type: ignore[no-any-return]
            shared = self._running.get(request)
            if shared is None:
                mine = self._running[request] = Future()
        if shared is not None:
            return shared.result()
        try:
            found = self._asked(task, request)
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(found)
            return found
        finally:
            with self._lock:
                del self._running[request]

    def _asked(self, task: str, request: bytes) -> dict[str, Any]:
        until = monotonic() + _PATIENCE
        for _ in range(2):
            try:
                worker = self._free(task in QUICK, until)
            except queue.Empty:
                return {"kind": "busy"}
            try:
                reply = worker.ask(request, SECONDS.get(task, 1.0))
            except TimeoutError:
                self._replace(worker)
                return {"kind": "time"}
            except (EOFError, OSError):
                self._replace(worker)
                until = monotonic() + _PATIENCE
                continue
            self._idle[worker.quick].put(worker)
            return self._remembered(request, reply)
        return {"kind": "died"}

    def _free(self, quick: bool, until: float) -> _Worker:
        """A worker that waits for work; those that ended while they waited are replaced. Raises queue.Empty after a time."""
        while True:
            self._ready.wait(_START)
            worker = self._idle[quick].get(timeout=max(0.0, until - monotonic()))
            if not worker.gone():
                return worker
            self._replace(worker)

    def _remembered(self, request: bytes, reply: bytes) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(reply)
        if found["kind"] in _LASTING:
            with self._lock:
                self._kept[request] = reply
                self._weight += len(request) + len(reply)
                while self._weight > _KEPT:
                    old, gone = self._kept.popitem(last=False)
                    self._weight -= len(old) + len(gone)
        return found

    def _begin(self) -> None:
        """Starts the process that makes workers, and makes them; tries again where it does not start."""
        pause = 0.1
        while not self._closed:
            nursery = _Nursery()
            self._nursery = nursery
            try:
                if nursery.ready():
                    for k in range(self.size):
                        self._add(nursery, k % 2 == 0)
                    self._ready.set()
                    break
            except OSError:
                pass
            nursery.end()
            sleep(pause)  # a machine without memory is not to be worn out
            pause = min(2 * pause, 10.0)
        if self._closed:
            self.close()

    def _add(self, nursery: _Nursery, quick: bool) -> None:
        worker = nursery.worker(quick)
        with self._lock:
            self._all.add(worker)
        self._idle[worker.quick].put(worker)

    def _replace(self, worker: _Worker) -> None:
        """A new worker for one that hangs or is gone; where the process that makes them is gone too, all begin anew."""
        with self._lock:
            known = worker in self._all
            self._all.discard(worker)
        if not known or self._closed:
            return
        worker.end()
        try:
            self._add(worker.nursery, worker.quick)
        except OSError:
            with self._lock:
                first = worker.nursery is self._nursery and self._ready.is_set()
                if first:
                    self._ready.clear()
                    lost, self._all = self._all, set()
            if first:
                for other in lost:
                    other.connection.close()
                Thread(target=self._begin, daemon=True).start()

    def close(self) -> None:
        """End all workers."""
        self._closed = True
        self._ready.set()
        if self._nursery is not None:
            self._nursery.end()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
