-- Which views are there, and which columns do they have?
SELECT table_name AS view, column_name AS name, data_type AS type
FROM information_schema.columns
WHERE table_name IN (SELECT view_name FROM duckdb_views() WHERE NOT internal)
ORDER BY view, ordinal_position;
