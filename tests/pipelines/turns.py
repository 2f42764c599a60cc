"""Earlier messages of a conversation, as records hold them."""


def said(*texts: str) -> list[dict[str, str]]:
    """Messages by the user and the assistant in turn."""
    return [message(("user", "assistant")[number % 2], text) for number, text in enumerate(texts)]


def message(role: str, content: str, reasoning: str = "", tool_calls: str = "") -> dict[str, str]:
    return {"role": role, "content": content, "reasoning": reasoning, "tool_calls": tool_calls}
