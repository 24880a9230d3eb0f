"""Builds the documentation site: ``make docs``, or ``python -m tools.docs_site FOLDER``.

``pages`` assembles the pages of ``docs/`` and some of other folders: links to files that are no
page lead to the repository, diagrams become pictures (``drawings``), and what is generated from the code is
put where a page has its mark (``reference``). Zensical makes the site of them; ``links`` reads the site and
names dead links and requests to other hosts.
"""
