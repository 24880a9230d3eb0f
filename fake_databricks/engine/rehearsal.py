"""What a program with Delta tables does, as SQL: it lets Java load and compile what the first job needs.

A server runs it in the background when its JVM has started. ``engine/archive.py`` runs it for an archive of
the classes that it loads.
"""

from __future__ import annotations

REHEARSAL = (
    "SHOW SCHEMAS LIKE 'rehearsal'",
    "CREATE SCHEMA IF NOT EXISTS rehearsal",
    "CREATE TABLE IF NOT EXISTS rehearsal.t (a STRING COMMENT 'a', b BIGINT, c TIMESTAMP) USING DELTA",
    """INSERT INTO rehearsal.t SELECT a, b, timestamp_micros(c) FROM (SELECT inline(from_json(
    '[{"a": "x", "b": 1, "c": 0}]', 'array<struct<a: string, b: bigint, c: bigint>>')))""",
    "SELECT * FROM rehearsal.t WHERE a = 'Running'",
    "SELECT a, b FROM rehearsal.t WHERE a IN ('x', 'y')",
    "UPDATE rehearsal.t SET b = CAST('2' AS bigint), c = TIMESTAMP '2026-01-02 03:04:05Z' WHERE a = 'x'",
    """MERGE INTO rehearsal.t AS t USING (SELECT 'x' AS a, 2L AS b) AS s ON t.a = s.a
    WHEN MATCHED THEN UPDATE SET t.b = coalesce(t.b, 0) + 1
    WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, s.b)""",
    "ALTER TABLE rehearsal.t ADD COLUMNS (d DOUBLE COMMENT 'd')",
    "SELECT a, count(*), min(octet_length(trim(a))), approx_count_distinct(c) FROM rehearsal.t GROUP BY a",
    "DELETE FROM rehearsal.t WHERE a = 'x'",
    "DESCRIBE DETAIL rehearsal.t",
    "DROP TABLE rehearsal.t",
)
"""In the order in which a first job needs them."""
