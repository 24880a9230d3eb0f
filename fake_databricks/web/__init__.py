"""The doors, one module a family of calls: they read a request, ask the workspace, write the answer."""
