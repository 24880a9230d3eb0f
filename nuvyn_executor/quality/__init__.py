"""From what a scan counted to six scores and the reasons for them. Pure.

``tallies`` has the counters, ``dimensions`` the six formulas, ``assessment`` the overall score and the level,
``recommendations`` the findings in words. ``checks`` has a module for each kind of value.
"""
