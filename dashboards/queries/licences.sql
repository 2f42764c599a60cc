-- Under which licences are the records of a source, and how many are kept?
SELECT coalesce(licence, '') AS licence, count(*) AS records, count(*) FILTER (kept) AS kept
FROM records LEFT JOIN (SELECT record_id, kept FROM verdicts WHERE recipe = $recipe) USING (record_id)
WHERE source = $source
GROUP BY ALL
ORDER BY records DESC, licence;
