-- Schema 1. Times are ISO 8601 with offset. JSON columns hold the model's own serialisation.

CREATE TABLE job (
    id         INTEGER PRIMARY KEY,                 -- order of acceptance
    key        TEXT NOT NULL UNIQUE,
    printer    TEXT NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    document   TEXT NOT NULL,
    phase      TEXT NOT NULL CHECK (phase IN ('accepted', 'started', 'committing', 'done', 'failed', 'undecided')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    evidence   TEXT,
    result     TEXT,
    paper      TEXT NOT NULL DEFAULT 'none',
    warnings   TEXT NOT NULL DEFAULT '[]',
    error      TEXT,
    resolution TEXT,
    asked_by   INTEGER,                             -- uid of the process that submitted it
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX job_open ON job (printer, id) WHERE phase IN ('accepted', 'started', 'committing', 'undecided');

-- Every change of a job, for the event stream: the id is its cursor.
CREATE TABLE event (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    job   INTEGER NOT NULL REFERENCES job (id),
    at    TEXT NOT NULL,
    phase TEXT NOT NULL
) STRICT;

-- Which physical printer stands behind a configured name.
CREATE TABLE printer (
    name       TEXT PRIMARY KEY,
    printer_id TEXT NOT NULL,
    known_at   TEXT NOT NULL
) STRICT;
