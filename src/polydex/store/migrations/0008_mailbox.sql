-- Which mailbox an account is, where that is not the login's own, and how its login is proven.

ALTER TABLE account ADD COLUMN mailbox TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN auth_method TEXT NOT NULL DEFAULT '';
