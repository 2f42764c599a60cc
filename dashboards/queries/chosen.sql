-- Which records pass the filters ('' and NULL are any)?
SELECT v.record_id
FROM verdicts v JOIN records USING (record_id) LEFT JOIN signals USING (record_id)
WHERE recipe = $recipe
  AND $source IN ('', source)
  AND $task IN ('', task)
  AND $language IN ('', output_language)
  AND ($fate = '' OR kept = ($fate = 'kept'))
  AND ($rule = '' OR list_contains(list_transform(v.reasons, reason -> reason.rule), $rule))
  AND ($words = '' OR contains(lower(concat_ws(' ', instruction, input, output)), lower($words)))
  AND ($low IS NULL OR {signal} >= $low)
  AND ($high IS NULL OR {signal} <= $high);
