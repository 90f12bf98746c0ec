"""Texts that a page must show as they are: markup and Markdown in many spellings, each of which calls `pwn()` if it
is let through, and files and links that carry them.
"""

from __future__ import annotations

import json
import random
from urllib.parse import quote

TAGS = (
    "<img src=x onerror=pwn()>", "<svg onload=pwn()>", "<svg/onload=pwn()>", "<script>pwn()</script>",
    "<iframe onload=pwn()>", "<body onload=pwn()>", "<a href=javascript:pwn()>a</a>", "<input autofocus onfocus=pwn()>",
    "<details open ontoggle=pwn()>", "<video src=x onerror=pwn()>", "<IMG SRC=x OnError=pwn()>",
    "<img src='x'onerror=pwn()>", '<img src="x" onerror="pwn()">', "<img src=x onerror=pwn()//", "<x9 id=x9>",
    "<style>*{color:red}</style>", "<base href=//x.y>", "<object data=x>",
)  # fmt: skip
AROUND = (
    "{}", "`{}`", "``` {}", "**{}**", "_{}_", "\"{}\"", "'{}'", "\n\n{}\n", "\\{}", "{}\x00", "\u202e{}", "<\u200b{}",
)  # fmt: skip
OTHERS = (
    "[a](javascript:pwn())", "[a](//x.y 'b')", "![a](x)", "<javascript:pwn()>", "https://x.y/z", "a@b.cd", "# a",
    "- [ ] a", "a | b\n--|--\nc | d", "[^1]\n\n[^1]: a", ": a\n: b", "$$\\href{javascript:pwn()}{a}$$", "\\(a\\)",
    ":material/home:", ":smile:", "&lt;img src=x onerror=pwn()&gt;", "&#60;svg onload=pwn()&#62;", "--\n---\n***",
    "\u2066a\u2069", "\ufeff\x1b[31m", "</span></div><svg onload=pwn()>", "--><svg onload=pwn()>",
    "]]><svg onload=pwn()>", "<" * 60, "_" * 60, "&" * 60,
)  # fmt: skip
SPELLINGS = tuple(dict.fromkeys([around.format(tag) for tag in TAGS for around in AROUND] + list(OTHERS)))

# Counts the elements in a page (or a node) that nobody but a hostile text would make; looks into components, too.
FOREIGN = """
(root) => {
  const found = []
  const look = (node) => {
    for (const element of node.querySelectorAll("*")) {
      const name = element.localName
      const own = [...element.attributes].filter((a) => a.name.startsWith("on")).map((a) => `${name}[${a.name}]`)
      const inside = element.getRootNode() !== document || element.closest(".MuiAlert-message") !== null
      found.push(...own)
      if (["iframe", "object", "embed", "x9", "base", "video", "details"].includes(name) && !element.className) {
        found.push(name)
      }
      if (["script", "img"].includes(name) && inside && !element.src.startsWith(location.origin)) { found.push(name) }
      if (name === "a" && /^(javascript|https?:..x[.]y|mailto)/.test(element.href)) { found.push(`a ${element.href}`) }
      if (element.shadowRoot) { look(element.shadowRoot) }
    }
  }
  look(root ?? document)
  const words = []
  const alerts = (node) => {
    for (const element of node.querySelectorAll("*")) {
      if (element.matches(".MuiAlert-message > span")) { words.push(...element.querySelectorAll(":not(br)")) }
      if (element.shadowRoot) { alerts(element.shadowRoot) }
    }
  }
  alerts(document)
  const ran = window.pwned ? [`${window.pwned} scripts ran`] : []
  return [...found, ...words.map((element) => `in an alert: ${element.localName}`), ...ran]
}
"""
WATCH = "window.pwned = 0; window.pwn = () => { window.pwned += 1 }; null"


def links(text: str) -> list[str]:
    """Queries that carry a text in each place that a link has."""
    word = quote(text)
    return [f"own={word}", f"rows={word}", f"{word}=1", f"kind={word}", f"cells={word}", f"v={word}", f"tab={word}"]


def files(text: str, number: int = 0) -> list[tuple[str, bytes]]:
    """Files that carry a text in each place that a measurement or a device has: (name, content)."""
    word = text.replace("\0", "")
    cell = '"' + word.replace('"', '""') + '"'
    name = "".join(letter for letter in word if letter not in "/\0\n")[:80]
    head, row = "device,cycle,r_hrs [ohm],r_lrs [ohm]", "1,1,2e5,9e3"
    return [
        (f"{name}.csv", f"{head}\n{row}\n".encode()),
        (f"cell{number}.csv", f"{head}\n{row}\n1,2,{cell},9e3\n".encode()),
        (f"short{number}.csv", f"{head}\n{row}\n{cell}\n".encode()),
        (f"device{number}.csv", f"{head}\n{cell},1,2e5,9e3\n{cell},2,2.1e5,9e3\n".encode()),
        (f"column{number}.csv", f"{cell},b,c\n1,2,3\n1,3,4\n".encode()),
        (f"key{number}.json", f"{{{json.dumps(word)}: 1, {json.dumps(word)}: 2}}".encode()),
        (f"unknown{number}.json", json.dumps({"name": word, word: 1}).encode()),
    ]


def random_link(chance: random.Random, keys: list[str]) -> str:
    """A query of up to six parts: known and unknown keys; numbers, texts and bytes of many kinds."""
    return "&".join(f"{_key(chance, keys)}={_value(chance)}" for _ in range(chance.randint(0, 6)))


def _key(chance: random.Random, keys: list[str]) -> str:
    return chance.choice(keys) if chance.random() < 0.8 else quote(chance.choice(SPELLINGS))


def _value(chance: random.Random) -> str:
    kind = chance.randrange(10)
    if kind == 0:
        return "9" * chance.choice((1, 15, 16, 308, 309, 4300, 4301, 9000))
    if kind == 1:
        return chance.choice(
            ("nan", "inf", "-inf", "1e999", "-1e-999", "1_0", "0x1f", "٣", "²", "½", "+1", "-0", " 1", "1.")
        )
    if kind == 2:
        return f"{chance.uniform(-2, 2):.3g}"
    if kind == 3:
        return str(chance.randint(-2, 2000))
    if kind == 4:
        return ",".join(f"{chance.randint(-1, 1100)}.{chance.randint(0, 99)}" for _ in range(chance.randint(0, 6)))
    if kind == 5:
        return "".join(f"%{chance.randrange(256):02x}" for _ in range(chance.randint(0, 12)))
    if kind == 6:
        return chance.choice(
            "cycling iv_sweep staircase identical random read_only table normal uniform crossbar fit".split()
        )
    if kind == 7:
        return chance.choice(("0", "1", "true", "", "%", "%%", "%zz", "[[", "{}", "null"))
    if kind == 8:
        return quote(", ".join(chance.choice(("1.5", "-1.5", "nan", "1e400", "x", "0.2", "")) for _ in range(4)))
    return quote(chance.choice(SPELLINGS))


def random_file(chance: random.Random, samples: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """A file: one of the samples, damaged; or bytes or letters without sense."""
    name, content = chance.choice(samples)
    data = bytearray(content)
    for _ in range(chance.choice((0, 1, 1, 2, 5, 20))):
        at, kind = chance.randrange(len(data) + 1), chance.randrange(5)
        if kind == 0:
            data[at : at + chance.randint(1, 40)] = b""
        elif kind == 1:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 9)))
        elif kind == 2:
            data[at:at] = chance.choice(SPELLINGS).encode()
        elif kind == 3:
            data[at:at] = chance.choice(
                (b"nan", b"1e999", b"9" * 5000, b"\n", b";", b'"', b"\t", b"[" * 3000, b"\\ud800")
            )
        else:
            data[at : at + 8] = data[(other := chance.randrange(len(data) + 1)) : other + chance.randint(0, 60)]
    if chance.random() < 0.1:
        data = bytearray(chance.randbytes(chance.randint(0, 300)))
    if chance.random() < 0.2:
        name = chance.choice(("a.csv", "a.json", "a.nc", "a.txt.gz", "a", "../../a.csv", "a\n.csv", ".json"))
    return name, bytes(data)
