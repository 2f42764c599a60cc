-- How much of each source is left, stage by stage?
WITH stages AS (
  SELECT source, 'pages' AS stage, count(*) AS rows FROM pages GROUP BY ALL
  UNION ALL
  SELECT source, 'records', count(*) FROM records GROUP BY ALL
  UNION ALL
  SELECT source, 'distinct', count(*) FILTER (coalesce(v.duplicate_of, '') = '')
  FROM verdicts v JOIN records USING (record_id) WHERE recipe = $recipe GROUP BY ALL
  UNION ALL
  SELECT source, 'kept', count(*) FILTER (v.kept)
  FROM verdicts v JOIN records USING (record_id) WHERE recipe = $recipe GROUP BY ALL
)
SELECT source, stage, rows
FROM stages
WHERE source IN (SELECT source FROM records JOIN verdicts USING (record_id) WHERE recipe = $recipe)
ORDER BY source, list_position(['pages', 'records', 'distinct', 'kept'], stage);
