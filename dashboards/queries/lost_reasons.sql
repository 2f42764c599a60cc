-- What was lost of each source, and why?
WITH source AS (
  SELECT reason AS source FROM counts WHERE stage = 'curate' AND name = $recipe AND counter = 'source_records'
),
label AS (
  SELECT * FROM (VALUES
    ('collect', 'rejected', 'rejected_page'),
    ('normalise', 'rejected', 'page'),
    ('normalise', 'rejected_document', 'document'),
    ('normalise', 'rejected_part', 'part'),
    ('normalise', 'unused_column', 'column'),
    ('normalise', 'holes', 'hole')
  ) AS label(stage, counter, lost)
)
SELECT name AS source, lost, reason, count
FROM counts JOIN label USING (stage, counter)
WHERE name IN (SELECT source FROM source) AND count > 0
ORDER BY source, count DESC, lost, reason;
