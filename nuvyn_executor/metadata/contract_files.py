"""Finds the data contracts of a source, reads them, and gives each dataset its terms."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Callable, List, Optional, Tuple

from nuvyn_executor.contracts.matching import FoundContract, is_contract_name, matched
from nuvyn_executor.contracts.parser import parse_contract
from nuvyn_executor.contracts.yaml_nodes import MOST_BYTES, BrokenContract
from nuvyn_executor.errors import ConfigError, SourceError
from nuvyn_executor.quality.declared import Note
from nuvyn_executor.sources.base import TableSource
from nuvyn_executor.sources.locations import is_hidden

if TYPE_CHECKING:
    from nuvyn_executor.model import Discovery, FileEntry
    from nuvyn_executor.sources.base import DataSource, Source

logger = logging.getLogger(__name__)

VARIABLE = "EXECUTOR_DATA_CONTRACT"
_MOST_FILES = 1_000
_YAML = (".yaml", ".yml")


class DataContracts:
    """The data contracts of a run.

    Args:
        configured: returns the source that ``EXECUTOR_DATA_CONTRACT`` names; ``None`` where it names none.
    """

    def __init__(self, configured: Optional[Callable[[], DataSource]] = None) -> None:
        self._configured = configured
        self._read: Optional[Tuple[FoundContract, ...]] = None

    def applied(self, source: Source, discovery: Discovery) -> Discovery:
        """Return a discovery whose datasets have the terms that apply to them; log what was found.

        A contract beside the data that cannot be used is a note, and the job goes on without it.

        Raises:
            ConfigError: one that ``EXECUTOR_DATA_CONTRACT`` names is not there, or cannot be used.
        """
        notes: List[Note] = []
        configured = self._of_setting()
        known = {one.digest for one in configured}
        beside = [one for one in _beside(source, discovery, notes) if one.digest not in known]
        contracts = [*configured, *beside]
        if not contracts and not notes:
            return discovery
        found = matched(discovery.datasets, contracts)
        for note in (*notes, *found.notes):
            level = logging.INFO if note.is_info else logging.WARNING
            logger.log(level, "Data contract %s: %s", note.where, note.text)
        for dataset in found.datasets:
            if dataset.terms is not None:
                terms = dataset.terms
                logger.info(
                    "📜 %s is declared by data contract %s (%s)", dataset.name, terms.contract, terms.file
                )
                for one in terms.not_checked:
                    logger.info("Not checked: %s", one)
        return replace(
            discovery,
            datasets=found.datasets,
            skipped=tuple(sorted((*discovery.skipped, *found.skipped), key=lambda one: one.name)),
            notes=(*notes, *found.notes),
        )

    def _of_setting(self) -> Tuple[FoundContract, ...]:
        if self._read is None:
            self._read = () if self._configured is None else tuple(_configured(self._configured))
        return self._read


def _configured(open_source: Callable[[], DataSource]) -> List[FoundContract]:
    try:
        source = open_source()
        listing = source.survey(_MOST_FILES)
    except SourceError as error:
        raise ConfigError(f"{VARIABLE}: {error.message}", error.remedy or "Correct the path.") from error
    files = [entry for entry in listing.files if listing.is_single_file or entry.name.lower().endswith(_YAML)]
    found: List[FoundContract] = []
    for entry in files:
        try:
            content = _content(source, entry)
            contract = parse_contract(content, entry.name)
        except BrokenContract as error:
            if not (listing.is_single_file or is_contract_name(entry.name)):
                logger.debug("%s is no data contract: %s", entry.name, error.message)
                continue
            where = f"{entry.name}, line {error.line}" if error.line else entry.name
            raise ConfigError(
                f"{VARIABLE}: the data contract {where} cannot be used: {error.message}.", error.remedy
            ) from error
        except SourceError as error:
            raise ConfigError(f"{VARIABLE}: {error.message}", error.remedy) from error
        found.append(FoundContract(contract, is_configured=True, digest=_digest(content)))
    if not found:
        raise ConfigError(
            f"{VARIABLE} is {source.location}, and no data contract is there.",
            "Name a file in ODCS v3, or a folder with files that are called *.odcs.yaml.",
        )
    return found


def _beside(source: Source, discovery: Discovery, notes: List[Note]) -> List[FoundContract]:
    """Return the contracts among the files of a source, and in its folder on this machine."""
    found: List[FoundContract] = []
    reads: List[Tuple[str, Callable[[], bytes]]] = []
    if not isinstance(source, TableSource):
        reads.extend((entry.name, partial(_content, source, entry)) for entry in discovery.contract_files)
    known = {entry.path for entry in discovery.contract_files}
    others = (path for path in _in_folder(discovery.root) if str(path) not in known)
    reads.extend((path.name, partial(_content_of_path, path)) for path in others)
    for name, read in reads:
        try:
            content = read()
            contract = parse_contract(content, name)
            found.append(FoundContract(contract, name.rpartition("/")[0], digest=_digest(content)))
        except BrokenContract as error:
            line = f"line {error.line}: " if error.line else ""
            text = f"this data contract cannot be used and has no effect: {line}{error.message}"
            notes.append(Note(name, f"{text} - {error.remedy}"))
        except (SourceError, OSError) as error:
            text = f"this data contract cannot be read ({error})"
            notes.append(Note(name, f"{text} - check that it is there and may be read"))
    return found


def _in_folder(root: str) -> List[Path]:
    """Return the contracts of a folder: a path that is one file, or a pattern, lists no others."""
    if not root.startswith("/"):
        return []
    try:
        return sorted(path for path in Path(root).iterdir() if _is_contract(path))
    except OSError:
        return []


def _is_contract(path: Path) -> bool:
    """Whether a file is a visible data contract. Links are not followed: they may lead out of the folder."""
    is_named = is_contract_name(path.name) and not is_hidden(path.name)
    return is_named and path.is_file() and not path.is_symlink()


def _content_of_path(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _content(source: DataSource, entry: FileEntry) -> bytes:
    return source.read_range(entry, 0, MOST_BYTES + 1)
