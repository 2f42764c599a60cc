-- The views that users query. A name in braces stands for the finished
-- shards of that kind; pipelines/catalog/__init__.py fills it in.
-- `recipe` and `batch` come from the folder in which a shard lies.

CREATE VIEW pages AS
SELECT * EXCLUDE (file), folder(file, 2) AS batch FROM {pages}
WHERE status < 400
  AND (page_id, folder(file, 2)) IN (SELECT (page_id, max(folder(file, 2))) FROM {pages} GROUP BY page_id);

CREATE VIEW records AS SELECT * EXCLUDE (file) FROM {records};
CREATE VIEW pairs AS SELECT * EXCLUDE (file) FROM {pairs};
CREATE VIEW rejects AS
SELECT * EXCLUDE (file) FROM {rejects}
UNION ALL BY NAME
SELECT * EXCLUDE (file) FROM {page_rejects};
CREATE VIEW signals AS SELECT * EXCLUDE (file) FROM {signals};
CREATE VIEW clusters AS SELECT folder(file, 2) AS recipe, * EXCLUDE (file) FROM {clusters};
CREATE VIEW edges AS SELECT folder(file, 2) AS recipe, * EXCLUDE (file) FROM {edges};
CREATE VIEW verdicts AS SELECT folder(file, 3) AS recipe, * EXCLUDE (file) FROM {verdicts};
CREATE VIEW curated AS SELECT folder(file, 3) AS recipe, * EXCLUDE (file) FROM {curated};
CREATE VIEW curated_pairs AS SELECT folder(file, 3) AS recipe, * EXCLUDE (file) FROM {curated_pairs};
CREATE VIEW dropped AS SELECT folder(file, 3) AS recipe, * EXCLUDE (file) FROM {dropped};
CREATE VIEW contaminated AS SELECT folder(file, 3) AS recipe, * EXCLUDE (file) FROM {contaminated};
CREATE VIEW evaluations AS
SELECT folder(file, 3) AS recipe, folder(file, 2) AS version, * EXCLUDE (file) FROM {evaluations};
CREATE VIEW counts AS SELECT * FROM {counts};
CREATE VIEW runs AS SELECT * FROM run_log;
