"""Where data lies: the ports (:mod:`.base`), an adapter for each kind of storage, and their :mod:`.factory`.

Files that Python can open: :mod:`.filesystem`, with :mod:`.folder_walk`, :mod:`.glob_levels` and
:mod:`.locations`.

Objects of S3, Azure and Google: :mod:`.object_source` lists them, :mod:`.object_store` reads them,
:mod:`.spooled` makes local copies for Spark in a :mod:`.spool_folder`. Which store a path names:
:mod:`.store_address`. What signs requests: :mod:`.store_credentials`, :mod:`.aws_profile`,
:mod:`.instance_identity`. What is listed: :mod:`.object_listing`, :mod:`.object_survey`. What failures mean:
:mod:`.store_failures`.

Compressed files and archives of both: :mod:`.unpacked`, with :mod:`.compression` and :mod:`.zip_archive`.
:mod:`.entry_stream` is a file as a stream.

The same objects with the access that a Databricks cluster has: :mod:`.cluster_source` decides between both,
:mod:`.cluster_storage` tries the ways of :mod:`.cluster_ways`, which are :mod:`.dbutils_files`,
:mod:`.hadoop_files` and :mod:`.binary_files`. :mod:`.cluster_settings` looks into the cluster's settings,
:mod:`.cluster_failures` explains what goes wrong.

Tables of databases: :mod:`.database`, with the forms of paths (:mod:`.database_address`), what servers differ
in (:mod:`.database_dialects`) and what their failures mean (:mod:`.database_failures`).

Tables of a catalog: :mod:`.catalog`, and the forms of their names (:mod:`.catalog_names`).
Earlier versions of Delta tables: :mod:`.time_travel`.
"""
