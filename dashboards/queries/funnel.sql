-- How much of each source is left, stage by stage?
WITH stages AS (
  SELECT source, '1 pages' AS stage, count(*) AS rows FROM pages GROUP BY ALL
  UNION ALL
  SELECT source, '2 records', count(*) FROM records GROUP BY ALL
  UNION ALL
  SELECT source, '3 distinct', count(*) FILTER (coalesce(v.duplicate_of, '') = '')
  FROM verdicts v JOIN records USING (record_id) WHERE recipe = $recipe GROUP BY ALL
  UNION ALL
  SELECT source, '4 kept', count(*) FILTER (v.kept)
  FROM verdicts v JOIN records USING (record_id) WHERE recipe = $recipe GROUP BY ALL
)
SELECT source, stage, rows
FROM stages
WHERE source IN (SELECT source FROM records JOIN verdicts USING (record_id) WHERE recipe = $recipe)
ORDER BY source, stage;
