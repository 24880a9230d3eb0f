"""From a dataset to a frame that can be counted, with a sample of its values.

:mod:`.readers` leads: it opens a dataset by its format, as text (:mod:`.text_frames`) or with declared types
(:mod:`.typed_frames`). :mod:`.sampling` reads the samples of text, :mod:`.previews` what ``data_reading``
shows.
"""
