-- Schema 6: jobs are found by the time of acceptance, and by what stands on the receipt. A damaged row is in no way.

CREATE INDEX job_accepted ON job (CAST(strftime('%s', created_at) AS INTEGER));
CREATE INDEX job_number ON job (CASE WHEN json_valid(result) THEN json_extract(result, '$.number') END)
    WHERE result IS NOT NULL;
CREATE INDEX job_total ON job (CASE WHEN json_valid(result) THEN json_extract(result, '$.total') END)
    WHERE result IS NOT NULL;
