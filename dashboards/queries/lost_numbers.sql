-- What did each source give, also one of which nothing is kept?
WITH source AS (
  SELECT reason AS source, count AS records FROM counts
  WHERE stage = 'curate' AND name = $recipe AND counter = 'source_records'
),
made AS (
  SELECT name AS source, counter, sum(count)::BIGINT AS count FROM counts WHERE stage = 'normalise' GROUP BY ALL
)
SELECT
  source,
  sum(count) FILTER (counter = 'pages')::BIGINT AS pages,
  sum(count) FILTER (counter = 'documents')::BIGINT AS documents,
  sum(count) FILTER (counter = 'posts')::BIGINT AS posts,
  sum(count) FILTER (counter = 'records')::BIGINT AS records,
  coalesce((SELECT max(count) FROM counts
            WHERE stage = 'curate' AND name = $recipe AND counter = 'source_kept' AND reason = source), 0) AS kept,
  coalesce(sum(count) FILTER (counter = 'rejected'), 0)::BIGINT AS pages_rejected,
  coalesce(sum(count) FILTER (counter = 'rejected_document'), 0)::BIGINT AS documents_rejected,
  coalesce(sum(count) FILTER (counter = 'rejected_part'), 0)::BIGINT AS parts_rejected,
  coalesce(sum(count) FILTER (counter = 'holes'), 0)::BIGINT AS holes
FROM source JOIN made USING (source)
GROUP BY source
ORDER BY source;
