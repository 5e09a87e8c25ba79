"""Metric math: arithmetic, comparisons, FILL and IF over time series (AWS: "Using math expressions")."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Series = dict[int, float]
Value = Series | float

OPERATORS: Mapping[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
}


class ExpressionError(ValueError):
    """The expression can't be read, or uses something that is not supported here."""


def compute(expression: str, series: Mapping[str, Series], periods: Sequence[int]) -> Series:
    """Return the expression's series over `periods`; where an operand is missing, so is the result."""
    # CloudWatch writes a power as ^
    text = expression.strip().replace("^", "**")
    try:
        parsed = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"metric math {expression!r} cannot be read: {error}") from error
    value = _Evaluation(series, periods).value(parsed.body)
    return value if isinstance(value, dict) else dict.fromkeys(periods, value)


class _Evaluation:
    def __init__(self, series: Mapping[str, Series], periods: Sequence[int]) -> None:
        self._series = series
        self._periods = periods

    def value(self, node: ast.AST) -> Value:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.Name) and node.id in self._series:
            return self._series[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self._each(operator.sub, 0.0, self.value(node.operand))
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return self._each(OPERATORS[type(node.op)], self.value(node.left), self.value(node.right))
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
            left, right = self.value(node.left), self.value(node.comparators[0])
            return self._each(OPERATORS[type(node.ops[0])], left, right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, [self.value(argument) for argument in node.args])
        raise ExpressionError(f"metric math {ast.unparse(node)!r} is not supported here; use + - * / ^, FILL and IF")

    def _call(self, name: str, arguments: list[Value]) -> Value:
        if name == "FILL" and len(arguments) == 2:
            series, filling = arguments
            return {p: self._at(series, p, self._at(filling, p)) for p in self._periods}
        if name == "IF" and len(arguments) == 3:
            condition, yes, no = arguments
            chosen = {
                p: yes if self._at(condition, p) else no for p in self._periods if self._at(condition, p) is not None
            }
            return self._present({p: self._at(value, p) for p, value in chosen.items()})
        raise ExpressionError(f"metric math function {name} is not supported here; use FILL(m, value) or IF(c, a, b)")

    def _each(self, function: Callable[[float, float], float], left: Value, right: Value) -> Value:
        if isinstance(left, float) and isinstance(right, float):
            return function(left, right)
        result: dict[int, Any] = {}
        for period in self._periods:
            a, b = self._at(left, period), self._at(right, period)
            try:
                result[period] = None if a is None or b is None else function(a, b)
            except ArithmeticError:
                # a division by zero has no datapoint
                result[period] = None
        return self._present(result)

    def _at(self, value: Value, period: int, otherwise: Any = None) -> Any:
        return value.get(period, otherwise) if isinstance(value, dict) else value

    def _present(self, series: Mapping[int, Any]) -> Series:
        return {period: value for period, value in series.items() if value is not None}
