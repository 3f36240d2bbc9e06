"""The two database roles, as SQL text.

Pure. The owner migrates and backs up; the app role serves and is held by
row-level security (contract 6). ``config.embedded`` runs this text on its own
server; ``manage.py db_roles`` prints it for yours.
"""

import re

_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def _name(name: str) -> str:
    if not _PLAIN.fullmatch(name):
        raise ValueError(f"{name!r} is no plain PostgreSQL name: use a-z, 0-9 and _, at most 63.")
    return f'"{name}"'


def grants_sql(owner: str, app: str) -> list[str]:
    """Return the statements that give ``app`` its rights in one database.

    Plain SQL, to be run inside that database by a superuser or by ``owner`` if
    the database is its own; safe to repeat. Later tables, sequences and schemas
    of the owner are covered in every schema; TRUNCATE, REFERENCES and TRIGGER
    are not given. Raises ValueError for a name that would need quoting.
    """
    own, serve = _name(owner), _name(app)
    later = f"ALTER DEFAULT PRIVILEGES FOR ROLE {own}"
    return [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {serve}",
        f"{later} GRANT USAGE ON SCHEMAS TO {serve}",
        f"{later} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {serve}",
        f"{later} GRANT USAGE, SELECT ON SEQUENCES TO {serve}",
    ]


def roles_sql(owner: str, app: str, database: str) -> list[str]:
    """Return the lines of a psql script that makes both roles and the database.

    To be run once by a superuser, and safe to repeat; PostgreSQL 15 or later.
    It holds psql's own ``\\gexec`` and ``\\connect``, because a database cannot be
    made inside a transaction. It sets no passwords: do that with ``\\password``.
    Raises ValueError for a name that would need quoting.
    """
    own, serve, base = _name(owner), _name(app), _name(database)

    def unless(catalog: str, column: str, name: str, statement: str) -> str:
        missing = f"WHERE NOT EXISTS (SELECT FROM {catalog} WHERE {column} = '{name}')"
        return f"SELECT '{statement}' {missing} \\gexec"

    make_database = f"CREATE DATABASE {base} OWNER {own} TEMPLATE template0 ENCODING"
    return [
        unless("pg_roles", "rolname", owner, f"CREATE ROLE {own}"),
        unless("pg_roles", "rolname", app, f"CREATE ROLE {serve}"),
        f"ALTER ROLE {own} LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION;",
        f"ALTER ROLE {serve} LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION;",
        unless("pg_database", "datname", database, f"{make_database} ''UTF8''"),
        f"REVOKE ALL ON DATABASE {base} FROM PUBLIC;",
        f"GRANT CREATE, CONNECT, TEMPORARY ON DATABASE {base} TO {own};",
        # TEMPORARY: bulk writes COPY into a temporary table first.
        f"GRANT CONNECT, TEMPORARY ON DATABASE {base} TO {serve};",
        f"\\connect {base}",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {own};",
        *(f"{statement};" for statement in grants_sql(owner, app)),
    ]
