-- Schema 13: messages to webhooks. Each is written in the transaction of the change of a job that it reports.

-- What is known about a receiver.
CREATE TABLE webhook (
    name          TEXT PRIMARY KEY,
    address       BLOB NOT NULL,                    -- hash of its URL: another URL is another receiver
    gone_at       REAL,                             -- it answered 410; times are seconds since 1970
    failing_since REAL,
    failures      INTEGER NOT NULL DEFAULT 0,       -- failed tries since its last good answer
    error         TEXT,                             -- of the last try
    delivered_at  REAL
) STRICT;

-- A message until it is delivered.
CREATE TABLE webhook_message (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,   -- order of the changes
    webhook    TEXT NOT NULL,
    job        INTEGER NOT NULL REFERENCES job (id),
    message_id TEXT NOT NULL,                       -- the receiver's key: the same in every try
    type       TEXT NOT NULL,
    body       TEXT NOT NULL,
    since      REAL NOT NULL,                       -- when it was written, or sent again by a person
    due        REAL NOT NULL DEFAULT 0,             -- not tried before
    tries      INTEGER NOT NULL DEFAULT 0,
    error      TEXT,
    dead_at    REAL                                 -- given up
) STRICT;
CREATE INDEX webhook_due ON webhook_message (webhook, due, id) WHERE dead_at IS NULL;
CREATE INDEX webhook_dead ON webhook_message (webhook, id) WHERE dead_at IS NOT NULL;
CREATE INDEX webhook_job ON webhook_message (job, webhook, id);
