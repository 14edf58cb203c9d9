-- How far each import of users is, by the SHA-256 of its file.

CREATE TABLE imports (
  source   text COLLATE "C" PRIMARY KEY,
  line     bigint NOT NULL,
  imported bigint NOT NULL,
  refused  bigint NOT NULL,
  finished bigint NOT NULL
);
