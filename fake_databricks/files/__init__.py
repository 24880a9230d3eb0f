"""Files: DBFS, volumes and the workspace's own tree.

``trees.py`` maps paths of a workspace to one folder of the disk; ``api.py`` is the Files API, ``dbfs_api.py``
DBFS, ``workspace_api.py`` the Workspace API.
``workspace_objects.py`` has the kinds of workspace files, ``uploads.py`` uploads in parts.
"""
