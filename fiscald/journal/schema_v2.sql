-- Schema 2: the conditions of a submission.

ALTER TABLE job ADD COLUMN deadline TEXT;
ALTER TABLE job ADD COLUMN expect_last INTEGER;
ALTER TABLE job ADD COLUMN if_interrupted TEXT NOT NULL DEFAULT 'repeat';
