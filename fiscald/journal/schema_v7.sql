-- Schema 7: evidence says its version, and from version 2 on its family. What was stored before is version 1; the family
-- reads it. What is damaged stays as it is, and damages its own job only.

UPDATE job SET evidence = json_set(evidence, '$.version', 1)
    WHERE CASE WHEN json_valid(evidence) THEN json_type(evidence) = 'object' AND json_type(evidence, '$.version') IS NULL END;
