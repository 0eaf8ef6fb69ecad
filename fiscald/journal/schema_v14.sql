-- Schema 14: an event says why it happened. The paper of an undecided document, and of one whose last command is on its
-- way, is not known.

ALTER TABLE event ADD COLUMN problem TEXT;          -- JSON; NULL: no reason is needed, or it was not kept yet
ALTER TABLE event ADD COLUMN resolution TEXT;       -- JSON: a person decided
UPDATE job SET paper = 'unknown' WHERE phase IN ('committing', 'undecided');
