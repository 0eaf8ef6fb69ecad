-- Schema 1. Times are seconds since 1970, UTC; days are YYYY-MM-DD. No number and no code stands here in clear.

CREATE TABLE account (
    id         TEXT PRIMARY KEY,
    email      TEXT NOT NULL,
    email_norm TEXT NOT NULL UNIQUE,
    lang       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'confirmed', 'closed')),
    created    INTEGER NOT NULL,
    confirmed  INTEGER
) STRICT;

CREATE INDEX account_pending ON account (created, id) WHERE state = 'pending';

CREATE TABLE company (
    id         TEXT PRIMARY KEY,
    account_id TEXT REFERENCES account (id),        -- NULL: came with a number, no address is confirmed yet
    cc         TEXT NOT NULL CHECK (length(cc) = 2),
    tin        TEXT,
    name       TEXT NOT NULL,
    name_norm  TEXT NOT NULL,
    post       TEXT NOT NULL,
    post_norm  TEXT NOT NULL,
    created    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX company_tin ON company (tin, cc) WHERE tin IS NOT NULL;
CREATE UNIQUE INDEX company_np ON company (cc, name_norm, post_norm) WHERE tin IS NULL;
CREATE INDEX company_account ON company (account_id);
-- A search for a part of a name reads all of it, but not the table.
CREATE INDEX company_name ON company (name_norm, id);
-- A rename drops and makes this trigger again, inside one audited transaction.
CREATE TRIGGER company_fixed BEFORE UPDATE OF cc, tin, name, name_norm, post, post_norm ON company
BEGIN SELECT RAISE(ABORT, 'company identity is immutable'); END;

CREATE TABLE licence (
    id         TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id),
    product    INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('trial', 'paid')),
    seq        INTEGER NOT NULL DEFAULT 0,          -- of its newest certificate
    state      TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'superseded', 'ended', 'revoked')),
    changed    INTEGER NOT NULL,                    -- when the state was entered
    said       TEXT,                                -- what the vendor says about a revocation or a suspension
    created    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_licence ON licence (company_id, product) WHERE state IN ('active', 'suspended');
CREATE UNIQUE INDEX one_trial_ever ON licence (company_id, product) WHERE kind = 'trial';
CREATE INDEX licence_company ON licence (company_id);
CREATE INDEX licence_created ON licence (created, id);

-- A licence has a seat for each number that was bought; a trial has one.
CREATE TABLE seat (
    id         TEXT PRIMARY KEY,
    licence_id TEXT NOT NULL REFERENCES licence (id),
    flags      INTEGER NOT NULL,
    ends       INTEGER,                             -- NULL: perpetual
    upd        TEXT NOT NULL,
    name       TEXT,                                -- as whoever registered its number wrote the company;
    post       TEXT,                                -- NULL: as the company's row has it
    state      TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
    changed    INTEGER NOT NULL,
    said       TEXT,
    reminded   TEXT,                                -- the newest reminder that was sent: END/DAYS before it
    created    INTEGER NOT NULL
) STRICT;
CREATE INDEX seat_licence ON seat (licence_id);
CREATE INDEX seat_named ON seat (created) WHERE name IS NOT NULL;
CREATE INDEX seat_upd ON seat (upd);
CREATE INDEX seat_ends ON seat (ends) WHERE ends IS NOT NULL;

-- Computers and machines that have had a trial, as keyed hashes.
CREATE TABLE trial_used (h BLOB PRIMARY KEY CHECK (length(h) = 32)) STRICT;

-- What a customer bought with one order; its numbers are made again from their fields.
CREATE TABLE purchase (
    id      TEXT PRIMARY KEY,                       -- the vendor's own order id
    invoice TEXT,
    buyer   TEXT,
    email   TEXT,
    lang    TEXT NOT NULL,
    bought  TEXT NOT NULL,                          -- the day of purchase
    content TEXT NOT NULL,                          -- JSON of what was ordered: the same id means the same order
    source  TEXT NOT NULL,                          -- cli:USER or token:ID
    created INTEGER NOT NULL,
    cancelled INTEGER                               -- when its numbers were revoked
) STRICT;
CREATE INDEX purchase_email ON purchase (lower(email));
CREATE INDEX purchase_invoice ON purchase (invoice);

CREATE TABLE number (
    h             BLOB PRIMARY KEY CHECK (length(h) = 32),      -- HMAC under the pepper: a stolen table sells nothing
    kind          INTEGER NOT NULL,
    product       INTEGER NOT NULL,
    flags         INTEGER NOT NULL,
    mk            INTEGER NOT NULL,
    serial        INTEGER NOT NULL UNIQUE,
    issued        TEXT NOT NULL,
    bought        TEXT NOT NULL,                    -- the day of purchase: a year of updates begins with it
    months        INTEGER,                          -- of a term licence; NULL: perpetual
    offline       INTEGER NOT NULL,                 -- whether it works on computers without internet
    hint          TEXT NOT NULL,
    purchase_id   TEXT REFERENCES purchase (id),
    state         TEXT NOT NULL CHECK (state IN ('issued', 'used', 'superseded', 'revoked')),
    seat_id       TEXT REFERENCES seat (id),
    superseded_by BLOB REFERENCES number (h)
) STRICT;
CREATE INDEX number_seat ON number (seat_id);
CREATE INDEX number_hint ON number (hint);
CREATE INDEX number_purchase ON number (purchase_id);

CREATE TABLE device (
    id         TEXT PRIMARY KEY,
    seat_id    TEXT NOT NULL REFERENCES seat (id),
    licence_id TEXT NOT NULL REFERENCES licence (id),
    jkt        TEXT NOT NULL,
    jwk        TEXT NOT NULL,
    mid        TEXT NOT NULL,
    offline    INTEGER NOT NULL DEFAULT 0,          -- its certificates are transferred offline and never expire
    state      TEXT NOT NULL CHECK (state IN ('bound', 'released')),
    bound      INTEGER NOT NULL,
    released   INTEGER,
    last_day   TEXT,                                -- of its last check
    version    TEXT,
    seen       INTEGER NOT NULL DEFAULT 0,          -- the newest certificate it has shown
    twins      INTEGER NOT NULL DEFAULT 0           -- how often it has shown an older one than before
) STRICT;
CREATE UNIQUE INDEX one_computer ON device (seat_id) WHERE state = 'bound';
CREATE UNIQUE INDEX one_seat ON device (licence_id, jkt) WHERE state = 'bound' AND jkt <> '';
CREATE INDEX device_key ON device (jkt);
CREATE INDEX device_licence ON device (licence_id, jkt);
CREATE INDEX device_seat ON device (seat_id);
CREATE INDEX device_twins ON device (twins DESC, id) WHERE twins > 0;

-- What a computer has shown last, and what was signed for it since: older ones are deleted when one is signed.
CREATE TABLE cert (
    jti        TEXT PRIMARY KEY,
    licence_id TEXT NOT NULL,
    device_id  TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    kid        TEXT NOT NULL,
    iat        INTEGER NOT NULL,
    exp        INTEGER,
    rights     TEXT NOT NULL,                       -- fingerprint of all that it says but its times
    UNIQUE (licence_id, seq)
) STRICT;

CREATE TABLE otp (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'recover', 'account')),
    jkt        TEXT NOT NULL,                       -- the computer that asked, or the browser
    wanted     TEXT,                                -- what it asked for: company, machine
    h          BLOB,                                -- NULL until the mail leaves
    tries      INTEGER NOT NULL DEFAULT 0,
    expires    INTEGER NOT NULL,
    used       INTEGER
) STRICT;
-- A stranger who asks for a code does not make the owner's invalid.
CREATE UNIQUE INDEX one_code ON otp (account_id, purpose, jkt);
CREATE INDEX otp_expires ON otp (expires);

CREATE TABLE mail (
    id        INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject   TEXT NOT NULL,                        -- which text; the code is made when it leaves
    lang      TEXT NOT NULL,
    otp_id    TEXT REFERENCES otp (id) ON DELETE CASCADE,
    detail    TEXT,                                 -- JSON of what the text needs; no number, no code
    created   INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX mail_due ON mail (due, id);
CREATE INDEX mail_code_due ON mail (due, id) WHERE otp_id IS NOT NULL;
CREATE INDEX mail_otp ON mail (otp_id);

CREATE TABLE session (h BLOB PRIMARY KEY, account_id TEXT NOT NULL, jkt TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX session_expires ON session (expires);
CREATE TABLE replay (h BLOB PRIMARY KEY, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX replay_expires ON replay (expires);
CREATE TABLE throttle (bucket TEXT PRIMARY KEY, n INTEGER NOT NULL, window_end INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_end ON throttle (window_end);

-- Of browsers: a customer's (its account) or the vendor's (the name of a token).
CREATE TABLE web_session (
    h          BLOB PRIMARY KEY,
    account_id TEXT REFERENCES account (id),
    token_id   TEXT REFERENCES access_token (id),
    expires    INTEGER NOT NULL
) STRICT;
CREATE INDEX web_session_expires ON web_session (expires);
CREATE INDEX web_session_account ON web_session (account_id);

-- Of programs that order numbers (a web shop), and of the vendor's people; only hashes are kept.
CREATE TABLE access_token (
    id      TEXT PRIMARY KEY,
    h       BLOB NOT NULL UNIQUE,
    name    TEXT NOT NULL,
    rights  TEXT NOT NULL CHECK (rights IN ('issue', 'desk')),
    created INTEGER NOT NULL,
    used    TEXT,                                   -- the day of its last use
    revoked INTEGER
) STRICT;

-- Messages that wait for the vendor's web shop.
CREATE TABLE hook (
    id      INTEGER PRIMARY KEY,
    event   TEXT NOT NULL,
    body    TEXT NOT NULL,
    created INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX hook_due ON hook (due, id);
CREATE INDEX hook_created ON hook (created);

-- The public halves; private ones are files.
CREATE TABLE signing_key (
    kid        TEXT PRIMARY KEY,
    x          TEXT NOT NULL,
    valid_from INTEGER,
    valid_to   INTEGER,
    revoked    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE key_list (ver INTEGER PRIMARY KEY, at INTEGER NOT NULL, token TEXT NOT NULL) STRICT;
CREATE TABLE release (series TEXT PRIMARY KEY, version TEXT NOT NULL, url TEXT NOT NULL) STRICT;

CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    what   TEXT NOT NULL,
    ref    TEXT,
    detail TEXT,                                    -- no name, no tax number: those are hashed here
    h      TEXT NOT NULL                            -- of this row and the one before: a row that is missing shows
) STRICT;
CREATE INDEX audit_ref ON audit (ref, id);
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
