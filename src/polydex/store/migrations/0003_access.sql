-- Credentials that come and go by themselves (OAuth): whose they are is told by a number, for the secret changes with
-- every refresh; and a refresh is one process' at a time.

ALTER TABLE account ADD COLUMN credentials BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN refresh_owner TEXT;
ALTER TABLE account ADD COLUMN refresh_until BIGINT NOT NULL DEFAULT 0;

-- A change of a photo and of other fields may take two calls: what tells how far it has come.
ALTER TABLE intent ADD COLUMN halves TEXT;
