"""XML on its way to a parser, its tokens bounded: what is longer is cut, and a mark is put there.

libxml2 holds a tag or a text whole, and ends at the first that is longer than 10 MB, with all that follows it. Here a
tag, or the text between two tags, that goes on beyond LONGEST keeps its place and loses its content, so that the
elements after it are read. Comments and processing instructions are left out. What is not well-formed goes through as
it is: the parser says so.
"""

import re

LONGEST = 1 << 23  # bytes of a tag, or of the text between two tags; the parser's own limit is 10,000,000
MARK = "gristmill-cut"
"""The attribute of a tag that was cut, and the processing instruction after it, or after a text that was."""
QUESTION = "long"
"""What stands in an instruction that marks nothing yet, and asks whether the element about it is too long."""
_CUT = f"<?{MARK}?>".encode()
_SPECIAL = re.compile(rb"<[!?]")
_TAG = re.compile(rb"""<(?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+>""")
# A tag as far as there is of it: its name with the attributes that are whole, and a quote that is open at its end
_NAMED = re.compile(rb"""<[^\s"'<>/]++(?:\s++[^\s"'<>=/]++\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))*+""")
_BEGUN = re.compile(rb"""<(?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+(["']?)""")
_SIGN = re.compile(rb"""/?>|[<"']""")
_HEAD = 1 << 12  # bytes of a tag that is cut whose attributes are kept
_CDATA, _COMMENT, _INSTRUCTION = b"<![CDATA[", b"<!--", b"<?"
_ENDS = {_CDATA: b"]]>", _COMMENT: b"-->", _INSTRUCTION: b"?>"}
_DECLARATION = re.compile(rb"<![^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)


class Bounded:
    """Takes the bytes of a document in UTF-8 piece by piece, cut between characters, and gives what is to be parsed."""

    def __init__(self) -> None:
        self._data, self._at = b"", 0  # what was taken, and from where on it is not used
        self._ended = False
        self._inside = b""  # the sign that began the comment, CDATA section or instruction that is open
        self._quote: bytes | None = None  # of the tag that is being left out; b"" outside of its values
        self._text = 0  # bytes since the last tag
        self._out: list[bytes] = []

    def take(self, piece: bytes) -> bytes:
        """What can be given of all that was taken; an empty `piece` is the end, and gives what was held back."""
        self._data, self._at, self._ended = self._data[self._at :] + piece, 0, not piece
        while self._at < len(self._data) and self._step():
            pass
        found, self._out = b"".join(self._out), []
        return found

    def asks(self) -> bytes:
        """QUESTION to be given before what is taken next; empty where it may not stand."""
        return b"" if self._quote is not None or self._inside == _CDATA else f"<?{MARK} {QUESTION}?>".encode()

    def _step(self) -> bool:
        """Uses the next token, or several; False where its end is not there yet."""
        if self._quote is not None:
            return self._skip_tag()
        return self._go_on() if self._inside else self._plain()

    def _plain(self) -> bool:
        """Tags and text up to the next token of another kind, and its sign."""
        special = _SPECIAL.search(self._data, self._at)
        end = special.start() if special else len(self._data)
        last = self._data.rfind(b"<", self._at, end)
        if last < 0:
            self._add_text(end)
        elif not self._tags(last, end, is_whole=self._ended or special is not None):
            return False
        return self._begin() if special else True

    def _tags(self, last: int, end: int, *, is_whole: bool) -> bool:
        """Gives what is before `end`, whose last tag begins at `last`; False where that has to wait for its end."""
        tag = _TAG.match(self._data, last, end)
        self._text = self._text if not tag and not is_whole else 0
        self._give(tag.end() if tag else end if is_whole else last)
        if tag:
            self._add_text(end)
        elif not is_whole:
            return self._leave_out(end) if end - last > LONGEST else False
        return True

    def _leave_out(self, end: int) -> bool:
        """Begins to leave out the tag that goes on at `end`, but for its name and the first attributes."""
        named = _NAMED.match(self._data, self._at, self._at + _HEAD)
        begun = _BEGUN.match(self._data, self._at, end)
        self._out.append((named[0] if named else b"<") + f' {MARK}=""'.encode())
        self._quote = begun[1] if begun else b""
        self._at, self._text = end, 0
        return True

    def _skip_tag(self) -> bool:
        """Leaves out the tag to its end, which is given."""
        for found in _SIGN.finditer(self._data, self._at):
            sign = found[0]
            if sign == b"<" or (sign.endswith(b">") and not self._quote):
                self._out.append(sign.lstrip(b"<") + _CUT)
                self._quote, self._at = None, found.end() - (sign == b"<")
                return True
            if self._quote in (b"", sign):
                self._quote = b"" if self._quote else sign
        self._at = len(self._data) - (not self._ended and self._data.endswith(b"/"))
        return False

    def _begin(self) -> bool:
        """Enters a comment, a CDATA section or an instruction; gives a whole declaration."""
        sign = next((sign for sign in _ENDS if self._data.startswith(sign, self._at)), b"")
        if sign:
            self._inside, self._at = sign, self._at + len(sign)
            self._out.append(sign if sign == _CDATA and self._text <= LONGEST else b"")
            return True
        rest = len(self._data) - self._at
        declaration = None if rest < len(_CDATA) else _DECLARATION.match(self._data, self._at)
        if not declaration and not self._ended and rest <= LONGEST:
            return False
        self._give(declaration.end() if declaration else len(self._data))
        return True

    def _go_on(self) -> bool:
        """What is inside of the token that is open, and its end."""
        end = _ENDS[self._inside]
        found = self._data.find(end, self._at)
        stop = found if found >= 0 else len(self._data) - (0 if self._ended else len(end) - 1)
        if self._inside == _CDATA:
            is_given = self._text <= LONGEST
            self._add_text(max(stop, self._at))
            self._out.append(end if found >= 0 and is_given and self._text <= LONGEST else b"")
        elif self._ended and found < 0:
            self._out.append(self._inside)  # for the parser to say that it is cut
        self._at = max(stop, self._at)
        if found >= 0:
            self._at, self._inside = found + len(end), b""
        return found >= 0

    def _give(self, end: int) -> None:
        self._out.append(self._data[self._at : end])
        self._at = end

    def _add_text(self, end: int) -> None:
        """The text up to `end`, if there may be so much of it; the first that is too much leaves a mark."""
        before, self._text = self._text, self._text + end - self._at
        if self._text <= LONGEST:
            self._out.append(self._data[self._at : end])
        elif before <= LONGEST:
            self._out.append((b"]]>" if self._inside == _CDATA else b"") + _CUT)
        self._at = end
