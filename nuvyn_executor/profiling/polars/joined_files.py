"""Reads small text files together: a call of Polars costs some milliseconds, however small its input is.

One by one, 20,000 files would take minutes. As every line is a record, the lines of several files are read as
those of one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Optional, Sequence

import polars as pl

from nuvyn_executor.profiling.polars.text_blocks import BLOCK_BYTES

if TYPE_CHECKING:
    from nuvyn_executor.discovery.partition_folders import Values


class Body(NamedTuple):
    """Whole lines of a file that are rows.

    Attributes:
        block: the lines.
        constants: the values of its partition columns.
    """

    block: bytes
    constants: Values


class Block(NamedTuple):
    """Whole lines of one or of several files.

    Attributes:
        folders: the partition columns' values of each run of lines.
        lines: how many lines each run has; empty if there is one run.
    """

    block: bytes
    folders: Sequence[Values]
    lines: Sequence[int] = ()

    def folder_of_lines(self) -> Optional[pl.Series]:
        """Return the run that each line belongs to; ``None`` if there is one run."""
        if not self.lines:
            return None
        runs = pl.DataFrame(
            {"run": range(len(self.lines)), "lines": [*self.lines]}, {"run": pl.UInt32, "lines": pl.UInt32}
        )
        return runs.select(pl.col("run").repeat_by("lines").explode())["run"]


def joined_blocks(bodies: Iterator[Body]) -> Iterator[Block]:
    """Join small bodies until they are as large as one block."""
    for some in _gathered(bodies):
        yield _joined(some)


def _gathered(bodies: Iterator[Body]) -> Iterator[List[Body]]:
    gathered: List[Body] = []
    size = 0
    for body in bodies:
        if gathered and size + len(body.block) > BLOCK_BYTES:
            yield gathered
            gathered, size = [], 0
        gathered.append(body)
        size += len(body.block)
        if size >= BLOCK_BYTES:
            yield gathered
            gathered, size = [], 0
    if gathered:
        yield gathered


def _joined(bodies: Sequence[Body]) -> Block:
    if len(bodies) == 1:
        return Block(bodies[0].block, [bodies[0].constants])
    ended = [one.block if one.block.endswith(b"\n") else one.block + b"\n" for one in bodies]
    if all(one.constants == bodies[0].constants for one in bodies):
        return Block(b"".join(ended), [bodies[0].constants])
    lines = [block.count(b"\n") for block in ended]
    return Block(b"".join(ended), [one.constants for one in bodies], lines)
