"""From C to functions in this process: finds a compiler, compiles once for each source, and keeps what was compiled on disk.

The store holds one file for each hash of source, compiler, flags and processor. Files appear whole (written elsewhere, then renamed) and
end with the hash of what stands before it: one that was cut or changed is compiled anew. A store that others may write to is not used.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.machinery
import importlib.util
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from symchain.errors import UnsupportedError

_FLAGS = ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC", "-w")
"""No product is fused with a sum unless it is written so: a*b - a*b is zero. Flags of floats stay those of the arithmetic."""
_TUNED = ("-march=native",)
_SECONDS = 600
_HASH = 32
_VARIABLE = "SYMCHAIN_CACHE"


def header(name: str) -> str:
    """What every kernel begins with, "mathematics.h", or what some need beside it."""
    return (Path(__file__).parent / name).read_text(encoding="ascii")


@cache
def compiler() -> tuple[str, ...]:
    """The command of a C compiler: CC, cc, gcc, clang, or that of the package ziglang; () where there is none."""
    given = shlex.split(os.environ.get("CC", ""))
    for command in (given, ["cc"], ["gcc"], ["clang"]):
        if command and shutil.which(command[0]):
            return tuple(command)
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "cc")
    return ()


def needed_compiler() -> tuple[str, ...]:
    """The same. Raises UnsupportedError where there is none."""
    if not compiler():
        raise UnsupportedError(
            "there is no C compiler", advice='Install gcc or clang, or `pip install "symchain[native]"`; target="numpy" needs none.'
        )
    return compiler()


def shared_object(source: str, level: str = "-O3") -> ctypes.PyDLL:
    """The compiled source, loaded; its functions are called with the interpreter's lock held."""
    return ctypes.PyDLL(str(_stored(source, _TUNED, (level,))))


@cache
def launcher() -> ModuleType | None:
    """The module that calls kernels quickly; None where Python's header files are missing."""
    include = sysconfig.get_paths()["include"]
    if not (Path(include) / "Python.h").is_file() or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return None
    source = (Path(__file__).parent / "launcher.c").read_text(encoding="ascii")
    try:
        path = _stored(source, (), ("-O2", f"-I{include}"), sys.version)
    except UnsupportedError:
        return None
    loader = importlib.machinery.ExtensionFileLoader("symchain_launcher", str(path))
    spec = importlib.util.spec_from_file_location("symchain_launcher", path, loader=loader)
    if spec is None:
        return None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _stored(source: str, tuned: tuple[str, ...], more: tuple[str, ...], *also: str) -> Path:
    """The file of the compiled source, which is compiled where it is not there or not whole."""
    command = needed_compiler()
    key = "\n".join((source, *_FLAGS, *tuned, *more, *command, _version(command), _processor(), *also))
    path = store() / f"{sha256(key.encode()).hexdigest()[:40]}.so"
    if not _whole(path):
        _compile(source, [*command], [*_FLAGS, *more], tuned, path)
    return path


def _whole(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return len(data) > _HASH and sha256(data[:-_HASH]).digest() == data[-_HASH:]


def _compile(source: str, command: list[str], flags: list[str], tuned: tuple[str, ...], path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        made, text = Path(folder) / "kernel.so", Path(folder) / "kernel.c"
        text.write_text(source, encoding="ascii")
        for extra in (tuned, ()) if tuned else ((),):  # a compiler may not know its processor
            done = _run([*command, *flags, *extra, str(text), "-o", str(made), "-lm"])
            if done.returncode == 0 and made.is_file():
                break
        else:
            message = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:200])
            what = f"the C compiler {command[0]} failed: {message}"
            raise UnsupportedError(what, advice='Use target="numpy", or another compiler in CC.')
        data = made.read_bytes()
        made.write_bytes(data + sha256(data).digest())
        made.chmod(0o700)
        made.replace(path)


_running: set[subprocess.Popen[str]] = set()
"""Compilers at work, maybe for threads that nobody waits for: none outlives the process."""


@atexit.register
def _stop() -> None:
    for process in [*_running]:
        process.kill()


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace") as process:
            _running.add(process)
            try:
                out, err = process.communicate(timeout=_SECONDS)
            except BaseException:
                process.kill()
                raise
            finally:
                _running.discard(process)
        return subprocess.CompletedProcess(command, process.returncode, out, err)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnsupportedError(f"the C compiler {command[0]} does not run: {error}", advice='Use target="numpy".') from error


@cache
def _version(command: tuple[str, ...]) -> str:
    return _run([*command, "--version"]).stdout


@cache
def _processor() -> str:
    """What the compiled code is made for."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
    return f"{sys.platform} {platform.machine()} {flags}"


@cache
def store() -> Path:
    """A folder that this user alone may write to."""
    wanted = os.environ.get(_VARIABLE) or os.environ.get("XDG_CACHE_HOME")
    base = Path(wanted) if wanted else Path.home() / ".cache"
    try:
        folder = base / "symchain"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
        own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        if own and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):
        pass
    return Path(tempfile.mkdtemp(prefix="symchain-"))
