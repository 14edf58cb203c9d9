-- Which records are a session's, and which of them are active: one index says both, and a refresh writes one page less.

DROP INDEX refresh_records_sid;
DROP INDEX refresh_records_active;
CREATE INDEX refresh_records_sid ON refresh_records (sid, state);
