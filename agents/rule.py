"""A rule: a short function on plain values, compiled once and cached.

``@rule`` is ``numba.njit`` with the settings that the whole project shares: no global interpreter
lock, IEEE division (a zero divisor gives infinity, as in NumPy), no fast-math, cached on disk.
``@step`` is the same for rules that only rules call. With
``NUMBA_DISABLE_JIT=1`` a rule is the plain Python function, with the same bits as a result.

Numba's cache does not notice that a rule in *another* file has changed, so the cache folder is named
after a hash of every source file that can hold a rule: an edited rule always takes effect.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import numba
from numba.core.registry import CPUDispatcher

RULE_FOLDERS = ("agents", "sim")
WITHOUT_RULES = ("live.py", "model.py", "result.py", "scenario.py", "views.py", "world.py")


def source_hash(root: Path | None = None) -> str:
    """Return a hash of all files that can hold rules, and of the versions that compile them."""
    root = root or Path(__file__).resolve().parent.parent
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{numba.__version__} {sys.version_info[:2]}".encode())
    for folder in RULE_FOLDERS:
        for path in sorted((root / folder).glob("*.py")):
            if path.name in WITHOUT_RULES:
                continue
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def cache_root() -> Path:
    """Return the folder that holds the compiled rules: ``CASCADES_CACHE``, or the user's cache."""
    chosen = os.environ.get("CASCADES_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(home) if home else Path.home() / ".cache") / "diffusion-cascades"


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):
        pass
    return Path(tempfile.gettempdir()) / "diffusion-cascades"


JIT = not numba.config.DISABLE_JIT
if JIT and not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = str(_writable(cache_root()) / source_hash())


class Rule(CPUDispatcher):
    """A compiled rule.

    Numba would compile it anew for every literal that a caller writes (``push(w, t, 0, -1)``); the
    types of literals are therefore widened, so that each rule is compiled once.
    """

    def get_call_template(self, args, kws):
        plain = {name: numba.types.unliteral(kind) for name, kind in kws.items()}
        return super().get_call_template(tuple(map(numba.types.unliteral, args)), plain)


class Step(Rule):
    """A rule that only other rules call: it has no door to Python, which takes time to build."""

    def __call__(self, *arguments):
        raise TypeError(f"{self.__name__} is a step: only rules can call it (or set NUMBA_DISABLE_JIT=1)")


SETTINGS = {"nopython": True, "nogil": True, "error_model": "numpy", "boundscheck": None}
WITHOUT_DOOR = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def rule(function):
    """Compile a function on plain values and tables; see the module's docstring."""
    return _compiled(Rule, function, SETTINGS)


def step(function):
    """Compile a rule that only other rules call."""
    return _compiled(Step, function, SETTINGS | WITHOUT_DOOR)


def _compiled(dispatcher, function, options):
    if not JIT:
        return function
    compiled = dispatcher(py_func=function, locals={}, targetoptions=dict(options))
    compiled.enable_caching()
    return compiled
