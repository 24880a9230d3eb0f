"""From a dataset to a frame that can be counted, with a sample of its values.

:mod:`.readers` leads: it opens a dataset by its format, as text (:mod:`.text_frames`) or with declared types
(:mod:`.typed_frames`). :mod:`.sampling` reads the samples of text, :mod:`.previews` what ``data_reading``
shows. :mod:`.merged_frames` and :mod:`.columns_by_name` unite files that have other columns than others.
Below them: :mod:`.chunks`, :mod:`.csv_records`, :mod:`.skipped_lines`, :mod:`.json_sample` and
:mod:`.json_documents` take texts apart, :mod:`.delta_table`, :mod:`.delta_log`, :mod:`.deletion_vectors`,
:mod:`.parquet_footer` and :mod:`.orc_footer` read metadata of files, :mod:`.spark_files` loads files with
Spark, :mod:`.first_rows` reads a few rows.
:mod:`.json_doubts` says what is doubtful, and :mod:`.failures` explains Spark's errors. :mod:`.file_faults`
first asks the files themselves, with :mod:`.parquet_faults` and :mod:`.delta_faults`.
:mod:`.text_bounds` finds texts that are too large for Spark.
"""
