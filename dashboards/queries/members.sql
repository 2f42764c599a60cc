-- Who is in a cluster, and how like are they to the one that is kept (or, where none is, to the first)?
WITH member AS (
  SELECT record_id, kept FROM clusters JOIN verdicts USING (recipe, record_id)
  WHERE recipe = $recipe AND cluster_id = $cluster
),
first AS (SELECT record_id AS name FROM member ORDER BY kept DESC, record_id LIMIT 1),
alike AS (
  SELECT unnest([record_id, duplicate_id]) AS record_id, method, similarity FROM edges, first
  WHERE recipe = $recipe AND name IN (record_id, duplicate_id)
)
SELECT member.record_id, kept, member.record_id = name AS first, any_value(method) AS method, max(similarity) AS similarity
FROM member CROSS JOIN first LEFT JOIN alike USING (record_id)
GROUP BY ALL
ORDER BY first DESC, similarity DESC NULLS LAST, record_id;
