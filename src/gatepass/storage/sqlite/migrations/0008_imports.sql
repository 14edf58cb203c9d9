-- How far each import of users is, by the SHA-256 of its file.

CREATE TABLE imports (
  source   TEXT PRIMARY KEY NOT NULL,
  line     INTEGER NOT NULL,
  imported INTEGER NOT NULL,
  refused  INTEGER NOT NULL,
  finished INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
