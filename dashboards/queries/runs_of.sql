-- When was a source worked on last, stage by stage, and did it fail?
SELECT stage, max_by(started_at, started_at) AS started_at, max_by(round(seconds, 1), started_at) AS seconds,
  max_by(failed, started_at) AS failed
FROM runs
WHERE name = $source
GROUP BY stage
ORDER BY started_at;
