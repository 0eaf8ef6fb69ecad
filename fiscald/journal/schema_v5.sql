-- Schema 5: what the journal remembers of each printer, to know whether it is the true past of it.

-- Which journal this is: an older copy has the same id.
CREATE TABLE journal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  TEXT NOT NULL
) STRICT;
INSERT INTO journal VALUES (1, lower(hex(randomblob(16))));

-- The printer's counters when this journal knew of every receipt in them; NULL: nothing is remembered.
ALTER TABLE printer ADD COLUMN counters TEXT;
-- Documents of ours that may have been printed since, and are not in those counters yet.
ALTER TABLE printer ADD COLUMN own_receipts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE printer ADD COLUMN own_printouts INTEGER NOT NULL DEFAULT 0;
-- 1: commands by hand were sent since, and may have printed anything.
ALTER TABLE printer ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;

-- Printers of which this journal may not know everything, because it is an older copy, or may be one.
CREATE TABLE doubt (
    printer TEXT PRIMARY KEY,
    why     TEXT NOT NULL CHECK (why IN ('older', 'moved')),
    since   TEXT NOT NULL
) STRICT;

-- A person said that the journal and the printer's paper were compared.
CREATE TABLE confirmation (
    id           INTEGER PRIMARY KEY,
    printer      TEXT NOT NULL,
    at           TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    note         TEXT NOT NULL,
    asked_by     INTEGER,                           -- uid of the process that asked
    remembered   TEXT,                              -- counters
    found        TEXT
) STRICT;

-- Emergency passes of the licence; the licence directory keeps the newest too, and both must agree.
CREATE TABLE emergency (
    taken_at INTEGER PRIMARY KEY                    -- seconds since 1970
) STRICT;

-- 1: undecided, though nothing of it can be open on the printer: other documents do not wait for the decision.
ALTER TABLE job ADD COLUMN harmless INTEGER NOT NULL DEFAULT 0;
