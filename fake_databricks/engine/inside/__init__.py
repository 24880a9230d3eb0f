"""What runs inside a cluster's Python processes, under the name ``_fakebricks``.

It stands on the standard library alone and imports nothing of the server: a cluster's environment does not
have it.
"""
