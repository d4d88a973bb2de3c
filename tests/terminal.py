"""The command line as a person meets it: what it prints, where, and with which exit code."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass

from experiments.cli import main


@dataclass
class Outcome:
    """What one command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The message of a refused command; fails unless that is all that it said."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        assert self.out == ""
        lines = self.err.strip().splitlines()
        assert lines[0].startswith("error: "), self.err
        assert all(line.startswith("       ") for line in lines[1:]), self.err
        return self.err.removeprefix("error: ").strip()


def cascades(*arguments: object) -> Outcome:
    """Run the command in this process, as the installed script does."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["cascades", *map(str, arguments)]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    return Outcome(code, out.getvalue(), err.getvalue())
