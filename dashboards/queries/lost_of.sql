-- What of a source's texts could not be read?
SELECT counter AS what, reason, count
FROM counts
WHERE stage = 'normalise' AND name = $source AND counter IN ('holes', 'unused_column') AND count > 0
ORDER BY count DESC, what, reason;
