"""The errors of the executor; the type shows whose fault it is and whether to repeat.

::

    ExecutorError                   exit code 1
    ├── UsageError                  2   the parameters are wrong: correct them and call again
    ├── Interrupted                 130 a person has pressed Ctrl-C: run the job again
    ├── ConfigError                 1   an environment variable is missing or malformed
    ├── EngineError                 1   no Spark, Delta or Java on this machine, or it ended
    ├── SchemaError                 1   the metadata tables do not have the columns they need
    ├── StoreError                  1   the metadata tables cannot be written, or read
    ├── SourceError                 1   the data source as a whole cannot be used
    │   ├── SourceNotFound
    │   ├── SourceAccessDenied
    │   └── DatasetUnreadable           one dataset of it; the others go on
    │       ├── FilesDisagree           some of its files have other types; without them it can be read
    │       └── WronglyNamed            it is not compressed as its name says
    └── TransmissionError           1   the platform did not accept the metadata
        ├── TransmissionRejected        4xx: repeating does not help
        │   └── MissingBase                 409: it lacks what a delta builds on; all of it is sent then
        └── TransmissionUnavailable     5xx, 408, 425, 429, no answer: it stays pending; send it later

Every error has a ``message``, one sentence that names what failed, and a ``remedy``, one sentence that says
what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.model import Skipped


def is_panic(error: BaseException) -> bool:
    """Whether a library in Rust gave up. That is no ``Exception``, and would end the program unnamed."""
    return type(error).__name__ == "PanicException"  # of pyo3, whose module has no name to import


class ExecutorError(Exception):
    """Any failure that the executor expects.

    Args:
        message: one sentence that names what failed.
        remedy: one sentence that says what to do about it.
        details: more, for ``details`` of the result; ``None`` where there is no more.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "", details: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(ExecutorError):
    """The parameters are wrong."""

    exit_code = 2


class Interrupted(ExecutorError):  # noqa: N818  what happened, in a word
    """A person has ended the job with Ctrl-C."""

    exit_code = 130


class ConfigError(ExecutorError):
    """An environment variable (or secret) is missing or malformed."""


class EngineError(ExecutorError):
    """Spark, Delta or Java is missing, or Java ended during the job."""


class SchemaError(ExecutorError):
    """The metadata schema is not usable."""


class StoreError(ExecutorError):
    """The metadata tables cannot be written, or not be read."""


class SourceError(ExecutorError):
    """The data source cannot be used."""


class SourceNotFound(SourceError):  # noqa: N818  what happened, in a word
    """Nothing lies at the path."""


class SourceAccessDenied(SourceError):  # noqa: N818  what happened, in a word
    """The path may not be read."""


class DatasetUnreadable(SourceError):  # noqa: N818  what happened, in a word
    """One dataset cannot be read; the others go on."""


class FilesDisagree(DatasetUnreadable):
    """Some files of a dataset have columns of other types than most of its files.

    Args:
        unlike: why each of them is left out, by its path.
    """

    def __init__(self, unlike: Mapping[str, Skipped]) -> None:
        first = next(iter(unlike.values()))
        super().__init__(first.reason, first.remedy)
        self.unlike = unlike


class WronglyNamed(DatasetUnreadable):
    """A file is not what its name says.

    Args:
        name: of the file.
        reason: continues a sentence that begins with the name.
        remedy: what to do about it.
    """

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"{name} {reason}.", remedy)
        self.reason = reason


class TransmissionError(ExecutorError):
    """The platform did not accept the metadata."""


class TransmissionRejected(TransmissionError):  # noqa: N818  what happened, in a word
    """The platform refused the metadata; it would refuse the same request again."""


class MissingBase(TransmissionRejected):
    """The platform does not have what the rows that were sent build on.

    Attributes:
        source_ids: the sources that it named; none where it means all of the body.
    """

    def __init__(self, message: str, remedy: str = "", *, source_ids: Tuple[str, ...] = ()) -> None:
        super().__init__(message, remedy)
        self.source_ids = source_ids


class TransmissionUnavailable(TransmissionError):  # noqa: N818  what happened, in a word
    """The platform did not answer, or asked to try later; what is pending stays pending."""
