-- Which pages of a source say that they may not be used for this?
SELECT opt_out AS says, count(*) AS pages, min(url) AS example
FROM pages
WHERE source = $source AND opt_out <> ''
GROUP BY ALL
ORDER BY pages DESC, says;
