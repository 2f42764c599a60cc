-- What do these records say, and what became of them?
SELECT
  v.record_id,
  source,
  coalesce(task, '') AS task,
  coalesce(output_language, '') AS language,
  kept,
  instruction,
  input,
  output,
  len(history) AS turns_before,
  url,
  title,
  coalesce(nullif(licence, ''), '?') AS licence,
  list_transform(v.reasons, reason -> reason.rule) AS rules,
  list_transform(v.reasons, reason -> coalesce(reason.value, '{}')) AS measured,
  coalesce(duplicate_of, '') AS duplicate_of
FROM verdicts v JOIN records USING (record_id) LEFT JOIN signals USING (record_id)
WHERE recipe = $recipe AND list_contains($ids, v.record_id)  -- a join with $ids reads the texts of all records
ORDER BY list_position($ids, v.record_id);
