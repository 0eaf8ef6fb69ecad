-- Schema 8: transactions are numbered, and jobs are counted when they change.

-- The number of the last transaction, always 16 digits right behind the id: so both are found in a page of the
-- write-ahead log, and a log that belongs to another journal.db is noticed.
ALTER TABLE journal ADD COLUMN change TEXT NOT NULL DEFAULT '0000000000000000';
UPDATE journal SET change = printf('%016d', coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'event'), 0));

-- How many jobs each printer has in each phase.
CREATE TABLE tally (
    printer TEXT NOT NULL,
    phase   TEXT NOT NULL,
    jobs    INTEGER NOT NULL,
    PRIMARY KEY (printer, phase)
) STRICT, WITHOUT ROWID;
INSERT INTO tally SELECT printer, phase, count(*) FROM job GROUP BY printer, phase;

CREATE TRIGGER job_made AFTER INSERT ON job BEGIN
    INSERT INTO tally VALUES (new.printer, new.phase, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_moved AFTER UPDATE OF printer, phase ON job
    WHEN old.phase != new.phase OR old.printer != new.printer
BEGIN
    UPDATE tally SET jobs = jobs - 1 WHERE printer = old.printer AND phase = old.phase;
    INSERT INTO tally VALUES (new.printer, new.phase, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_gone AFTER DELETE ON job BEGIN
    UPDATE tally SET jobs = jobs - 1 WHERE printer = old.printer AND phase = old.phase;
END;
