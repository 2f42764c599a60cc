WITH judged AS (
SELECT *, flatten([
    CASE WHEN coalesce((licence = ''), true) THEN [{'rule': 'licence_unknown', 'value': CAST(to_json({'licence': licence}) AS VARCHAR)}] ELSE [] END,
    CASE WHEN coalesce((output_words < 3 AND length(output) < 20), false) THEN [{'rule': 'short', 'value': CAST(to_json({'output_words': output_words}) AS VARCHAR)}] ELSE [] END,
    CASE WHEN coalesce((length(output) < 2), false) THEN [{'rule': 'bare', 'value': '{}'}] ELSE [] END
]) AS reasons
FROM candidate
), ranked AS (
SELECT record_id, cluster_id, cluster_size, group_id, reasons,
       first_value(record_id) OVER best AS survivor,
       first_value(len(reasons)) OVER best = 0 AS survives
FROM judged
WINDOW best AS (PARTITION BY cluster_id ORDER BY len(reasons) > 0, score DESC NULLS LAST, record_id)
), marked AS (
SELECT *, CASE WHEN survives AND survivor <> record_id THEN survivor ELSE '' END AS duplicate_of
FROM ranked
)
SELECT record_id, group_id, duplicate_of,
       CASE WHEN duplicate_of = '' THEN reasons ELSE list_append(reasons, {
           'rule': 'duplicate',
           'value': CAST(to_json({'cluster_id': cluster_id, 'cluster_size': cluster_size}) AS VARCHAR)
       }) END AS reasons
FROM marked
