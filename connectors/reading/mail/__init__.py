"""What mail programs put around what somebody wrote, told from it by phrases.toml.

quoted.py        runs of quoted and own lines; which quotes stay as the context of an answer
attribution.py   "On … wrote:" above a quote
copied.py        a whole mail below its headers, without quote marks
endings.py       signatures, "sent from my …", confidentiality notes, footers of lists and trackers
reply.py         comments of a tracker that came by mail
phrases.py       phrases.toml, ready to match
"""

from connectors.reading.mail.copied import without_copies
from connectors.reading.mail.endings import without_added, without_devices, without_endings
from connectors.reading.mail.marks import whole_addresses
from connectors.reading.mail.quoted import answered, quote, runs
from connectors.reading.mail.reply import without_reply

__all__ = [
    "answered",
    "quote",
    "runs",
    "whole_addresses",
    "without_added",
    "without_copies",
    "without_devices",
    "without_endings",
    "without_reply",
]
