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
CREATE UNIQUE INDEX company_tin ON company (cc, tin) WHERE tin IS NOT NULL;
CREATE UNIQUE INDEX company_np ON company (cc, name_norm, post_norm) WHERE tin IS NULL;
-- A rename drops and makes this trigger again, inside one audited transaction.
CREATE TRIGGER company_fixed BEFORE UPDATE OF cc, tin, name, name_norm, post, post_norm ON company
BEGIN SELECT RAISE(ABORT, 'company identity is immutable'); END;

CREATE TABLE licence (
    id         TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id),
    product    INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('trial', 'paid', 'sub')),
    flags      INTEGER NOT NULL,
    ends       INTEGER,                             -- NULL: perpetual
    upd        TEXT NOT NULL,
    seq        INTEGER NOT NULL DEFAULT 0,          -- of its newest certificate
    state      TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'ended', 'revoked')),
    changed    INTEGER NOT NULL,                    -- when the state was entered
    said       TEXT,                                -- what the vendor says about a revocation
    created    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_active_licence ON licence (company_id, product) WHERE state = 'active';
CREATE UNIQUE INDEX one_trial_ever ON licence (company_id, product) WHERE kind = 'trial';

CREATE TABLE number (
    h             BLOB PRIMARY KEY CHECK (length(h) = 32),      -- HMAC under the pepper: a stolen table sells nothing
    kind          INTEGER NOT NULL,
    product       INTEGER NOT NULL,
    flags         INTEGER NOT NULL,
    mk            INTEGER NOT NULL,
    serial        INTEGER NOT NULL UNIQUE,
    issued        TEXT NOT NULL,
    hint          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('issued', 'used', 'superseded', 'revoked')),
    licence_id    TEXT REFERENCES licence (id),
    superseded_by BLOB REFERENCES number (h)
) STRICT;

CREATE TABLE device (
    id         TEXT PRIMARY KEY,
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
    seen       INTEGER NOT NULL DEFAULT 0           -- the newest certificate it has shown
) STRICT;
CREATE UNIQUE INDEX one_seat ON device (licence_id) WHERE state = 'bound';
CREATE INDEX device_key ON device (jkt);

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
    purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'recover')),
    jkt        TEXT NOT NULL,                       -- the computer that asked
    wanted     TEXT,                                -- what it asked for: company, machine
    h          BLOB,                                -- NULL until the mail leaves
    tries      INTEGER NOT NULL DEFAULT 0,
    expires    INTEGER NOT NULL,
    used       INTEGER
) STRICT;
CREATE UNIQUE INDEX one_code ON otp (account_id, purpose);

CREATE TABLE mail (
    id        INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject   TEXT NOT NULL,                        -- which text; the code is made when it leaves
    lang      TEXT NOT NULL,
    otp_id    TEXT REFERENCES otp (id) ON DELETE CASCADE,
    created   INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE session (h BLOB PRIMARY KEY, account_id TEXT NOT NULL, jkt TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE TABLE replay (h BLOB PRIMARY KEY, expires INTEGER NOT NULL) STRICT;
CREATE TABLE throttle (bucket TEXT PRIMARY KEY, n INTEGER NOT NULL, window_end INTEGER NOT NULL) STRICT;

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
    detail TEXT
) STRICT;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
