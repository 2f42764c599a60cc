-- What did each source give, and under which licences?
SELECT
  source,
  any_value(source_kind) AS kind,
  count(*) AS records,
  count(*) FILTER (kept) AS kept,
  list_sort(list_distinct(list(coalesce(licence, '')))) AS licences -- '' where none is known
FROM records JOIN verdicts USING (record_id)
WHERE recipe = $recipe
GROUP BY source
ORDER BY records DESC, source;
