-- Which sources and tasks can be chosen?
SELECT DISTINCT source, coalesce(task, '') AS task
FROM verdicts JOIN records USING (record_id) LEFT JOIN signals USING (record_id)
WHERE recipe = $recipe
ORDER BY ALL;
