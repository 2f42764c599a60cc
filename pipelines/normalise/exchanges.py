"""Ready-made instruction data, as it is."""

from pipelines.normalise.clean import tidy
from pipelines.normalise.records import Made, Origin
from schemas.document import Exchange
from schemas.record import Pair, Record

# How other sets spell "no input"; from the cleaned Alpaca's README.
NO_INPUT = frozenset({"", "n/a", "na", "none", "no input", "noinput", "<noinput>", "no input.", "nan", "无", "无输入"})


def records_from(exchange: Exchange, origin: Origin) -> Made:
    """One record, and a pair when the set says what not to answer."""
    made = Made()
    instruction, output = tidy(exchange.instruction), tidy(exchange.output)
    asked_with = tidy(exchange.input)
    if asked_with.lower() in NO_INPUT:
        asked_with = ""
    if not instruction and asked_with:
        instruction, asked_with = asked_with, ""
    if not instruction or not output:
        made.rejects.append((exchange.key, "empty_instruction" if not instruction else "empty_output"))
        return made
    made.records.append(_record(exchange, origin, instruction, asked_with, output))
    rejected = tidy(exchange.rejected)
    if rejected and rejected != output:
        made.pairs.append(_pair(made.records[0], rejected))
    return made


def _record(exchange: Exchange, origin: Origin, instruction: str, asked_with: str, output: str) -> Record:
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
        input=asked_with,
        output=output,
        history=tuple({"instruction": tidy(user), "output": tidy(said)} for user, said in exchange.history),
    )


def _pair(record: Record, rejected: str) -> Pair:
    """The set gives no votes: 1 for the chosen answer, 0 for the other."""
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
    )
