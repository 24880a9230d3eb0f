# ruff: noqa: E501, S608  statements, which read worse when broken further; nothing but names is put into them
"""What differs between databases: drivers, quotes, sessions, and how a catalogue is asked. Pure.

A catalogue is asked in SQL through Spark, like the tables, so that no Python driver is needed. Each answer
has only texts. SQL Server and Oracle were written after their documentation; no server of theirs was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Tuple

from nuvyn_executor.sources.database_address import MYSQL, ORACLE, POSTGRESQL, SQLITE, SQLSERVER

TABLE_FIELDS = ("schema", "name", "kind", "rows", "bytes", "comment", "is_readable")
COLUMN_FIELDS = ("schema", "name", "column", "type", "key", "comment")
REFERENCE_FIELDS = ("schema", "name", "constraint", "column", "to_schema", "to_table", "to_column")

Options = Tuple[Tuple[str, str], ...]


@dataclass(frozen=True)
class Dialect:
    """How a database of one kind is asked.

    Attributes:
        driver: the class of its JDBC driver.
        package: Maven's ``group:artifact:version`` of that; Databricks has most of them built in.
        quote: what stands before and after a name, which a name doubles.
        tables: SQL with the columns :data:`TABLE_FIELDS`; ``{where}`` limits schema and table.
        columns: SQL with the columns :data:`COLUMN_FIELDS`; the key is a position in the primary key.
        references: SQL with the columns :data:`REFERENCE_FIELDS`.
        schema_of: SQL of the schema's name inside these statements.
        table_of: SQL of the table's name inside these statements.
        as_text: SQL that turns a value into text; ``{}`` is the value.
        session: runs at the beginning of each connection that reads a table; ``""``: nothing.
        options: the driver's parameters, of a time-out in seconds.
        has_schemas: tables lie in schemas.
    """

    driver: str
    package: str
    quote: Tuple[str, str]
    tables: str
    columns: str
    references: str
    schema_of: str
    table_of: str
    as_text: str
    options: Callable[[int], Options]
    session: str = ""
    has_schemas: bool = True

    def quoted(self, name: str) -> str:
        """Return a name as a statement has it, whatever characters it has."""
        before, after = self.quote
        return before + name.replace(after, after * 2) + after

    def qualified(self, schema: str, table: str) -> str:
        """Return the name of a table as a statement has it."""
        return f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)

    def statement(self, sql: str, schema: str, table: str) -> str:
        """Complete a statement of the catalogue: it asks about one schema and one table, where named."""
        wanted = ((self.schema_of, schema), (self.table_of, table))
        where = "".join(f" AND {name} = {self._literal(value)}" for name, value in wanted if value and name)
        # Oracle's lists of columns and constraints call the table otherwise than its list of objects.
        return sql.replace("{where}", where).replace("{table_where}", where.replace(".object_", ".table_"))

    def _literal(self, text: str) -> str:
        escaped = text.replace("'", "''")
        return "'" + (escaped.replace("\\", "\\\\") if self.quote[0] == "`" else escaped) + "'"


_POSTGRESQL_RELATION = """
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace {join}
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
 AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
 AND n.nspname NOT LIKE 'pg\\_temp%' AND has_schema_privilege(n.oid, 'USAGE'){where}"""

_POSTGRESQL = Dialect(
    driver="org.postgresql.Driver",
    package="org.postgresql:postgresql:42.7.14",
    quote=('"', '"'),
    tables="SELECT n.nspname::text AS f0, c.relname::text AS f1,"
    " CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END AS f2,"
    " CASE WHEN c.reltuples >= 0 AND c.relkind IN ('r', 'p', 'm') THEN c.reltuples::bigint::text END AS f3,"
    " (CASE c.relkind WHEN 'p' THEN (SELECT sum(pg_table_size(i.inhrelid)) FROM pg_catalog.pg_inherits i"
    " WHERE i.inhparent = c.oid) WHEN 'r' THEN pg_table_size(c.oid) WHEN 'm' THEN pg_table_size(c.oid) END)::text"
    " AS f4, obj_description(c.oid, 'pg_class') AS f5,"
    " CASE WHEN has_table_privilege(c.oid, 'SELECT') THEN 'yes' ELSE 'no' END AS f6"
    + _POSTGRESQL_RELATION.replace("{join}", ""),
    columns="SELECT n.nspname::text AS f0, c.relname::text AS f1, a.attname::text AS f2,"
    " format_type(a.atttypid, a.atttypmod) AS f3,"
    " (SELECT array_position(p.conkey, a.attnum)::text FROM pg_catalog.pg_constraint p"
    " WHERE p.conrelid = c.oid AND p.contype = 'p') AS f4, col_description(c.oid, a.attnum) AS f5"
    + _POSTGRESQL_RELATION.replace(
        "{join}",
        "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped",
    ),
    references="SELECT n.nspname::text AS f0, c.relname::text AS f1, k.conname::text AS f2, a.attname::text AS f3,"
    " tn.nspname::text AS f4, t.relname::text AS f5, ta.attname::text AS f6"
    + _POSTGRESQL_RELATION.replace(
        "{join}",
        "JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f'"
        " CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS u(a, b)"
        " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.a"
        " JOIN pg_catalog.pg_class t ON t.oid = k.confrelid"
        " JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace"
        " JOIN pg_catalog.pg_attribute ta ON ta.attrelid = t.oid AND ta.attnum = u.b",
    ),
    schema_of="n.nspname",
    table_of="c.relname",
    as_text="CAST({} AS text)",
    # The first statement of the transaction in which the rows of a table are read.
    session="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    options=lambda seconds: (
        ("connectTimeout", "10"),
        ("loginTimeout", "20"),
        ("socketTimeout", str(seconds + 30)),
        ("ApplicationName", "nuvyn-executor"),
    ),
)

_SYSTEM_SCHEMAS = "('information_schema', 'mysql', 'performance_schema', 'sys')"
_MYSQL = Dialect(
    driver="org.mariadb.jdbc.Driver",
    package="org.mariadb.jdbc:mariadb-java-client:3.5.11",
    quote=("`", "`"),
    tables="SELECT t.table_schema AS f0, t.table_name AS f1,"
    " CASE WHEN t.table_type LIKE '%VIEW' THEN 'view' ELSE 'table' END AS f2, CAST(t.table_rows AS CHAR) AS f3,"
    " CAST(t.data_length AS CHAR) AS f4,"
    " CASE WHEN t.table_type LIKE '%VIEW' THEN NULL ELSE NULLIF(t.table_comment, '') END AS f5, 'yes' AS f6"
    " FROM information_schema.tables t WHERE t.table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')"
    f" AND t.table_schema NOT IN {_SYSTEM_SCHEMAS}{{where}}",
    columns="SELECT t.table_schema AS f0, t.table_name AS f1, t.column_name AS f2, CAST(t.column_type AS CHAR) AS f3,"
    " CAST(k.ordinal_position AS CHAR) AS f4, NULLIF(t.column_comment, '') AS f5"
    " FROM information_schema.columns t LEFT JOIN information_schema.key_column_usage k"
    " ON k.constraint_name = 'PRIMARY' AND k.table_schema = t.table_schema AND k.table_name = t.table_name"
    f" AND k.column_name = t.column_name WHERE t.table_schema NOT IN {_SYSTEM_SCHEMAS}{{where}}",
    references="SELECT t.table_schema AS f0, t.table_name AS f1, t.constraint_name AS f2, t.column_name AS f3,"
    " t.referenced_table_schema AS f4, t.referenced_table_name AS f5, t.referenced_column_name AS f6"
    " FROM information_schema.key_column_usage t WHERE t.referenced_table_name IS NOT NULL{where}",
    schema_of="t.table_schema",
    table_of="t.table_name",
    as_text="CAST({} AS CHAR)",
    session="SET SESSION TRANSACTION READ ONLY",
    options=lambda seconds: (
        ("connectTimeout", "10000"),
        ("socketTimeout", str((seconds + 30) * 1000)),
    ),
)

_SQLITE = Dialect(
    driver="org.sqlite.JDBC",
    package="org.xerial:sqlite-jdbc:3.54.1.0",
    quote=('"', '"'),
    tables="SELECT '' AS f0, m.name AS f1, CAST(m.type AS TEXT) AS f2, CAST(NULL AS TEXT) AS f3, CAST(NULL AS TEXT) AS f4, CAST(NULL AS TEXT) AS f5, 'yes' AS f6"
    " FROM sqlite_master m WHERE m.type IN ('table', 'view') AND substr(m.name, 1, 7) <> 'sqlite_'{where}",
    columns="SELECT '' AS f0, m.name AS f1, CAST(p.name AS TEXT) AS f2, CAST(upper(p.type) AS TEXT) AS f3, CAST(nullif(p.pk, 0) AS TEXT) AS f4, CAST(NULL AS TEXT) AS f5"
    " FROM sqlite_master m JOIN pragma_table_info(m.name) p"
    " WHERE m.type IN ('table', 'view') AND substr(m.name, 1, 7) <> 'sqlite_'{where}",
    references="SELECT '' AS f0, m.name AS f1, CAST('fk' || f.id AS TEXT) AS f2, CAST(f.\"from\" AS TEXT) AS f3, '' AS f4, CAST(f.\"table\" AS TEXT) AS f5,"
    " coalesce(f.\"to\", '') AS f6 FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f"
    " WHERE m.type = 'table'{where}",
    schema_of="",
    table_of="m.name",
    as_text="CAST({} AS TEXT)",
    options=lambda seconds: (("open_mode", "1"), ("busy_timeout", str(min(seconds, 60) * 1000))),
    has_schemas=False,
)

_SQLSERVER_RELATION = """
 FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id {join}
 WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0{where}"""
_SQLSERVER = Dialect(
    driver="com.microsoft.sqlserver.jdbc.SQLServerDriver",
    package="com.microsoft.sqlserver:mssql-jdbc:13.6.2.jre8",
    quote=("[", "]"),
    tables="SELECT s.name AS f0, o.name AS f1, CASE o.type WHEN 'V' THEN 'view' ELSE 'table' END AS f2,"
    " (SELECT CAST(SUM(p.rows) AS varchar(20)) FROM sys.partitions p WHERE p.object_id = o.object_id"
    " AND p.index_id IN (0, 1)) AS f3,"
    " (SELECT CAST(SUM(a.total_pages) * 8192 AS varchar(20)) FROM sys.partitions p JOIN sys.allocation_units a"
    " ON a.container_id = p.partition_id WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) AS f4,"
    " (SELECT CAST(e.value AS nvarchar(4000)) FROM sys.extended_properties e WHERE e.class = 1"
    " AND e.major_id = o.object_id AND e.minor_id = 0 AND e.name = 'MS_Description') AS f5,"
    " CASE HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT')"
    " WHEN 1 THEN 'yes' ELSE 'no' END AS f6" + _SQLSERVER_RELATION.replace("{join}", ""),
    columns="SELECT s.name AS f0, o.name AS f1, c.name AS f2, TYPE_NAME(c.user_type_id) AS f3,"
    " (SELECT CAST(x.key_ordinal AS varchar(5)) FROM sys.indexes i JOIN sys.index_columns x"
    " ON x.object_id = i.object_id AND x.index_id = i.index_id WHERE i.object_id = o.object_id"
    " AND i.is_primary_key = 1 AND x.column_id = c.column_id) AS f4,"
    " (SELECT CAST(e.value AS nvarchar(4000)) FROM sys.extended_properties e WHERE e.class = 1"
    " AND e.major_id = o.object_id AND e.minor_id = c.column_id AND e.name = 'MS_Description') AS f5"
    + _SQLSERVER_RELATION.replace("{join}", "JOIN sys.columns c ON c.object_id = o.object_id"),
    references="SELECT s.name AS f0, o.name AS f1, f.name AS f2, COL_NAME(k.parent_object_id, k.parent_column_id)"
    " AS f3, OBJECT_SCHEMA_NAME(k.referenced_object_id) AS f4, OBJECT_NAME(k.referenced_object_id) AS f5,"
    " COL_NAME(k.referenced_object_id, k.referenced_column_id) AS f6"
    + _SQLSERVER_RELATION.replace(
        "{join}",
        "JOIN sys.foreign_keys f ON f.parent_object_id = o.object_id"
        " JOIN sys.foreign_key_columns k ON k.constraint_object_id = f.object_id",
    ),
    schema_of="s.name",
    table_of="o.name",
    as_text="CONVERT(varchar(40), {}, 121)",
    options=lambda seconds: (
        ("loginTimeout", "20"),
        ("socketTimeout", str((seconds + 30) * 1000)),
        ("lockTimeout", "60000"),
        ("applicationIntent", "ReadOnly"),
        ("applicationName", "nuvyn-executor"),
    ),
)

_ORACLE_OWNERS = " IN (SELECT u.username FROM all_users u WHERE u.oracle_maintained = 'N')"
_ORACLE = Dialect(
    driver="oracle.jdbc.OracleDriver",
    package="com.oracle.database.jdbc:ojdbc11:23.7.0.25.01",
    quote=('"', '"'),
    tables="SELECT o.owner AS f0, o.object_name AS f1, CASE o.object_type WHEN 'TABLE' THEN 'table' ELSE 'view'"
    " END AS f2, TO_CHAR(t.num_rows) AS f3, TO_CHAR(t.blocks * 8192) AS f4, c.comments AS f5, 'yes' AS f6"
    " FROM all_objects o LEFT JOIN all_tables t ON t.owner = o.owner AND t.table_name = o.object_name"
    " LEFT JOIN all_tab_comments c ON c.owner = o.owner AND c.table_name = o.object_name"
    f" WHERE o.object_type IN ('TABLE', 'VIEW') AND o.owner{_ORACLE_OWNERS}{{where}}",
    columns="SELECT o.owner AS f0, o.table_name AS f1, o.column_name AS f2, o.data_type AS f3,"
    " (SELECT TO_CHAR(k.position) FROM all_constraints p JOIN all_cons_columns k ON k.owner = p.owner"
    " AND k.constraint_name = p.constraint_name WHERE p.constraint_type = 'P' AND p.owner = o.owner"
    " AND p.table_name = o.table_name AND k.column_name = o.column_name) AS f4, c.comments AS f5"
    " FROM all_tab_columns o LEFT JOIN all_col_comments c ON c.owner = o.owner AND c.table_name = o.table_name"
    f" AND c.column_name = o.column_name WHERE o.owner{_ORACLE_OWNERS}{{table_where}}",
    references="SELECT o.owner AS f0, o.table_name AS f1, o.constraint_name AS f2, k.column_name AS f3,"
    " r.owner AS f4, r.table_name AS f5, r.column_name AS f6 FROM all_constraints o"
    " JOIN all_cons_columns k ON k.owner = o.owner AND k.constraint_name = o.constraint_name"
    " JOIN all_cons_columns r ON r.owner = o.r_owner AND r.constraint_name = o.r_constraint_name"
    f" AND r.position = k.position WHERE o.constraint_type = 'R' AND o.owner{_ORACLE_OWNERS}{{table_where}}",
    schema_of="o.owner",
    table_of="o.object_name",
    as_text="TO_CHAR({})",
    options=lambda seconds: (
        ("oracle.net.CONNECT_TIMEOUT", "10000"),
        ("oracle.jdbc.ReadTimeout", str((seconds + 30) * 1000)),
    ),
)

DIALECTS: Dict[str, Dialect] = {
    POSTGRESQL: _POSTGRESQL,
    MYSQL: _MYSQL,
    SQLITE: _SQLITE,
    SQLSERVER: _SQLSERVER,
    ORACLE: _ORACLE,
}
"""The dialect of each kind of :class:`~nuvyn_executor.sources.database_address.DatabaseAddress`."""
