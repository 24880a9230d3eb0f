"""HTTP: find the workspace of a token, call the handler of a route, write the answer.

``app.py`` answers requests, ``routes.py`` lists every call, ``tenants.py`` finds workspaces. ``callers.py``
refuses what a web page sends, and ``protocol.py`` answers what is no request. ``parity.py`` lists what each
call honours, ``parameters.py`` names what it does not know. ``faults.py``, ``journal.py`` and ``control.py``
are ``/_fake``, for tests; ``usage.py`` measures for it. ``discovery.py`` answers what a client asks before
it has a token, and ``oauth.py`` gives access tokens to clients with an id and a secret. ``pages`` is what a
person sees in a browser.
"""
