-- Why was something of a source not used, and where for example?
SELECT level, reason, count(*) AS number, min(key, 3) AS examples, min_by(coalesce(detail, ''), key, 3) AS details
FROM rejects
WHERE source = $source
GROUP BY ALL
ORDER BY number DESC, reason, level;
