"""Exchanges → records: ready-made instruction data, kept as it is."""

from pipelines.normalise.clean import tidy
from pipelines.normalise.records import Extraction, Origin
from schemas.document import Exchange, Message
from schemas.record import Pair, Record

# How other data sets write "no input"; from the README of the cleaned Alpaca.
NO_INPUT = frozenset({"", "n/a", "na", "none", "no input", "noinput", "<noinput>", "no input.", "nan", "无", "无输入"})


def extract(exchange: Exchange, origin: Origin) -> Extraction:
    """One record, and a pair when the set has a rejected answer."""
    extraction = Extraction()
    instruction, output = tidy(exchange.instruction), tidy(exchange.output)
    output = output or exchange.tool_calls
    input_text = tidy(exchange.input)
    if input_text.lower() in NO_INPUT:
        input_text = ""
    if not instruction and input_text:
        instruction, input_text = input_text, ""
    if not instruction or not output:
        extraction.rejects.append((exchange.key, "empty_instruction" if not instruction else "empty_output"))
        return extraction
    extraction.records.append(_record(exchange, origin, instruction, input_text, output))
    rejected = tidy(exchange.rejected)
    if exchange.tool_calls and rejected:
        extraction.rejects.append((exchange.key, "pair_of_tool_calls"))
    elif rejected and rejected != output:
        extraction.pairs.append(_pair(extraction.records[0], rejected, tidy(exchange.rejected_reasoning)))
    return extraction


def _record(exchange: Exchange, origin: Origin, instruction: str, input_text: str, output: str) -> Record:
    part = exchange.key if exchange.key != origin.key else "exchange"
    return Record(
        record_id=f"{origin.page_id}#{part}",
        page_id=origin.page_id,
        source=origin.source,
        source_kind=origin.source_kind,
        kind="exchange",
        url=exchange.url or origin.url,
        title=exchange.title,
        licence=exchange.licence or origin.licence,
        author=exchange.author,
        created_at=exchange.created_at,
        edited_at=None,
        instruction_edited_at=None,
        tags=exchange.tags,
        score=exchange.score,
        accepted=None,
        instruction=instruction,
        input=input_text,
        output=output,
        history=tuple(_message(message) for message in exchange.history),
        system=tidy(exchange.system),
        tools=exchange.tools,
        reasoning=tidy(exchange.reasoning),
        tool_calls=exchange.tool_calls,
    )


def _message(message: Message) -> dict[str, str]:
    """Calls are JSON, which is kept as it is."""
    content, reasoning = tidy(message.content), tidy(message.reasoning)
    return {"role": message.role, "content": content, "reasoning": reasoning, "tool_calls": message.tool_calls}


def _pair(record: Record, rejected: str, rejected_reasoning: str) -> Pair:
    """The chosen answer scores 1 and the rejected one 0: the set has no votes."""
    return Pair(
        pair_id=f"{record.record_id}~rejected",
        page_id=record.page_id,
        source=record.source,
        source_kind=record.source_kind,
        url=record.url,
        title=record.title,
        licence=record.licence,
        author=record.author,
        created_at=record.created_at,
        instruction=record.instruction,
        input=record.input,
        chosen=record.output,
        rejected=rejected,
        chosen_score=1,
        rejected_score=0,
        history=record.history,
        system=record.system,
        tools=record.tools,
        reasoning=record.reasoning,
        rejected_reasoning=rejected_reasoning,
    )
