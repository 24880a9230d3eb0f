"""Files that are compressed as one stream: bzip2, xz, zstd, and gzip of what is no text.

gzip of text is not here: Spark and Polars read it as it is.
"""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Callable, Iterator, NamedTuple, Optional, Tuple, cast

from nuvyn_executor.errors import DatasetUnreadable, SourceError, WronglyNamed

if TYPE_CHECKING:
    import io

BINARY_GZIP = (
    *(".parquet.gz", ".parq.gz", ".pq.gz", ".orc.gz", ".avro.gz"),
    *(".xlsx.gz", ".xlsm.gz", ".xls.gz"),
)
"""How names end of gzip files that Spark could not read."""

_ZSTD_MODULES = ("compression.zstd", "backports.zstd")  # of Python 3.14, and the same for older ones
_DELIVER = "Write or copy the file again."


class Codec(NamedTuple):
    """A way to compress a file.

    Attributes:
        name: what the compression is called.
        suffixes: how the names of such files end.
        magics: how such files begin.
        open: makes of a stream of compressed bytes one of their content.
    """

    name: str
    suffixes: Tuple[str, ...]
    magics: Tuple[bytes, ...]
    open: Callable[[io.BufferedReader], IO[bytes]]


def open_zstd(packed: IO[bytes]) -> IO[bytes]:
    """Open zstd, all frames of it, with Python's own module, or the one of an older Python, or PyArrow.

    Raises:
        ImportError: none of them is installed.
    """
    for name in _ZSTD_MODULES:
        try:
            return cast("IO[bytes]", importlib.import_module(name).ZstdFile(packed))
        except ImportError:
            continue
    arrow: Any = importlib.import_module("pyarrow")
    return cast("IO[bytes]", arrow.CompressedInputStream(packed, "zstd"))


_GZIP = Codec(
    "gzip",
    BINARY_GZIP,
    (b"\x1f\x8b\x08",),
    lambda packed: cast("IO[bytes]", gzip.GzipFile(fileobj=packed, mode="rb")),
)
_CODECS = (
    Codec("bzip2", (".bz2",), (b"BZh",), bz2.BZ2File),
    Codec("xz", (".xz",), (b"\xfd7zXZ\x00",), lzma.LZMAFile),
    Codec(
        "zstd",
        (".zst", ".zstd"),
        # A frame that is to be skipped may come first.
        (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + i, 0x2A, 0x4D, 0x18)) for i in range(16))),
        open_zstd,
    ),
    _GZIP,
)


def codec_of(name: str) -> Optional[Codec]:
    """Return how a file is compressed, by its name; ``None`` for one that is not, or as gzip of text.

    Spark inflates gzip of text, if its name ends in small letters.
    """
    lower = name.lower()
    if lower.endswith(".gz") and not name.endswith(".gz"):
        return _GZIP
    return next((one for one in _CODECS if lower.endswith(one.suffixes)), None)


def content_name(name: str) -> str:
    """Return the name of a file without the end that says how it is compressed."""
    return name if codec_of(name) is None else name[: name.rindex(".")]


def open_content(packed: io.BufferedReader, name: str) -> IO[bytes]:
    """Open the content of a file that is compressed as its name says; a name that says nothing: as it is.

    Args:
        packed: its bytes, from the first on.
        name: its name.

    Raises:
        WronglyNamed: it is not compressed that way.
        ImportError: nothing that reads zstd is installed.
    """
    codec = codec_of(name)
    if codec is None:
        return packed
    head = packed.peek(8)[:8]
    if head and not head.startswith(codec.magics):
        suffix = name[name.rindex(".") :].lower()
        raise WronglyNamed(
            name,
            f"is called {suffix} but is not compressed with {codec.name}",
            f"Rename it without {suffix}.",
        )
    return codec.open(packed) if head else packed


@contextmanager
def explained(name: str, what: str) -> Iterator[None]:
    """Explain what decompressing raises.

    Args:
        name: of the file.
        what: what it should be: ``bzip2 file``.

    Raises:
        DatasetUnreadable: the file is cut short or damaged, or nothing here reads it.
    """
    try:
        yield
    except SourceError:
        raise
    except ImportError as error:
        raise DatasetUnreadable(
            f"{name} is compressed with zstd, and nothing that reads it is installed.",
            "Install it: pip install pyarrow (or backports.zstd).",
        ) from error
    except EOFError as error:
        raise DatasetUnreadable(f"{name} is a {what} that is cut short.", _DELIVER) from error
    except Exception as error:  # each library has its own errors
        if "truncated" in str(error).lower():  # PyArrow's word
            raise DatasetUnreadable(f"{name} is a {what} that is cut short.", _DELIVER) from error
        raise DatasetUnreadable(f"{name} is a damaged {what} ({error}).", _DELIVER) from error
