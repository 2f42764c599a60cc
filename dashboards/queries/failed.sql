-- Which stages failed when they last ran?
SELECT stage, name, failed
FROM runs
WHERE failed <> ''
  AND (stage, name, started_at) IN (SELECT (stage, name, max(started_at)) FROM runs GROUP BY stage, name)
ORDER BY stage, name;
