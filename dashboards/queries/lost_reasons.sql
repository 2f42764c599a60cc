-- What was lost of each source, and why?
WITH source AS (
  SELECT reason AS source FROM counts WHERE stage = 'curate' AND name = $recipe AND counter = 'source_records'
),
label AS (
  SELECT * FROM (VALUES
    ('collect', 'rejected', 'page not collected'),
    ('normalise', 'rejected', 'page'),
    ('normalise', 'rejected_document', 'document'),
    ('normalise', 'rejected_part', 'part of a document'),
    ('normalise', 'unused_column', 'pages with a column not read'),
    ('normalise', 'holes', 'hole in a text')
  ) AS label(stage, counter, lost)
)
SELECT name AS "Source", lost AS "Lost", reason AS "Reason or kind", count AS "Count"
FROM counts JOIN label USING (stage, counter)
WHERE name IN (SELECT source FROM source) AND count > 0
ORDER BY "Source", "Count" DESC, "Lost", "Reason or kind";
