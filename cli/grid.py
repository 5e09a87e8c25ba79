"""Tables without lines: names are never folded, and what is not a terminal gets one line per record."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# Narrower than this a folded text is a column of single words.
_LEAST_PROSE = 18


class Grid:
    """A table of markup texts.

    `prose` are the columns whose texts may be folded on a terminal, `wide` those that only `--output wide` shows.
    """

    def __init__(self, *columns: str, prose: Iterable[str] = (), wide: Iterable[str] = ()) -> None:
        self._columns = columns
        self._prose = frozenset(prose)
        self._wide = frozenset(wide)
        self._rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """Add a record: a text with markup for each column, of which a line end separates several values."""
        self._rows.append(tuple(map(_printable, cells)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        everything = getattr(console, "wide", False)
        shown = [number for number, name in enumerate(self._columns) if everything or name not in self._wide]
        if options.no_wrap:
            yield from self._lines(shown)
        else:
            table = self._table(shown)
            least = Measurement.get(console, options.update(width=10_000), table).minimum
            yield from console.render(table, options.update(width=max(options.max_width, least)))

    def _table(self, shown: list[int]) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in (self._columns[number] for number in shown):
            if name in self._prose:
                table.add_column(name, overflow="fold", min_width=_LEAST_PROSE)
            else:
                place = self._columns.index(name)
                lines = [line for row in self._rows for line in row[place].split("\n")]
                widest = max((cell_len(_text(line).plain) for line in lines), default=0)
                table.add_column(name, no_wrap=True, min_width=widest)
        for row in self._rows:
            table.add_row(*(_text(row[number]) for number in shown))
        return table

    def _lines(self, shown: list[int]) -> Iterator[Text]:
        """The head and a line per record, with columns of equal width; a cell is never folded or cut."""
        rows = [[_text(row[number].replace("\n", "; ")) for number in shown] for row in (self._columns, *self._rows)]
        widths = [max(cell_len(row[place].plain) for row in rows) for place in range(len(shown))]
        for row in rows:
            line = Text("  ").join(_padded(cell, width) for cell, width in zip(row, widths, strict=True))
            line.rstrip()
            yield line


def unfolded(markup: str) -> Text:
    """A line that is not folded: links and names in it can be copied from any terminal."""
    made = _text(_printable(markup.replace("\n", "; ")))
    made.no_wrap, made.overflow = True, "ignore"
    return made


def _text(markup: str) -> Text:
    """Without emoji: `:label:` in a title is no picture."""
    return Text.from_markup(markup, emoji=False)


def _padded(cell: Text, width: int) -> Text:
    cell.append(" " * (width - cell_len(cell.plain)))
    return cell


def _printable(cell: str) -> str:
    """Without tabs and control characters: titles and reasons are foreign texts, and a terminal obeys such."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in cell)
