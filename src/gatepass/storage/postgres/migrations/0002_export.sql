-- How far the event log was written to where the operator wants it, and which process does so now.

CREATE TABLE event_export (
  one    integer PRIMARY KEY CHECK (one = 1),
  place  bigint NOT NULL,
  holder text,
  until  double precision NOT NULL
);
INSERT INTO event_export VALUES (1, 0, NULL, 0);
