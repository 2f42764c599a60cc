"""Reading YAML that somebody else wrote."""

from typing import Any

import yaml

# What PyYAML raises besides its own for values that are not of the type that their tag names, such as `!!bool maybe`
_FAULTS = (yaml.YAMLError, ValueError, RecursionError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


class Plain(yaml.SafeLoader):  # type: ignore[misc]
    """Values only. Aliases are how a few bytes of YAML become gigabytes: they are errors."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("alias")
        return super().compose_node(parent, index)


def load(text: str, loader: type[Plain] = Plain) -> Any:
    """The value of `text`, half characters (lone surrogates) left out; None for what is no YAML. Never raises."""
    try:
        return _whole(yaml.load(text, Loader=loader))
    except _FAULTS:
        return None


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {_whole(key): _whole(item) for key, item in value.items()} if isinstance(value, dict) else value
