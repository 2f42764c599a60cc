-- Which recipes have been curated here?
SELECT DISTINCT recipe FROM verdicts ORDER BY recipe;
