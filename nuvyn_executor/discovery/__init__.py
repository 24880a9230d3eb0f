"""From the files of a source to datasets.

:mod:`.datasets` leads: it reads the head of each file (:mod:`.file_head`), finds its format
(:mod:`.detection`, by the table :mod:`.formats`), which of its lines are no rows (:mod:`.csv_lines`,
:mod:`.preamble`) and how its text is written (:mod:`.dialects`, :mod:`.json_layout`), and groups files that
are one table (:mod:`.grouping`, :mod:`.file_forms`), of which some may be written differently
(:mod:`.file_layouts`). What speaks against that: :mod:`.doubts`.
Below them: :mod:`.text_encoding`, :mod:`.legacy_encodings`, :mod:`.csv_layout` and
:mod:`.partition_folders` read texts and names, :mod:`.text_kinds` and :mod:`.packed_kinds` know what is not
read, :mod:`.avro_header`, :mod:`.workbook` and :mod:`.workbook_parts` read those files.
"""
