"""Whether what a policy looks at is measured: by what a recipe asks for, and in what is stored."""

from collections.abc import Collection

from pipelines.curate.policy import Policy, PolicyError, mentions
from pipelines.recipe import Recipe
from schemas.signal import OF_MODELS, OPTIONAL


def unmeasured(policy: Policy, recipe: Recipe) -> dict[str, str]:
    """Rules that look at what is measured only when a recipe asks, which this one does not, and the key that would."""
    silent = {} if recipe.annotate.difficulty else dict.fromkeys(OPTIONAL.names, "annotate.difficulty")
    silent |= {} if recipe.embedding else {"pair_outlier": "annotate.embedding"}
    measured = {model.column for model in recipe.annotate.models}
    seen = {name for rule in policy.rules for name in mentions(rule.drop_if) if OF_MODELS.fullmatch(name)}
    silent |= dict.fromkeys(seen - measured, "annotate.models")
    wants = {rule.name: [silent[name] for name in mentions(rule.drop_if) if name in silent] for rule in policy.rules}
    return {name: keys[0] for name, keys in wants.items() if keys}


def require_columns(policy: Policy, measured: Collection[str], recipe: str) -> None:
    """Raises PolicyError where a policy looks at a column that is not in what is stored of `recipe`."""
    pieces = {f"rules.{rule.name}.drop_if": rule.drop_if for rule in policy.rules} | {"quality": policy.quality}
    seen = {key: mentions(sql) for key, sql in pieces.items()} | {"prefer": OF_MODELS.findall(policy.prefer)}
    for key, names in seen.items():
        missing = [name for name in names if name not in measured]
        told = {"key": key, "missing": ", ".join(missing), "recipe": recipe}
        if any(map(OF_MODELS.fullmatch, missing)):
            raise PolicyError(
                "{key}: {missing} is not measured; name its model under [[annotate.models]] in the recipe, and run "
                "`gristmill stage annotate {recipe}`, then dedupe, first",
                **told,
            )
        if missing:
            raise PolicyError(
                "{key}: {missing} is not in the stored data, which an earlier release measured; "
                "run `gristmill stage annotate {recipe}`, then dedupe, first",
                **told,
            )
