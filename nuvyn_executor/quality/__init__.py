"""From what a scan counted to six scores and the reasons for them. Pure.

``tallies`` has the counters, ``dimensions`` the six formulas, ``assessment`` the overall score and the level,
``recommendations`` the findings in words. ``declared`` is what a data contract says, ``expectations``
compares it with the counts, ``contract_findings`` has its findings. ``checks`` has a module for each kind
of value.
"""
