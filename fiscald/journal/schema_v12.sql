-- Schema 12: tokens, by which programs on the network say who they are. Only a hash of each is kept. And the name of the
-- token that asked for something, where no user of this computer did.

CREATE TABLE token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,   -- part of the token: no number is used twice
    name       TEXT NOT NULL,
    hash       BLOB NOT NULL CHECK (length(hash) = 32),  -- SHA-256 of the whole token
    rights     TEXT NOT NULL,                       -- JSON: a list
    printers   TEXT,                                -- JSON: a list; NULL: all
    created_at TEXT NOT NULL,
    created_by INTEGER,                             -- uid
    expires    TEXT,
    revoked_at TEXT,
    used_at    TEXT,
    used_from  TEXT
) STRICT;
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked_at IS NULL;
ALTER TABLE job ADD COLUMN asked_token TEXT;
ALTER TABLE raw ADD COLUMN asked_token TEXT;
ALTER TABLE confirmation ADD COLUMN asked_token TEXT;
