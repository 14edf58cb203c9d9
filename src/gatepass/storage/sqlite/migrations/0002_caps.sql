-- Every log-in counts the user's live sessions, every first issue the session's live families: neither may read
-- through what is over but not yet purged.

DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX refresh_records_active ON refresh_records (sid) WHERE state = 'active';
