"""Data contracts (ODCS v3): what a client declares about the data, as YAML. No file is opened here.

A data contract is found, and named, by the rules of ``docs/data-contracts.md``. It has nothing to do with the
HTTP contract of this repository.

:mod:`.yaml_nodes` reads YAML with the number of each line, :mod:`.keys` lists the keys of the standard and
our own properties, :mod:`.parser` makes :class:`~nuvyn_executor.quality.declared.TableTerms` of a text,
:mod:`.quality_rules` of its quality rules, :mod:`.patterns` translates regular expressions and formats,
:mod:`.matching` finds the terms of each dataset, and :mod:`.suggestion` writes a contract of what was found.
"""
