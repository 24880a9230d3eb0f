"""Archives and compressed files that are not read, by their first bytes and their names. Pure.

Files that are compressed as their names say, and zip archives, do not come here: the source shows what they
hold.
"""

from __future__ import annotations

from typing import Optional, Tuple

Refusal = Tuple[str, str]
"""What a file is, as the end of a sentence that begins with its name; and what to do about it."""

_COMPRESSED: Tuple[Tuple[bytes, str, str], ...] = (
    (b"BZh", "bzip2", ".bz2"),
    (b"\x28\xb5\x2f\xfd", "zstd", ".zst"),
    (b"\xfd7zXZ\x00", "xz", ".xz"),
)
_PACKERS = ("gz", "bz2", "xz", "zst", "zstd")
_ARCHIVES: Tuple[Tuple[bytes, Tuple[str, ...], str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", (".7z",), "a 7-Zip archive"),
    (b"Rar!\x1a\x07", (".rar",), "a RAR archive"),
    (b"", (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".tar.z"), "a tar archive"),
    (b"", tuple(f".tar.{end}" for end in _PACKERS), "a tar archive"),
    (b"", tuple(f".zip.{end}" for end in _PACKERS), "a compressed archive"),
)
_TAR_AT, _TAR = 257, b"ustar"
_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_REPACK = "Unpack it, or write its files as a .zip."


def refused_archive(lower: str, raw: bytes) -> Optional[Refusal]:
    """Return what an archive is that is not opened; ``None`` for all other files.

    Args:
        lower: the file's name in lower case.
        raw: its first bytes.
    """
    what = next((what for magic, _, what in _ARCHIVES if magic and raw.startswith(magic)), "")
    what = what or next((what for _, names, what in _ARCHIVES if lower.endswith(names)), "")
    if what or raw[_TAR_AT:].startswith(_TAR):
        return f"is {what or 'a tar archive'}, which is not read", _REPACK
    if raw.startswith(_EMPTY_ZIP):
        return "is an empty zip archive", "Remove it, or write it again."
    if lower.endswith(".zip") and not raw.startswith(_ZIP):
        return "is called .zip but is no zip archive", "Rename it, or copy it again."
    return None


def refused_compression(lower: str, raw: bytes, *, binary: bool) -> Optional[Refusal]:
    """Return how a file is compressed whose name does not say so; ``None`` for all other files.

    Args:
        lower: the file's name in lower case.
        raw: its first bytes.
        binary: it is no text. A text may begin with the letters of bzip2.
    """
    for magic, codec, suffix in _COMPRESSED:
        if raw.startswith(magic) and (binary or not magic.isalnum()):
            if lower.endswith(suffix):
                return f"is compressed with {codec} more than once", "Compress it once."
            return f"is compressed with {codec} but is not called {suffix}", "Rename it."
    return None
