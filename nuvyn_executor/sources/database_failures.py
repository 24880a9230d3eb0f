"""What a failed request to a database means: one sentence without a secret, and what to set. Pure.

The texts of drivers and of Spark are read and never shown: they may hold URLs, names and values.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Tuple, Type

from nuvyn_executor.errors import EngineError, ExecutorError, SourceAccessDenied, SourceError, SourceNotFound

USER_SETTING, PASSWORD_SETTING = "EXECUTOR_DATABASE_USER", "EXECUTOR_DATABASE_PASSWORD"
CONNECTIONS_SETTING = "EXECUTOR_DATABASE_CONNECTIONS"
RETRY_SETTING = "EXECUTOR_SOURCE_RETRY_SECONDS"
TIMEOUT_SETTING = "EXECUTOR_DATABASE_TIMEOUT_SECONDS"


class Meaning(NamedTuple):
    """What an error of a driver means.

    Attributes:
        pattern: of its text.
        kind: the error to raise.
        reason: the end of its sentence.
        remedy: what to do.
        is_passing: whether asking again may help.
    """

    pattern: str
    kind: Type[ExecutorError]
    reason: str
    remedy: str
    is_passing: bool = False


# The first that matches counts: what is rarer and more certain comes first.
_MEANINGS: Tuple[Meaning, ...] = (
    Meaning(
        r"ClassNotFoundException|No suitable driver",
        EngineError,
        "Spark lacks its JDBC driver",
        "Connect to the network once, or add the driver's jar to the cluster or to EXECUTOR_DELTA_JARS.",
    ),
    Meaning(
        r"too many (?:clients|connections)|remaining connection slots|max_user_connections"
        r"|ORA-(?:12516|12519|00018)",
        SourceError,
        "the server has no connection left",
        f"Lower {CONNECTIONS_SETTING}, raise {RETRY_SETTING}, or let the server accept more connections.",
        is_passing=True,
    ),
    Meaning(
        r"(?:database system|server) is (?:starting up|shutting down|not yet accepting)|in recovery mode"
        r"|ORA-(?:01033|12528|12514)|Server shutdown in progress",
        SourceError,
        "the server is starting or ending",
        f"Run the job again when it has started, or raise {RETRY_SETTING}.",
        is_passing=True,
    ),
    Meaning(
        r"password authentication failed|no password was provided|authentication failed"
        r"|Access denied for user(?!.*to database)|Login failed for user"
        r"|ORA-01017|role \"[^\"]*\" does not exist"
        r"|no PostgreSQL user name|is not permitted to log in",
        SourceAccessDenied,
        "the server does not accept the user or the password",
        f"Correct {USER_SETTING} and {PASSWORD_SETTING}, or the user and the password in the path.",
    ),
    Meaning(
        r"no pg_hba\.conf entry|is not allowed to connect to this|requires SSL|SSL off"
        r"|Connections using insecure",
        SourceAccessDenied,
        "the server does not let this machine in, or only with TLS",
        "Let the server accept this machine, or add the driver's parameter for TLS (sslmode=require).",
    ),
    Meaning(
        r"database \"[^\"]*\" does not exist|Unknown database|Cannot open database|ORA-12505",
        SourceNotFound,
        "the server has no database of this name",
        "Check the name of the database in the path.",
    ),
    Meaning(
        r"permission denied|Access denied for user .*to database|command denied to user"
        r"|SELECT permission was denied|ORA-01031|ORA-00942",
        SourceAccessDenied,
        "the user may not read it",
        "Grant the user the right to read it (SELECT).",
    ),
    Meaning(
        r"statement timeout|max_statement_time|query was cancell?ed|SQLTimeoutException"
        r"|[Qq]uery (?:has )?timed? ?out|canceling statement|ORA-01013",
        SourceError,
        "a statement took too long",
        f"Raise {TIMEOUT_SETTING}, or count a sample (EXECUTOR_SAMPLE_ROWS).",
    ),
    Meaning(
        # Spark's word for an error of a task whose class, one of the driver, it could not find again.
        r"UnknownReason",
        SourceError,
        "the server ended the statement that reads it: it took too long, or it failed",
        f"Raise {TIMEOUT_SETTING}, and read it in the database itself with the same user.",
    ),
    Meaning(
        r"UnknownHostException|Name or service not known|No such host|ORA-17868",
        SourceError,
        "no host has this name",
        "Check the host in the path, and that this machine can look it up.",
    ),
    Meaning(
        r"SSLHandshakeException|SSLException|certificate|PKIX",
        SourceError,
        "the connection with TLS failed",
        "Check the server's certificate, or the driver's parameters for TLS in the path.",
    ),
    Meaning(
        r"Connection refused|ConnectException|Connection reset|connect timed out|Connection timed out"
        r"|connection attempt failed|Socket ?fail|Could not connect|Read timed out|SocketTimeout|Broken pipe"
        r"|terminating connection|I/O error|Communications link failure|The TCP/IP connection"
        r"|unexpected end of|NoRouteToHost|EOFException|ORA-(?:12541|12170|17002|12537|03113)",
        SourceError,
        "the server does not answer",
        f"Check host and port in the path and the server; raise {RETRY_SETTING} where it starts slowly.",
        is_passing=True,
    ),
    Meaning(
        r"SQLITE_NOTADB|file is not a database|SQLITE_CORRUPT|malformed",
        SourceError,
        "the file is no intact SQLite database",
        "Check the file, or restore it.",
    ),
    Meaning(
        r"SQLITE_BUSY|SQLITE_LOCKED|database is locked",
        SourceError,
        "another program writes to it and keeps it locked",
        f"Run the job again later, or raise {RETRY_SETTING}.",
        is_passing=True,
    ),
    Meaning(
        r"SQLITE_CANTOPEN|SQLITE_READONLY|unable to open database",
        SourceAccessDenied,
        "the file may not be opened",
        "Grant read access to the file and its folder to the user that runs this job.",
    ),
    Meaning(
        r"relation \"[^\"]*\" does not exist|Table '[^']*' doesn't exist|no such table|Invalid object name",
        SourceNotFound,
        "it does not exist any more",
        "Run the job again when nothing changes the database's tables.",
    ),
)
_OTHER = Meaning(
    "", SourceError, "the database reports an error", "EXECUTOR_LOG_LEVEL=DEBUG shows what Spark reports."
)


def meaning_of(error: BaseException) -> Meaning:
    """Return what an error of Spark or of a driver means."""
    text = f"{type(error).__name__}: {error}"
    return next((one for one in _MEANINGS if re.search(one.pattern, text)), _OTHER)


def explained(error: BaseException, what: str) -> ExecutorError:
    """Return the error of this package for an error of Spark or of a driver.

    Args:
        error: what was raised.
        what: what could not be read: the place of the database, or a table of it; without a secret.
    """
    meaning = meaning_of(error)
    return meaning.kind(f"{what} cannot be read: {meaning.reason}.", meaning.remedy)
