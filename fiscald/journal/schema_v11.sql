-- Schema 11: what the licence must not forget, beside the files of its own directory: emergency passes, licences that
-- were given back, and the vendor's verdicts. The newest note of each kind about each licence.

CREATE TABLE licence_note (
    kind    TEXT NOT NULL,
    licence TEXT NOT NULL,
    word    TEXT NOT NULL,
    seq     INTEGER NOT NULL,                       -- the newest certificate of the licence at that time
    at      INTEGER NOT NULL,                       -- seconds since 1970
    PRIMARY KEY (kind, licence)
) STRICT;
INSERT INTO licence_note SELECT 'pass', '', 'pass', 0, taken_at FROM emergency ORDER BY taken_at DESC LIMIT 1;
DROP TABLE emergency;
