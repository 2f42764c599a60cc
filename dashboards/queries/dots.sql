-- What are these records, for a map?
SELECT v.record_id, source, kept, coalesce(v.reasons[1].rule, '') AS rule, left(instruction, 120) AS question
FROM verdicts v JOIN records USING (record_id)
WHERE recipe = $recipe AND v.record_id IN (SELECT unnest($ids))
ORDER BY v.record_id;
