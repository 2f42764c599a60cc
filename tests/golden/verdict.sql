WITH judged AS (
SELECT *, flatten([
    CASE WHEN coalesce((licence = ''), true) THEN [{'rule': 'licence_unknown', 'value': CAST(to_json({'licence': licence}) AS VARCHAR)}] ELSE [] END,
    CASE WHEN coalesce((output_words < 3 AND length(output) < 20), false) THEN [{'rule': 'short', 'value': CAST(to_json({'output_words': output_words}) AS VARCHAR)}] ELSE [] END,
    CASE WHEN coalesce((length(output) < 2), false) THEN [{'rule': 'bare', 'value': '{}'}] ELSE [] END
]) AS broken, decision IN ('accept', 'edit') AS accepted_by_hand
FROM candidate
), decided AS (
SELECT *,
       CASE WHEN accepted_by_hand THEN [reason FOR reason IN broken IF reason.rule IN ('licence_unknown')]
            WHEN decision = 'reject' THEN list_append(broken, {'rule': 'decision', 'value': decided})
            ELSE broken END AS reasons,
       CASE WHEN accepted_by_hand THEN [reason FOR reason IN broken IF reason.rule NOT IN ('licence_unknown')]
            ELSE [] END AS overruled
FROM judged
), ranked AS (
SELECT record_id, cluster_id, cluster_size, group_id, reasons, decision, overruled, accepted_by_hand,
       first_value(record_id) OVER best AS survivor,
       first_value(len(reasons)) OVER best = 0 AS survives
FROM decided
WINDOW best AS (PARTITION BY cluster_id ORDER BY len(reasons) > 0, NOT accepted_by_hand, score DESC NULLS LAST, record_id)
), marked AS (
SELECT *,
       CASE WHEN survives AND survivor <> record_id AND NOT accepted_by_hand THEN survivor ELSE '' END AS duplicate_of
FROM ranked
)
SELECT record_id, group_id, duplicate_of, decision, overruled,
       CASE WHEN duplicate_of = '' THEN reasons ELSE list_append(reasons, {
           'rule': 'duplicate',
           'value': CAST(to_json({'cluster_id': cluster_id, 'cluster_size': cluster_size}) AS VARCHAR)
       }) END AS reasons
FROM marked
