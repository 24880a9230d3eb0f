"""What a person sees in a browser: what has come of the tenants of a key, as pages that the server writes.

``fake_databricks.ui`` answers requests, and signs people in. ``site.py`` is the site for it, and
``middleware.py`` puts it before the calls. ``routes.py`` lists the pages, ``views.py`` returns their values,
and ``visit.py`` is what a view gets. ``fault_page.py`` switches faults on and off. ``quality_report.py`` is
the report of a tenant, which the executor's own code writes of the rows that ``report_rows.py`` makes of what
has come.

It needs Python 3.10, Jinja2 and ``fake_databricks``, which the distribution of this package brings; the
report needs ``nuvyn_executor`` beside it. Without them the receiver works, and has no pages.
"""
