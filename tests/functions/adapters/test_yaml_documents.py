"""YAML documents: values, places, and refused constructs."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.yaml_documents import YamlError, read_yaml


def test_values_and_places_are_read() -> None:
    """Each key and each item has its line and column; a scalar is kept as it is written."""
    document = read_yaml(b"a: 1\nb:\n  - x\n  - c: 0x1F\n", "f.yml")
    assert document.value == {"a": 1, "b": ["x", {"c": 31}]}
    assert document.at(("b", 1, "c")) == "f.yml:4:5"
    assert document.at(("b", 0)) == "f.yml:3:5"
    assert document.at(("b", 7, "x")) == "f.yml:2:1"
    assert (document.written(("b", 1, "c")), document.written(("b",))) == ("0x1F", "")
    assert read_yaml(b"# nothing\n", "f.yml").value is None


def test_keys_and_dates_are_the_texts_that_are_written() -> None:
    """The keys `on` and `7` and dates stay texts, which YAML 1.1 would convert."""
    document = read_yaml(b"on: yes\n7: 2026-12-31\n=: =\nnull: ~\n", "f.yml")
    assert document.value == {"on": True, "7": "2026-12-31", "=": "=", "null": None}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a: 1\nb: 2\na: 3\n", "f.yml:3:1: a stands twice, first in line 1"),
        (b"x:\n  a: 1\n  'a': 2\n", "f.yml:3:3: x.a stands twice, first in line 2"),
        (b"a: &x 1\n", "f.yml:1:4: aliases and anchors are refused"),
        (b"a: *x\n", "f.yml:1:4: aliases and anchors are refused"),
        (b"<<: {a: 1}\n", "f.yml:1:1: merges (<<) are refused"),
        (b"a: !!python/object/apply:os.system [x]\n", "f.yml:1:4: tags are refused"),
        (b"a: !x {}\n", "f.yml:1:4: tags are refused: remove !x"),
        (b"a: !!int x\n", "f.yml:1:4: 'x' is not a valid int"),
        (b"a: !!bool x\n", "f.yml:1:4: 'x' is not a valid bool"),
        (b"? {a: 1}\n: x\n", "f.yml:1:3: a key must be a text"),
        (b"a: 1\n---\nb: 2\n", "f.yml:2:1: a second document begins here"),
        (b'a: 1\nname: "shop\nbuild:\n  x: 1\n', "f.yml:2:7: not YAML: a text in quotes is not closed: close it"),
        (b"a: {b: 1\nc: 2\n", "f.yml:1:4: not YAML: a list or mapping in brackets is not closed"),
        (b"a:\n\tb: 1\n", "f.yml:2:1: not YAML: a tab stands here: indent with spaces"),
        (b"a: @b\n", "f.yml:1:4: not YAML: no text may begin with this sign: quote it"),
        (b"a: b: c\n", "f.yml:1:5: not YAML: a second colon in one line"),
        (b"a:\n  b: 1\n c: 2\n", "f.yml:3:2: not YAML: this does not belong to the lines above"),
        (b"a: 1\nb: \x00\n", "f.yml:2:4: the character U+0000 is not allowed: remove it"),
        (b"a: 1\nb: \xff\n", "f.yml:2:4: not UTF-8: save it as UTF-8"),
        (b"[" * 60, "f.yml:1:51: nested more than 50 deep"),
        (b"a" * (256 * 1024 + 1), "f.yml: 262145 bytes, 262144 allowed"),
    ],
)
def test_what_nobody_means_is_refused(raw: bytes, said: str) -> None:
    """A refused construct has its place, the reason and the next step."""
    with pytest.raises(YamlError) as raised:
        read_yaml(raw, "f.yml")
    assert said in str(raised.value)


@pytest.mark.parametrize("sign", ["*a{n}, *a{n}", "<<: *a{n}"])
def test_a_bomb_of_aliases_costs_no_memory(sign: str) -> None:
    """Nested aliases are refused at the first anchor."""
    bomb = "\n".join(f"k{n}: &a{n + 1} [{sign.format(n=n)}]" for n in range(60))
    tracemalloc.start()
    try:
        with pytest.raises(YamlError):
            read_yaml(bomb.encode(), "f.yml")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


@given(st.binary(max_size=60) | st.text("[]{}&*!?:-|>%@,#'\" \n\t0123ab", max_size=60).map(str.encode))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    """Any bytes are a document, or a YamlError that begins with the file's name."""
    try:
        said = read_yaml(raw, "f.yml").at(())
    except YamlError as error:
        said = str(error)
    assert said.startswith("f.yml:")
