-- What did each source give, also one of which nothing is kept?
WITH source AS (
  SELECT reason AS source, count AS records FROM counts
  WHERE stage = 'curate' AND name = $recipe AND counter = 'source_records'
),
made AS (
  SELECT name AS source, counter, sum(count)::BIGINT AS count FROM counts WHERE stage = 'normalise' GROUP BY ALL
)
SELECT
  source AS "Source",
  sum(count) FILTER (counter = 'pages')::BIGINT AS "Pages",
  sum(count) FILTER (counter = 'documents')::BIGINT AS "Documents",
  sum(count) FILTER (counter = 'posts')::BIGINT AS "Posts",
  sum(count) FILTER (counter = 'records')::BIGINT AS "Records",
  coalesce((SELECT max(count) FROM counts
            WHERE stage = 'curate' AND name = $recipe AND counter = 'source_kept' AND reason = source), 0) AS "Kept",
  coalesce(sum(count) FILTER (counter = 'rejected'), 0)::BIGINT AS "Pages rejected",
  coalesce(sum(count) FILTER (counter = 'rejected_document'), 0)::BIGINT AS "Documents rejected",
  coalesce(sum(count) FILTER (counter = 'rejected_part'), 0)::BIGINT AS "Parts rejected",
  coalesce(sum(count) FILTER (counter = 'holes'), 0)::BIGINT AS "Holes"
FROM source JOIN made USING (source)
GROUP BY source
ORDER BY source;
