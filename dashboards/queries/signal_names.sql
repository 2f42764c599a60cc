-- Which signals are numbers?
SELECT column_name AS name
FROM (DESCRIBE signals)
WHERE column_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UINTEGER', 'UBIGINT', 'FLOAT', 'DOUBLE')
ORDER BY name;
