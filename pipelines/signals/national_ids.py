"""National ids: numbers that a state gives to a person, found by a form of their own or by their name.

Checksums are python-stdnum's. The name must stand before a number that has no checksum or is only digits.
"""

from collections.abc import Callable

import re2
import stdnum.br.cpf
import stdnum.ca.sin
import stdnum.ch.ssn
import stdnum.cn.ric
import stdnum.de.idnr
import stdnum.es.dni
import stdnum.es.nie
import stdnum.fi.hetu
import stdnum.fr.nir
import stdnum.gb.nhs
import stdnum.in_.aadhaar
import stdnum.in_.pan
import stdnum.it.codicefiscale
import stdnum.kr.rrn
import stdnum.mx.curp
import stdnum.nl.bsn
import stdnum.pl.pesel
import stdnum.se.personnummer
import stdnum.us.itin
import stdnum.us.ssn
import stdnum.za.idnr

Check = Callable[[str], bool]

NEAR = 40  # characters before a number in which its name counts

_FORMS: tuple[tuple[str, Check], ...] = (
    (r"\d{3}-\d{2}-\d{4}", lambda value: stdnum.us.ssn.is_valid(value) or stdnum.us.itin.is_valid(value)),
    (r"[1-9]\d{5}(?:19|20)\d{9}[\dXx]", stdnum.cn.ric.is_valid),
    (r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", stdnum.it.codicefiscale.is_valid),
    (r"\d{3}\.\d{3}\.\d{3}-\d{2}", stdnum.br.cpf.is_valid),
    (r"[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2}", stdnum.fr.nir.is_valid),
    (r"\d{6}-[1-8]\d{6}", stdnum.kr.rrn.is_valid),
    (r"\d{6}[-+A]\d{3}[0-9A-FHJ-NPR-Y]", stdnum.fi.hetu.is_valid),
    (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", stdnum.mx.curp.is_valid),
    (r"756\.\d{4}\.\d{4}\.\d{2}", stdnum.ch.ssn.is_valid),
    (r"[A-Z]{1,2}\d{6}\([0-9A]\)", lambda value: _hong_kong(value)),
)
# the name, the form and the check
_NAMED: tuple[tuple[str, str, Check], ...] = (
    (r"\bssn\b|social security|社会安全", r"\d{9}", stdnum.us.ssn.is_valid),
    (r"national insurance|\bnino?\b", r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", lambda value: value[0] not in "DFIQUV"),
    (r"\bnhs\b", r"\d{3} ?\d{3} ?\d{4}", stdnum.gb.nhs.is_valid),
    (r"\bsin\b|social insurance", r"\d{3}[ -]?\d{3}[ -]?\d{3}", stdnum.ca.sin.is_valid),
    (r"aadhaa?r|\buidai\b", r"\d{4}[ -]?\d{4}[ -]?\d{4}", stdnum.in_.aadhaar.is_valid),
    (r"\bpan\b|permanent account", r"[A-Z]{5}\d{4}[A-Z]", stdnum.in_.pan.is_valid),
    (r"steuer-?id|identifikationsnummer|\bidnr\b|tax id", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", stdnum.de.idnr.is_valid),
    (r"\bdni\b|\bnif\b", r"\d{8}-?[A-Z]", stdnum.es.dni.is_valid),
    (r"\bnie\b", r"[XYZ]-?\d{7}-?[A-Z]", stdnum.es.nie.is_valid),
    (r"\bbsn\b|burgerservicenummer", r"\d{9}", stdnum.nl.bsn.is_valid),
    (r"pesel", r"\d{11}", stdnum.pl.pesel.is_valid),
    (r"personnummer|personal identity", r"(?:\d{2})?\d{6}[-+]?\d{4}", stdnum.se.personnummer.is_valid),
    (r"\bcpf\b", r"\d{11}", stdnum.br.cpf.is_valid),
    (r"\bid (?:number|no)|identity number", r"\d{13}", stdnum.za.idnr.is_valid),
    (r"身[份分][证證]|\bid (?:number|no|card)", r"[A-Z][1289]\d{8}", lambda value: _taiwan(value)),
    (r"护照|護照|passport", r"[A-Z]{1,2}\d{7,8}", lambda value: True),
)
_MARKS = ".-"  # a number that continues after one of these is part of a longer one
_EXAMPLES = frozenset(("123-45-6789", "078-05-1120", "219-09-9999", "999-99-9999", "123456789"))
_CHECKS = [(re2.compile(form), check) for form, check in _FORMS]
_CUES = [(re2.compile(f"(?i)(?:{cue})"), re2.compile(form), check) for cue, form, check in _NAMED]
FORM = "|".join(form for form, _ in _FORMS)
NAME = rf"(?i)(?:{'|'.join(cue for cue, _, _ in _NAMED)})"
NAMED = rf"{NAME}[^\n]{{0,{NEAR - 1}}}?\b((?-i:{'|'.join(form for _, form, _ in _NAMED)}))\b"


def by_form(text: str, start: int, end: int) -> int:
    """Validate a number by its form and checksum: return `end`, or 0."""
    value = text[start:end]
    if value in _EXAMPLES or _is_part_of_longer(text, start, end):
        return 0
    return end if any(form.fullmatch(value) and check(value) for form, check in _CHECKS) else 0


def by_name(text: str, start: int, end: int) -> int:
    """Validate a number by the name in the NEAR characters before it and its checksum: return `end`, or 0."""
    value, before = text[start:end], text[max(0, start - NEAR) : start]
    if value in _EXAMPLES or _is_part_of_longer(text, start, end):
        return 0
    return (
        end if any(cue.search(before) and form.fullmatch(value) and check(value) for cue, form, check in _CUES) else 0
    )


def _is_part_of_longer(text: str, start: int, end: int) -> bool:
    """Is the number part of a longer one, or of a word?"""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    joined = [before[-1:], after[:1]]
    joined += [before[:1]] if before[-1:] in _MARKS else []
    joined += [after[1:]] if after[:1] in _MARKS else []
    return any(char.isascii() and (char.isalnum() or char == "_") for char in joined)


def _hong_kong(value: str) -> bool:
    """Check a Hong Kong id: letters count from A = 10, an absent first letter is 36, weights are 9 to 1.

    Source: Registration of Persons Regulations.
    """
    digits = [int(char, 36) for char in value if char.isalnum()]
    digits = [36, *digits] if len(digits) == 8 else digits
    return sum(weight * digit for weight, digit in zip(range(9, 0, -1), digits, strict=True)) % 11 == 0


def _taiwan(value: str) -> bool:
    """Check a Taiwan id: the letter stands for two digits, 10 to 35; weights are 1, 9, 8 … 1, 1."""
    place = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(value[0])
    digits = [place // 10, place % 10, *map(int, value[1:])]
    result: bool = sum(weight * digit for weight, digit in zip((1, *range(9, 0, -1), 1), digits, strict=True)) % 10 == 0
    return result
