"""Faults that no test can notice: the module, a part of the changed line, and why it comes to the same."""

EQUIVALENT: tuple[tuple[str, str, str], ...] = (
    ("curate/policy.py", "if len(location) != 1", "an unknown key has a place: it is never none"),
    ("curate/sql.py", "\nUNION\n", "names of records and of pairs are unique"),
    ("curate/sql.py", "FROM judged LEFT JOIN split_group", "split_group holds every group of judged"),
    ("curate/sql.py", "FROM record LEFT JOIN verdict", "without a verdict `NOT kept` is null"),
    ("curate/sql.py", "FROM candidate LEFT JOIN verdict", "without a verdict `kept` is null"),
    (
        "curate/sql.py",
        "FROM record LEFT JOIN judged USING (record_id) JOIN split_group",
        "and then there is no group to join",
    ),
    ("curate/sql.py", "JOIN judged USING (record_id) LEFT JOIN split_group", "split_group holds every group of judged"),
    ("curate/mixture.py", "\nsize = - ", "any number but that of the pool; of an empty pool nothing is excluded"),
    ("curate/mixture.py", "\nsize = ~", "any number but that of the pool; of an empty pool nothing is excluded"),
    ("curate/mixture.py", "\nsize = not ", "any number but that of the pool; of an empty pool nothing is excluded"),
    ("curate/mixture.py", "coalesce(sum({cost}), 1)", "an empty pool: every budget is at least 1"),
    ("curate/mixture.py", "is budget:", "within the budget all are chosen, which only takes longer"),
    ("curate/mixture.py", "size = total + 2", "any number above `total` begins the loop"),
    ("suppression/__init__.py", 'if tombstone.kind >= "url"', "the last kind of the alphabet"),
    ("suppression/documents.py", "len(forgotten) >= len(thread.posts)", "there are never more"),
    ("suppression/documents.py", "steps >= article.steps", "they are all or none of them"),
    ("suppression/documents.py", "DEADLINE, MEMORY = ", "what a machine has, and no rule"),
    ("models/prompt.py", "position = - 2 if", "any number below nought"),
    ("signals/privacy.py", "if len(found) > 0", "of one find nothing overlaps"),
    ("signals/privacy.py", "redact_record([text])[ -1]", "of one text the first is the last"),
    ("web/permission.py", "if file.status <= 200", "below 200 a file has no bytes"),
    ("web/permission.py", "if file.status >= 399", "no file is kept with that status"),
    ("storage/inputs.py", 'if stage >= "normalise"', "the last stage of the alphabet"),
    ("curate/policy.py", "JUDGING = ", "how much memory there is for it"),
    ("curate/policy.py", "if len(location) > 0", "an unknown key has a place: it is never none"),
    ("curate/policy.py", "model == Policy", "a class is only itself"),
    ("storage/filesystem.py", "uuid4().hex[: 5]", "a name that nothing else has"),
    ("storage/filesystem.py", "TAIL_BYTES = 1 << 15", "a line is shorter than either"),
    ("storage/filesystem.py", "os.O_CREAT, 421)", "nobody runs a log"),
    ("storage/filesystem.py", "source = path if not is_local", "of a file on a disk either is read"),
    ("storage/pages.py", "batch_size= 6", "how many pages are in memory, and not which"),
    ("storage/pages.py", '"collect", source), 2)', "how much memory there is for it"),
    ("storage/pages.py", "if len(self.batches) > 0", "of one batch nothing is replaced"),
    ("storage/pages.py", "if len(self.batches) >= 1", "of one batch nothing is replaced"),
    ("suppression/__init__.py", "if tombstone.kind >= kind", "the kind is part of what is hashed"),
)


def is_equivalent(module: str, after: str) -> bool:
    return any(module.endswith(where) and part in f"\n{after}\n" for where, part, _ in EQUIVALENT)
