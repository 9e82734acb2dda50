-- Those of whom no list has told since they came: a feed may never tell that they are gone, so each delta asks for them.

CREATE INDEX contact_unlisted ON contact (source_id) WHERE seen_walk = 0 AND live = 1 AND current = 1;
