"""The contract as data: what the guide documents, and programs that hold a server to it.

:mod:`~contract.__main__` is the command ``nuvyn-contract``. Of it, :mod:`~contract.verify` plays the cases
against a server, in one of two :mod:`~contract.dialects`; :mod:`~contract.leftovers` removes what that
created, and :mod:`~contract.interruption` lets it do so when the command is ended.
:mod:`~contract.verdicts` and :mod:`~contract.reports` say what came out, and :mod:`~contract.playing` is what
the commands share, with their options in :mod:`~contract.option_types`. :mod:`~contract.corpus` reads the
cases, :mod:`~contract.patterns` and :mod:`~contract.matching` compare, :mod:`~contract.exchange` sends.
:mod:`~contract.receiver` is a platform; :mod:`~contract.payload_shape` says what it takes.
:mod:`~contract.verify_platform` holds any platform to :mod:`~contract.platform_expectations`.
:mod:`~contract.verify_executor` calls an executor; the calls and what they lead to are in
:mod:`~contract.executor_expectations`.
:mod:`~contract.guide` notices when the guide changes.
"""

VERSION = "1.2.0"  # of the cases, schemas and OpenAPI documents together
