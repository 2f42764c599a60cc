-- Which benchmark items stand in records, by benchmark ('' for any), the likest first, and what became of the records?
SELECT
  benchmark,
  item,
  record_id,
  contamination,
  answer_found,
  item_text,
  record_text
FROM contaminated
WHERE recipe = $recipe AND ($benchmark = '' OR benchmark = $benchmark)
ORDER BY contamination DESC, benchmark, item, record_id;
