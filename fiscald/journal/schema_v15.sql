-- Schema 15: what a program said to a gateway for a document, and the answers that it got.

ALTER TABLE job ADD COLUMN program TEXT;            -- JSON: who sent it; NULL: an application, not through a gateway
CREATE TABLE sending (
    job   INTEGER NOT NULL REFERENCES job (id),
    began TEXT NOT NULL,                            -- when the program began to send it, this time
    said  TEXT NOT NULL,                            -- JSON
    PRIMARY KEY (job, began)
) STRICT, WITHOUT ROWID;
