-- What did each source give, from its pages to the records that a recipe keeps?
WITH made AS (
  SELECT name AS source, stage, counter, sum(count)::BIGINT AS count
  FROM counts WHERE stage IN ('collect', 'normalise') GROUP BY ALL
),
kept AS (
  SELECT reason AS source, max(count) AS kept FROM counts
  WHERE stage = 'curate' AND name = $recipe AND counter = 'source_kept' GROUP BY ALL
)
SELECT
  source,
  coalesce(
    max(count) FILTER (stage = 'normalise' AND counter = 'pages'),
    max(count) FILTER (stage = 'collect' AND counter = 'pages'),
    0
  ) AS pages,
  coalesce(max(count) FILTER (counter = 'documents'), 0) AS documents,
  coalesce(max(count) FILTER (counter = 'records'), 0) AS records,
  coalesce(any_value(kept), 0) AS kept,
  coalesce(sum(count) FILTER (starts_with(counter, 'rejected')), 0)::BIGINT AS rejected,
  coalesce(sum(count) FILTER (counter = 'holes'), 0)::BIGINT AS holes,
  source IN (SELECT reason FROM counts WHERE stage = 'curate' AND name = $recipe AND counter = 'source_records') AS used
FROM made LEFT JOIN kept USING (source)
GROUP BY source
ORDER BY used DESC, records DESC, source;
