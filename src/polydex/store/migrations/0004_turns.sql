-- Who of those that wait for an account's write lease is next: else whoever has just let go of it takes it again, and
-- another process may wait for ever.

ALTER TABLE write_lease ADD COLUMN next_owner TEXT;
ALTER TABLE write_lease ADD COLUMN next_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE write_lease ADD COLUMN next_until BIGINT NOT NULL DEFAULT 0;
