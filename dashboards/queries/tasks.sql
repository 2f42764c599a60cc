-- What is the curated data for, in which language and split?
SELECT task, language, split, count(*) AS records
FROM curated
WHERE recipe = $recipe
GROUP BY ALL
ORDER BY records DESC, task, language, split;
