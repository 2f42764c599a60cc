-- Which clusters have more than one record, the largest first?
SELECT cluster_id, count(*) AS members, count(*) FILTER (kept) AS kept, list_sort(list(DISTINCT source)) AS sources
FROM clusters JOIN records USING (record_id) JOIN verdicts USING (recipe, record_id)
WHERE recipe = $recipe AND cluster_size > 1
GROUP BY cluster_id
HAVING $source = '' OR list_contains(sources, $source)
ORDER BY members DESC, cluster_id;
