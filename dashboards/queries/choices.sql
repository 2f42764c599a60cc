-- Which sources, tasks, languages and broken rules can be chosen?
WITH judged AS (
  SELECT source, task, output_language AS language, list_transform(v.reasons, reason -> reason.rule) AS rules
  FROM verdicts v JOIN records USING (record_id) LEFT JOIN signals USING (record_id)
  WHERE recipe = $recipe
)
SELECT 'source' AS what, source AS choice, count(*) AS records FROM judged GROUP BY ALL
UNION ALL
SELECT 'task', task, count(*) FROM judged WHERE task <> '' GROUP BY ALL
UNION ALL
SELECT 'language', language, count(*) FROM judged WHERE language <> '' GROUP BY ALL
UNION ALL
SELECT 'rule', rule, count(*) FROM (SELECT unnest(rules) AS rule FROM judged) GROUP BY ALL
ORDER BY what, records DESC, choice;
