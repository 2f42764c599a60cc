-- Which rules drop records, and how many would each drop alone?
WITH broken AS (
  SELECT record_id, len(reasons) AS broken, unnest(reasons).rule AS rule
  FROM verdicts
  WHERE recipe = $recipe AND NOT kept
)
SELECT rule, count(*) AS records, count(*) FILTER (broken = 1) AS only_this_rule
FROM broken
GROUP BY rule
ORDER BY records DESC, rule;
