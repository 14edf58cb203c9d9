-- How far the event log was written to where the operator wants it, and which process does so now.

CREATE TABLE event_export (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  place  INTEGER NOT NULL,
  holder TEXT,
  until  REAL NOT NULL
) STRICT;
INSERT INTO event_export VALUES (1, 0, NULL, 0);
