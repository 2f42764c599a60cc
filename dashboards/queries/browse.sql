-- Which records are there, of one source, task and verdict ('' is any), with these words?
SELECT
  record_id,
  source,
  coalesce(task, '') AS task,
  kept,
  instruction,
  input,
  output,
  url,
  licence,
  list_transform(v.reasons, reason -> reason.rule || ' ' || coalesce(reason.value, '')) AS reasons,
  coalesce(duplicate_of, '') AS duplicate_of
FROM verdicts v JOIN records USING (record_id) LEFT JOIN signals USING (record_id)
WHERE recipe = $recipe
  AND $source IN ('', source)
  AND $task IN ('', task)
  AND $kept IN ('', kept::VARCHAR)
  AND ($words = '' OR contains(lower(concat_ws(' ', instruction, input, output)), lower($words)))
ORDER BY record_id
LIMIT $size OFFSET $start;
