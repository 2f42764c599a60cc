-- How many records are there, of one source, task and verdict ('' is any), with these words?
SELECT count(*) AS records
FROM verdicts v JOIN records USING (record_id) LEFT JOIN signals USING (record_id)
WHERE recipe = $recipe
  AND $source IN ('', source)
  AND $task IN ('', task)
  AND $kept IN ('', kept::VARCHAR)
  AND ($words = '' OR contains(lower(concat_ws(' ', instruction, input, output)), lower($words)));
