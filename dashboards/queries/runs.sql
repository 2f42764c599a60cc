-- What has run lately, how long did it take, and what failed?
SELECT started_at, recipe, stage, name, round(seconds, 1) AS seconds, skipped, round(peak_mb) AS peak_mb, failed
FROM runs
ORDER BY started_at DESC
LIMIT 200;
