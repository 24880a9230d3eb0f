"""What the pages for a browser share, those of this server and those of the contract's receiver.

``site.py`` answers a request: ``guard.py`` refuses what another site's page sends, ``sessions.py`` knows who
has signed in, ``page.py`` has what a site lists of its pages. ``rendering.py`` fills templates: those of the
site, and those of ``templates/`` here. ``static/`` is all that a page loads.

It knows no workspace and no tenant. Whoever has pages makes a :class:`~fake_databricks.ui.site.Site`.
"""
