-- What did the model and its base answer to each written prompt, those first that only one of them got right?
WITH of_one AS (
  SELECT * FROM evaluations
  WHERE recipe = $recipe AND version = $version AND item IS NOT NULL AND ($test = '' OR test = $test)
)
SELECT
  test,
  item,
  tuned.language AS language,
  base.answer AS before,
  tuned.answer AS after,
  base.passed AS passed_before,
  tuned.passed AS passed_after
FROM (FROM of_one WHERE model = 'tuned') tuned JOIN (FROM of_one WHERE model = 'base') base USING (test, item)
ORDER BY passed_after IS NOT DISTINCT FROM passed_before, test, item;
