"""The command ``nuvyn-contract``: hold a server, a platform or an executor against the contract."""

from __future__ import annotations

import sys
from typing import Callable, Mapping, NamedTuple, Optional, Sequence

from contract import VERSION, verify, verify_executor, verify_platform

PROGRAM = "nuvyn-contract"


class Command(NamedTuple):
    """A command: what it does in one line, and its function of arguments and program name."""

    says: str
    run: Callable[[Sequence[str], str], int]


def _receive(argv: Sequence[str], program: str) -> int:
    from contract.receiver import main as receive  # noqa: PLC0415  the others need no package

    del program
    return receive(argv)


COMMANDS: Mapping[str, Command] = {
    "verify": Command("play the documented exchanges against a server", verify.main),
    "verify-platform": Command("try what a platform does with the POST of metadata", verify_platform.main),
    "verify-executor": Command("call an executor and compare its outputs", verify_executor.main),
    "receiver": Command("serve the reference of a platform", _receive),
}


def _usage() -> str:
    rows = "".join(f"  {name:<18}{command.says}\n" for name, command in COMMANDS.items())
    return (
        f"usage: {PROGRAM} [--version] COMMAND ...\n\ncommands ({PROGRAM} COMMAND --help says more):\n{rows}"
    )


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments:
        sys.stderr.write(_usage())
        return 2
    name, *rest = arguments
    if name in ("-h", "--help", "--version"):
        sys.stdout.write(f"{PROGRAM}, contract {VERSION}\n" if name == "--version" else _usage())
        return 0
    if name not in COMMANDS:
        sys.stderr.write(f"There is no command {name!r}; there are {', '.join(COMMANDS)}.\n")
        return 2
    return COMMANDS[name].run(rest, f"{PROGRAM} {name}")


if __name__ == "__main__":
    sys.exit(main())
