"""Files: DBFS, volumes and the workspace's own tree.

``trees.py`` maps paths of a workspace to one folder of the disk; ``api.py`` is the Files API, ``dbfs_api.py``
DBFS, ``workspace_api.py`` the Workspace API; ``repos_api.py`` refuses Git folders.
``mounts.py`` has the mount points and Volumes whose files are objects of S3 or Azure: ``mount_sources.py``
reads what they name, ``object_stores.py`` asks it, ``mirror.py`` makes folder and storage the same,
``mounted_cluster.py`` does so around each program, ``mounts_api.py`` has the private calls of dbutils.
``workspace_objects.py`` has the kinds of workspace files, ``uploads.py`` uploads in parts.
"""
