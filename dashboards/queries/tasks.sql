-- What is the curated data for, in which language?
SELECT task, language, count(*) AS records
FROM curated
WHERE recipe = $recipe
GROUP BY ALL
ORDER BY records DESC, task, language;
