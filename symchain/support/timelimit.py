"""Work that ends after a time: an exception is raised in the thread that works, whatever it is doing in Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from threading import Lock, Timer, get_ident
from time import sleep
from typing import TypeVar

Result = TypeVar("Result")


class _Expired(BaseException):
    """Raised inside the work; not an Exception, so that nothing there takes it for its own."""


def within(seconds: float | None, work: Callable[[], Result]) -> Result:
    """The result of the work. Raises TimeoutError where it takes longer, as soon as Python runs again in this thread.

    >>> within(10, lambda: 42)
    42
    """
    if seconds is None:
        return work()
    thread, lock = ctypes.c_ulong(get_ident()), Lock()
    over = fired = arrived = False

    def expire() -> None:
        nonlocal fired
        with lock:
            if not over:
                fired = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Expired))

    timer = Timer(seconds, expire)
    timer.daemon = True
    try:
        try:
            timer.start()
            return work()
        except _Expired:
            arrived = True
            raise
        finally:
            with lock:
                over = True
            timer.cancel()
            while fired and not arrived:  # what was raised is on its way: it arrives here
                sleep(0.001)
    except _Expired:
        raise TimeoutError(f"more than {seconds} seconds") from None
