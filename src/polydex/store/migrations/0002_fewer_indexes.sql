-- Two indexes that cost disk and time and answered what others answer as well.

-- The look-ups of a contact are known from its body, so they are found by themselves.
DROP INDEX contact_key_row;

-- For most providers the stable key of a current row is its key, which contact_key_current finds.
DROP INDEX contact_stable;
CREATE INDEX contact_stable ON contact (source_id, stable_key) WHERE stable_key <> key OR current = 0;
