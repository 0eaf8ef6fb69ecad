-- Schema 4: what is asked for again and again is found without reading every job. Each index also ends with the id.

DROP INDEX job_open;
CREATE INDEX job_printer_phase ON job (printer, phase);
CREATE INDEX job_phase ON job (phase);
CREATE INDEX event_job ON event (job);              -- also for the foreign key, when a job is deleted
