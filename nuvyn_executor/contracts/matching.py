"""Which data contract applies to which dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Iterator, List, Optional, Sequence, Set, Tuple

from nuvyn_executor.model import Skipped
from nuvyn_executor.quality.declared import Note, folded

if TYPE_CHECKING:
    from nuvyn_executor.contracts.parser import DataContract
    from nuvyn_executor.model import Dataset
    from nuvyn_executor.quality.declared import TableTerms

_ENDING = re.compile(r"\.odcs\.ya?ml$", re.IGNORECASE)


def is_contract_name(name: str) -> bool:
    """Whether a file is a data contract by its name: ``orders.odcs.yaml``."""
    return _ENDING.search(name) is not None


@dataclass(frozen=True)
class FoundContract:
    """A contract and where it was found.

    Attributes:
        contract: the contract.
        folder: its folder inside the source.
        is_configured: ``EXECUTOR_DATA_CONTRACT`` names it, so that it comes before those beside the data.
        digest: identifies its text: the same contract may be found twice.
    """

    contract: DataContract
    folder: str = ""
    is_configured: bool = False
    digest: str = ""


@dataclass(frozen=True)
class Matched:
    """Datasets with the terms that apply to them.

    Attributes:
        datasets: those that are read.
        skipped: those that a contract leaves out.
        notes: what is to be said about the contracts.
    """

    datasets: Tuple[Dataset, ...]
    skipped: Tuple[Skipped, ...] = ()
    notes: Tuple[Note, ...] = ()


def matched(datasets: Sequence[Dataset], contracts: Sequence[FoundContract]) -> Matched:
    """Return the datasets, each with the terms of the contract that declares it.

    Tables are identified by name: ``physicalName`` or ``name`` of the schema is that of the table, of its
    sheet, or of its schema and itself (``sales.orders``), whatever its capitals. A contract of one table may
    also be called after it (``orders.odcs.yaml``). Of several contracts the configured one applies, then one
    in the dataset's folder, then the first by name.
    """
    read: List[Dataset] = []
    skipped: List[Skipped] = []
    notes: List[Note] = []
    used: Set[int] = set()
    applied: Set[int] = set()
    for dataset in datasets:
        found = sorted(_terms_of(dataset, contracts), key=lambda one: one[0])
        if not found:
            read.append(dataset)
            continue
        _, holder, terms, is_excluded = found[0]
        used.update(id(one[2]) for one in found)
        applied.add(id(holder))
        title = f"data contract {terms.contract} ({terms.file})"
        others = (one[1].contract.file for one in found[1:] if one[1] is not holder)
        notes.extend(_declared_twice(dataset.name, other, terms.file) for other in others)
        if is_excluded:
            skipped.append(Skipped(dataset.label, f"is left out by the {title}", ""))
        else:
            read.append(replace(dataset, terms=terms))
    configured = [one for one in contracts if one.is_configured]
    if len(configured) == 1 and id(configured[0]) not in applied:
        notes.append(_of_other_tables(configured[0].contract))
    for one in contracts:
        if id(one) in applied or not one.is_configured:
            notes.extend(one.contract.notes)
        missing = [terms for terms in (*one.contract.tables, *one.contract.excluded) if id(terms) not in used]
        if not one.is_configured:
            notes.extend(_not_there(terms) for terms in missing)
    return Matched(tuple(read), tuple(skipped), tuple(notes))


def _declared_twice(table: str, file: str, applied: str) -> Note:
    text = f"{file} declares it, too, and {applied} applies - leave it in one of these data contracts"
    return Note(table, text)


def _of_other_tables(contract: DataContract) -> Note:
    text = f"data contract {contract.title} declares none of the tables that were found - check its names"
    return Note(contract.file, text, is_info=True)


def _not_there(terms: TableTerms) -> Note:
    return Note(
        terms.file,
        f"schema {terms.name} of data contract {terms.contract} is no table that was found - "
        "deliver the table, or correct the name (or physicalName) in the data contract",
    )


_Found = Tuple[Tuple[int, int, int, str], FoundContract, "TableTerms", bool]


def _terms_of(dataset: Dataset, contracts: Sequence[FoundContract]) -> Iterator[_Found]:
    """Yield the terms that declare a dataset, each with its rank: the lowest one applies."""
    for holder in contracts:
        contract = holder.contract
        place = 0 if holder.is_configured else 1 if holder.folder == dataset.folder else 2
        tables = [(one, False) for one in contract.tables] + [(one, True) for one in contract.excluded]
        for terms, is_excluded in tables:
            fit = _fit(dataset, terms, contract.file if len(tables) == 1 else None)
            if fit is not None:
                rank = (place, fit, -_common(holder.folder, dataset.folder), contract.file)
                yield rank, holder, terms, is_excluded


def _fit(dataset: Dataset, terms: TableTerms, file: Optional[str]) -> Optional[int]:
    """Return how well a name fits; 0 is best, ``None`` is not at all."""
    full = {folded(dataset.name), folded(f"{dataset.folder}.{dataset.name}".replace("/", "."))}
    if dataset.format.is_table:
        full.add(folded(dataset.path))
    if len(dataset.files) == 1:
        full.add(folded(dataset.files[0].name.rsplit("/", 1)[-1]))
        full.add(folded(dataset.files[0].name))
    short = {folded(dataset.sheet)} if dataset.sheet else set()
    names = [folded(name) for name in (terms.physical_name, terms.name) if name]
    if any(name in full for name in names):
        return 0
    if any(name in short or name.rpartition(".")[2] == folded(dataset.name) for name in names):
        return 1
    stem = None if file is None else folded(_ENDING.sub("", file.rsplit("/", 1)[-1]))
    return 2 if stem == folded(dataset.name) else None


def _common(one: str, other: str) -> int:
    """Return how many folders two paths share from their beginning."""
    shared = 0
    for mine, its in zip(one.split("/"), other.split("/")):
        if mine != its:
            break
        shared += 1
    return shared
