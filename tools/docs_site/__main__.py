"""``python -m tools.docs_site [FOLDER]``: build the site there; without a folder, in ``.cache/docs``."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Sequence

from tools.docs_site import links, pages

CONFIGURATION = pages.ROOT / "docs" / "zensical.toml"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def build(folder: Path) -> list[str]:
    """Build the site in ``FOLDER/site``; return what is wrong with it, a line each."""
    for made in (folder / "pages", folder / "site"):
        shutil.rmtree(made, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    pages.assemble(folder / "pages")
    shutil.copy(CONFIGURATION, folder)
    zensical = Path(sysconfig.get_path("scripts")) / "zensical"
    done = subprocess.run(  # noqa: S603  the program of this environment
        [str(zensical), "build", "--strict", "--clean", "--config-file", str(folder / CONFIGURATION.name)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    output = COLOURS.sub("", done.stdout + done.stderr)
    if done.returncode or "Warning" in output:
        return output.splitlines()
    return links.problems(folder / "site")


def main(argv: Sequence[str]) -> int:
    """Build the site and print where it is; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.docs_site", description="Build the documentation site."
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=pages.ROOT / ".cache" / "docs", help="where to build it"
    )
    folder = parser.parse_args(argv).folder.resolve()
    wrong = build(folder)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    print(f"The documentation is in {folder / 'site' / 'index.html'}")
    print(f"Its search needs a server: python -m http.server --directory {folder / 'site'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
