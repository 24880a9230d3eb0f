"""Where data lies: the ports (:mod:`.base`), an adapter for each kind of storage, and their :mod:`.factory`.

Files that Python can open: :mod:`.filesystem`, with :mod:`.folder_walk`, :mod:`.glob_levels` and
:mod:`.locations`. Tables of a catalog: :mod:`.catalog`, and what their names look like
(:mod:`.catalog_names`). Earlier versions of Delta tables: :mod:`.time_travel`.

Objects of S3, Azure and Google: :mod:`.object_source` over :mod:`.object_store`, with copies where Spark has
no way to a store (:mod:`.spooled`); which store a path names (:mod:`.store_address`), what signs requests
(:mod:`.store_credentials`, :mod:`.aws_profile`, :mod:`.instance_identity`), what is listed
(:mod:`.object_listing`, :mod:`.object_survey`) and what a failure means (:mod:`.store_failures`).
"""
