-- Schema 3: commands that people sent by hand.

CREATE TABLE raw (
    id       INTEGER PRIMARY KEY,                   -- order of sending
    printer  TEXT NOT NULL,
    asked_by INTEGER,                               -- uid of the process that asked
    forced   INTEGER NOT NULL,                      -- 1: also while the fate of a document was open
    command  TEXT NOT NULL,                         -- as it was written
    effect   TEXT NOT NULL,
    sent     BLOB NOT NULL,                         -- as it went over the line
    sent_at  TEXT NOT NULL,
    answer   TEXT,                                  -- neither answer nor problem: the daemon died over it
    problem  TEXT,
    ended_at TEXT
) STRICT;
