"""What a value can be, one module for each kind: e-mail address, IBAN, date, number, and so on. Pure.

Each module defines ``CHECK``: the kind's name, the column names that suggest it, how its values are written
and, where a pattern is not enough, a predicate. To add a kind, write such a module, put it into ``CHECKS`` of
:mod:`~nuvyn_executor.quality.checks.registry`, and add its line to the table in ``docs/quality.md``.

``check`` has the two dataclasses that a module fills in; ``predicates`` the words that predicates are built
from; ``registry`` the table of all checks and what is looked up in it.
"""
