"""The doors: one module for each family of calls. They read a request, ask the workspace, write the answer."""
