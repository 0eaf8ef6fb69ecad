-- Schema 9: jobs are found by the buyer's NIP, which is in no index: there stands its hash with a key of this journal.

CREATE TABLE buyer_key (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
INSERT INTO buyer_key VALUES (1, randomblob(32));

ALTER TABLE job ADD COLUMN buyer BLOB;              -- NULL: the document names no NIP
UPDATE job SET buyer = buyer_hash((SELECT key FROM buyer_key), json_extract(document, '$.buyer.nip'))
    WHERE CASE WHEN json_valid(document) THEN json_extract(document, '$.buyer.nip')
        GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' END;

-- In the order of acceptance, and in the order of time.
CREATE INDEX job_buyer ON job (buyer) WHERE buyer IS NOT NULL;
CREATE INDEX job_buyer_accepted ON job (buyer, CAST(strftime('%s', created_at) AS INTEGER)) WHERE buyer IS NOT NULL;
