"""A database of the private server, for as long as a workload needs it."""

import os
import subprocess

from benchmark.place import ROOT
from benchmark.server import CONTENDER


class Database:
    """A database with the tables of a workload and with Rollcall's own."""

    def __init__(self, server, rollcall, name, catalog, scripts):
        self.server = server
        self.name = name
        self.url = server.url(name)
        self.catalog = catalog
        with server.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        self._connection = server.connect(name)
        self.do("CREATE EXTENSION pg_stat_statements")
        for script in scripts:
            self.do(script)
        subprocess.run(
            [rollcall, "migrate", "--database", self.url],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if "ROLLCALL" not in name},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()
        with self.server.connect("postgres") as connection:
            connection.execute(f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def do(self, sql):
        """Executes statements, several if separated by semicolons."""
        self._connection.execute(sql)

    def rows(self, sql, *values):
        return self._connection.execute(sql, values or None).fetchall()

    def value(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def copy(self, table, rows):
        with self._connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def forget_jobs(self):
        """Leaves Rollcall's tables as they are before the first job."""
        tables = self.value(
            "SELECT string_agg(format('%%I.%%I', schemaname, tablename), ', ') FROM pg_tables"
            " WHERE schemaname = %s AND tablename <> 'schema_migration'",
            "rollcall",
        )
        self.do(f"TRUNCATE {tables}")

    def settle(self):
        """Nothing that is left over from before falls into what is measured next."""
        self.do("VACUUM ANALYZE")
        self.do("CHECKPOINT")
        self.do("SELECT pg_stat_statements_reset()")

    def statements(self):
        """What contenders have sent since it settled; not what constraints send themselves."""
        return int(
            self.value(
                "SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s"
                " JOIN pg_roles r ON r.oid = s.userid WHERE s.toplevel AND r.rolname = %s"
                " AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND s.query NOT LIKE %s",
                CONTENDER,
                "SELECT % FROM ONLY % FOR KEY SHARE OF x",
            )
        )

    def wal_bytes(self):
        return int(self.value("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    def time(self):
        """Seconds since 1970 by the clock that stamps commits."""
        return float(self.value("SELECT extract(epoch FROM clock_timestamp())"))
