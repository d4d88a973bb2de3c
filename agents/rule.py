"""A rule: a short function on plain values, compiled once and cached.

``@rule`` is ``numba.njit`` with the settings that the whole project shares: no global interpreter
lock, IEEE division (a zero divisor gives infinity, as in NumPy), no fast-math, cached on disk. With
``NUMBA_DISABLE_JIT=1`` a rule is the plain Python function, with the same bits as a result.

Numba optimises and emits every function together with all that it calls, anew at each level of calls.
Here rules that call each other are only lowered; what Python calls gets a *door*, in which all that
lies behind it is optimised as a whole, once. Only doors are cached.

Numba's cache does not notice that a rule in *another* file has changed, so the cache folder is named
after a hash of every source file that can hold a rule: an edited rule always takes effect.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import numba
from llvmlite import binding
from numba.core import compiler, registry, typed_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass
from numba.core.sigutils import normalize_signature

RULE_FOLDERS = ("agents", "sim")
WITHOUT_RULES = (
    "absorption.py", "deployment.py", "harms.py", "joint.py", "levers.py", "live.py", "model.py", "paths.py",
    "policy.py", "provenance.py", "quantity.py", "randomised.py", "result.py", "scenario.py", "series.py",
    "thresholds.py", "trained.py", "views.py", "world.py",
)  # fmt: skip


def source_hash(root: Path | None = None) -> str:
    """Return a hash of all files that can hold rules, and of the versions that compile them."""
    root = root or Path(__file__).resolve().parent.parent
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{numba.__version__} {sys.version_info[:2]}".encode())
    for folder in RULE_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
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


class LoweredLibrary(JITCodeLibrary):
    """The code of a rule as it was lowered, to be linked into a door: no machine code of its own."""

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        self._ensure_finalized()
        return 0

    @property
    def codegen(self):
        return self  # for ``set_env``: without machine code there is no environment to set

    def set_env(self, name, environment):
        """Do nothing."""


@register_pass(mutates_CFG=True, analysis_only=False)
class Lowering(typed_passes.NativeLowering):
    """Numba's lowering, into a library of the above sort."""

    _name = "lowering_of_rules"

    def run_pass(self, state):
        state.library = LoweredLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().run_pass(state)


def with_passes(state, own):
    """Return Numba's passes for a function, some of them replaced: the usual one -> our own."""
    manager = compiler.DefaultPassBuilder.define_nopython_pipeline(state)
    manager.passes = [(own.get(stage, stage), text) for stage, text in manager.passes]
    return manager


class RuleCompiler(compiler.CompilerBase):
    """Numba's compiler, with that lowering."""

    def define_pipelines(self):
        return [with_passes(self.state, {typed_passes.NativeLowering: Lowering})]


class DoorLibrary(JITCodeLibrary):
    """The code of a door, in which the rules behind it belong to it alone.

    Numba leaves every function that is linked in open to others. When none of them can be called from
    elsewhere, one that is called at a single place is put there, and what nobody calls is dropped.

    They are private rather than internal: LLVM changes how such a function is called, and its linker takes
    an internal one for the function of that name in code that is loaded later, a user's own ``njit`` say.
    """

    def _optimize_final_module(self):
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == binding.Linkage.linkonce_odr:
                function.linkage = binding.Linkage.private
        super()._optimize_final_module()


@register_pass(mutates_CFG=True, analysis_only=False)
class LoweringOfDoors(typed_passes.NativeLowering):
    """Numba's lowering, into a library of the latter sort."""

    _name = "lowering_of_doors"

    def run_pass(self, state):
        state.library = DoorLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().run_pass(state)


class DoorCompiler(compiler.CompilerBase):
    """Numba's compiler, with that lowering."""

    def define_pipelines(self):
        return [with_passes(self.state, {typed_passes.NativeLowering: LoweringOfDoors})]


@functools.cache
def numba_target():
    """Return what Numba compiles for, made when it is first asked for.

    Numba finds out whether there is BLAS by importing ``scipy.linalg``, which takes longer than all the rest.
    No rule needs it; a function that multiplies matrices asks again when it is compiled.
    """
    from numba.np import linalg

    asks = linalg.ensure_blas
    linalg.ensure_blas = _find_scipy
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        linalg.ensure_blas = asks
    return registry.cpu_target.target_context


def _find_scipy():
    if importlib.util.find_spec("scipy") is None:
        raise ImportError("scipy is needed for linear algebra")


@functools.cache
def call_libm_directly():
    """Let compiled code call glibc's ``exp``, ``log`` and ``pow`` themselves: the same bits, sooner.

    Numba binds them to versions of 1999, which note errors for programs that nobody writes any more. Without
    glibc all stays as it is.
    """
    try:
        libm = ctypes.CDLL("libm.so.6")
        found = {name: ctypes.cast(libm[name], ctypes.c_void_p).value for name in ("exp", "log", "pow")}
    except (OSError, AttributeError):
        return
    numba_target()  # Numba binds them when this is made: ours come after
    for name, address in found.items():
        binding.add_symbol(name, address)


SETTINGS = {"nopython": True, "nogil": True, "error_model": "numpy", "boundscheck": None}
WITHOUT_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class Rule(registry.CPUDispatcher):
    """A compiled rule: lowered for the rules that call it, with a door for Python."""

    def __init__(self, py_func, in_place=False):
        options = SETTINGS | WITHOUT_WRAPPERS | {"forceinline": in_place}
        super().__init__(py_func, locals={}, targetoptions=options, pipeline_class=RuleCompiler)

    def get_call_template(self, args, kws):
        """Widen the types of literals: Numba would compile ``push(w, t, 0, -1)`` anew for each."""
        plain = {name: numba.types.unliteral(kind) for name, kind in kws.items()}
        return super().get_call_template(tuple(map(numba.types.unliteral, args)), plain)

    @functools.cached_property
    def door(self):
        """The same rule for Python, with all that it calls; compiled when it is first called."""
        numba_target()
        call_libm_directly()
        door = registry.CPUDispatcher(
            self.py_func, locals={}, targetoptions=dict(SETTINGS), pipeline_class=DoorCompiler
        )
        door.enable_caching()
        return door

    def __call__(self, *arguments):
        return self.door(*arguments)


def rule(function):
    """Compile a function on plain values and tables; see the module's docstring."""
    return Rule(function) if JIT else function


def rule_in_place(function):
    """Compile a rule that is put wherever it is called: one that returns much, and is called a lot."""
    return Rule(function, in_place=True) if JIT else function


class RuleOfSome(Rule):
    """A rule of worlds with a trait. What calls it in another world gets ``otherwise`` in its place."""

    def __init__(self, py_func, trait, otherwise):
        super().__init__(py_func)
        self.trait, self.otherwise = trait, otherwise

    def get_call_template(self, args, kws):
        if not getattr(args[0], self.trait):
            return self.otherwise.get_call_template(args, kws)
        return super().get_call_template(args, kws)

    def get_overload(self, signature):
        arguments, _ = normalize_signature(signature)
        if not getattr(arguments[0], self.trait):
            return self.otherwise.get_overload(signature)
        return super().get_overload(signature)


def rule_where(trait, otherwise):
    """Compile a rule for worlds (its first argument) with a trait; other worlds take another rule.

    The choice falls when a world's rules are compiled: a world without the trait does not even compile what
    stands behind this rule. ``trait``: an attribute of the world that is true or false.
    """

    def compiled(function):
        if JIT:
            return RuleOfSome(function, trait, otherwise)

        @functools.wraps(function)
        def chosen(w, *arguments):
            return (function if getattr(w, trait) else otherwise)(w, *arguments)

        return chosen

    return compiled
