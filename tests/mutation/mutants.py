"""Mutants of a C file, all in one text: each is guarded by MUTANT(number), and one number is on at a time.

What is changed, inside of functions only: a condition of `if` turned over, or made false; the result of TRY()
and of a returned call dropped, or the call itself; comparisons moved by one or turned over, those of loops so
that the last item is left out; && and || swapped; numbers and limits one more; true and false swapped; the
condition of ?: turned over.

Left alone, since no case can tell: the texts of errors; what happens when memory or the cryptographic library
fails (the unit tests fail each allocation in turn); sizes of buffers on the stack.

Relies on the one format of the sources: braces of a function stand alone in the first column.
"""

import re

TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""",
    re.X | re.S,
)
NAME = re.compile(r"^(?P<type>[A-Za-z_][\w \*]*?)\b(?P<name>\w+)\(")
SWAPPED = {"<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"], "==": ["!="], "!=": ["=="],
           "&&": ["||"], "||": ["&&"]}
# Binary operators that end an operand, by how tightly they bind: those at least as loose.
LOOSE = ["=", "+=", "-=", "|=", "&=", "^=", "*=", "/=", "<<=", ">>=", ",", ";", "?", ":", "return", "{", "}"]
RANK = {"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, "<=": 7, ">": 7, ">=": 7}
# Calls whose arguments are for people, and those that report a failure of memory or of the library.
TEXT = ("sig_fault_set", "err_set", "err_wrap", "snprintf", "text_printf", "PRINTF")
FAILURE = re.compile(r"return (sig_fault_room|crypto_failed)\(|return [^;]*(VERIFY_CRYPTO_FAILED|VERIFY_NO_ROOM)")
ARRAY = re.compile(r"\t+(?:static |const |unsigned |struct )*\w+ \w+\[")
OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, {")": "(", "]": "[", "}": "{"}


class Token:
    def __init__(self, kind, text, at):
        self.kind, self.text, self.at = kind, text, at
        self.mate = None

    @property
    def end(self):
        return self.at + len(self.text)


def tokens(source, start, end):
    found = []
    stack = []
    for m in TOKEN.finditer(source, start, end):
        if m.lastgroup == "space":
            continue
        t = Token(m.lastgroup, m.group(), m.start())
        if t.text in OPEN:
            stack.append(len(found))
        elif t.text in CLOSE and stack:
            t.mate = stack.pop()
            found[t.mate].mate = len(found)
        found.append(t)
    return found


def functions(source):
    """(name, return type, start, end) of each body."""
    name, kind = "?", ""
    at = 0
    start = None
    for line in source.splitlines(keepends=True):
        m = NAME.match(line)
        if m and start is None:
            name, kind = m.group("name"), m.group("type")
        if line.startswith("{"):
            start = at
        elif line.startswith("}") and start is not None:
            yield name, kind, start, at
            start = None
        at += len(line)


class Mutant:
    """`what` is how a person reads it: the old text and the new one."""

    def __init__(self, file, function, old, new, line):
        self.file, self.function, self.old, self.new, self.line = file, function, old, new, line
        self.ordinal = 0

    @property
    def key(self):
        number = f" #{self.ordinal + 1}" if self.ordinal else ""
        return f"{self.file}: {self.function}: {self.old} -> {self.new}".rstrip() + number


class Site:
    """A stretch of text, and what may stand in its place: (mutant, C text)."""

    def __init__(self, start, end, truth=False):
        self.start, self.end, self.truth = start, end, truth
        self.choices = []


def flat(text):
    return re.sub(r"\s+", " ", text).strip()


class File:
    def __init__(self, name, source):
        self.name, self.source = name, source
        self.sites = {}
        self.mutants = []
        for function, kind, start, end in functions(source):
            self.function = function
            self.list = tokens(source, start, end)
            self.quiet = self.texts()
            self.scan(kind)
        seen = {}
        for m in self.mutants:
            m.ordinal = seen.get(m.key, 0)
            seen[m.key.split(" #")[0]] = m.ordinal + 1

    def texts(self):
        """Numbers of the tokens inside of TEXT calls."""
        found = set()
        for i, t in enumerate(self.list[:-1]):
            if t.text in TEXT and self.list[i + 1].text == "(":
                found |= set(range(i + 2, self.list[i + 1].mate))
        return found

    def line_of(self, i):
        at = self.list[i].at
        return self.source[self.source.rfind("\n", 0, at) + 1 : self.source.find("\n", at)]

    def text(self, first, last):
        """From token `first` to before token `last`."""
        return self.source[self.list[first].at : self.list[last - 1].end]

    def add(self, first, last, old, new, code, truth=False):
        start, end = self.list[first].at, self.list[last - 1].end
        site = self.sites.setdefault((start, end), Site(start, end))
        site.truth |= truth
        line = self.source.count("\n", 0, start) + 1
        m = Mutant(self.name, self.function, flat(old), flat(new), line)
        self.mutants.append(m)
        site.choices.append((m, code))

    def ends(self, token, rank):
        return (token.text in LOOSE or token.text in RANK and RANK[token.text] <= rank
                or token.text in ("if", "while", "else", "do"))

    def is_binary(self, i):
        before = self.list[i - 1] if i else None
        return bool(before) and (before.kind in ("name", "number", "text") and before.text != "return"
                                 or before.text in (")", "]"))

    def left(self, i, rank):
        j = i - 1
        while j >= 0:
            t = self.list[j]
            if t.text in CLOSE and t.text != "}":
                j = t.mate - 1
                continue
            if t.text in OPEN:
                break
            if self.ends(t, rank - 1) and (t.text != "&" or self.is_binary(j)):
                break
            j -= 1
        return j + 1

    def right(self, i, rank):
        j = i + 1
        while j < len(self.list):
            t = self.list[j]
            if t.text in ("(", "["):
                j = t.mate + 1
                continue
            if t.text in CLOSE or t.text in OPEN:
                break
            if self.ends(t, rank) and (t.text != "&" or self.is_binary(j)):
                break
            j += 1
        return j

    def scan(self, kind):
        for i, t in enumerate(self.list):
            if i in self.quiet:
                continue
            if t.text == "if" and self.list[i + 1].text == "(":
                self.condition(i + 2, self.list[i + 1].mate)
            elif t.text == "TRY":
                self.tried(i + 2, self.list[i + 1].mate)
            elif t.text == "return":
                self.returned(i + 1, kind)
            elif t.text in SWAPPED and self.is_binary(i):
                self.operator(i)
            elif t.text == "?":
                first = self.left(i, 0)
                cond = self.text(first, i)
                self.add(first, i, cond + " ?", f"!({cond}) ?", f"!({cond})", True)
            elif t.kind == "number" or t.text.startswith("LIMIT_"):
                self.constant(i)
            elif t.text in ("true", "false"):
                other = "false" if t.text == "true" else "true"
                self.add(i, i + 1, self.around(i, t.text), self.around(i, other), other)

    def around(self, i, text):
        """With its neighbours, so that people see which one it is."""
        first, last = max(0, i - 2), min(len(self.list), i + 2)
        before = "" if first == i else self.text(first, i)
        after = self.text(i + 1, last) if last > i + 1 else ""
        return f"{before} {text} {after}"

    def condition(self, first, last):
        cond = self.text(first, last)
        if FAILURE.match(self.source[self.list[last].end :].lstrip()):
            return
        self.add(first, last, f"if ({cond})", f"if (!({cond}))", f"!({cond})", True)
        self.add(first, last, f"if ({cond})", "if (false)", "0", True)

    def tried(self, first, last):
        call = self.text(first, last)
        self.add(first, last, f"TRY({call})", f"(void){call}", f"((void)({call}), 0)")
        self.add(first, last, f"TRY({call})", "", "0")

    def returned(self, first, kind):
        last = self.right(first - 1, 0)
        if last - first < 3 or self.list[first].kind != "name" or self.list[last - 1].text != ")":
            return
        if self.list[first + 1].mate != last - 1:
            return
        call = self.text(first, last)
        if FAILURE.match("return " + call):
            return
        if "bool" in kind:
            self.add(first, last, f"return {call}", f"return !{call}", f"!({call})")
        elif kind.split()[-1:] == ["int"]:
            self.add(first, last, f"return {call}", f"{call}; return 0", f"((void)({call}), 0)")

    def operator(self, i):
        op = self.list[i].text
        first, last = self.left(i, RANK[op]), self.right(i, RANK[op])
        if first >= i or last <= i + 1:
            return
        a, b = self.text(first, i), self.text(i + 1, last)
        if op == "<" and self.line_of(i).lstrip().startswith(("for (", "while (")):
            self.add(first, last, f"{a} < {b}", f"{a} + 1 < {b}", f"{a} + 1 < {b}", True)
            return
        for new in SWAPPED[op]:
            code = f"({a}) {new} ({b})" if op in ("&&", "||") else f"{a} {new} {b}"
            self.add(first, last, f"{a} {op} {b}", f"{a} {new} {b}", code, True)

    def constant(self, i):
        before = self.list[i - 1].text if i else ""
        t = self.list[i].text
        # Said better by another mutant, or a result whose number nobody reads.
        if before in ("case", ".", "->", "return") or before == "-" and self.list[i - 2].text == "return":
            return
        after = self.list[i + 1].text if i + 1 < len(self.list) else ""
        if t == "0" and before in ("==", "!=", ",", "<", ">="):
            return
        if before in ("?", ":") or after == ":" or self.list[max(0, i - 2)].text in ("?", ":"):
            return
        if ARRAY.match(self.line_of(i)) or before == "=" and not self.line_of(i).lstrip().startswith("for"):
            return
        self.add(i, i + 1, self.around(i, t), self.around(i, f"{t} + 1"), f"({t} + 1)")

    def render(self, number, dropped=frozenset()):
        """The mutated text. number: mutant -> its number; those in `dropped` do not compile."""
        sites = sorted(self.sites.values(), key=lambda s: (s.start, -s.end))
        out, _ = self.inside(0, len(self.source), sites, 0, number, dropped)
        return out

    def inside(self, start, end, sites, i, number, dropped):
        out, at = [], start
        while i < len(sites) and sites[i].end <= end:
            site = sites[i]
            if site.start < at:  # overlaps what is done: cannot be nested
                i += 1
                continue
            out.append(self.source[at : site.start])
            inner, i = self.inside(site.start, site.end, sites, i + 1, number, dropped)
            out.append(self.wrap(site, inner, number, dropped))
            at = site.end
        out.append(self.source[at:end])
        return "".join(out), i

    @staticmethod
    def wrap(site, inner, number, dropped):
        chosen = [(number[m], code) for m, code in site.choices if m not in dropped]
        if not chosen:
            return inner
        # On the lines of the original, so that the compiler's messages fit it.
        heads = "".join(f"MUTANT({n}) ? ({flat(code)}) : " for n, code in chosen)
        return f"({heads}({inner}){' ? 1 : 0' if site.truth else ''})"
