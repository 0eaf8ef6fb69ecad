-- Schema 10: documents with returnable packaging are found by printer and time of printing; what has no such time (and
-- what is undecided) by its last change. A damaged document is not found.

CREATE INDEX job_packaging ON job (
    printer,
    CAST(strftime('%s', coalesce(CASE WHEN json_valid(result) THEN json_extract(result, '$.printed_at') END, updated_at)) AS INTEGER)
) WHERE CASE WHEN json_valid(document) THEN json_extract(document, '$.type') = 'packaging' OR json_array_length(document, '$.packaging') > 0 END;
