"""All measures, in the order of the table. A new one is a file and a line here."""

from benchmarks.measures import (
    approval_page,
    board,
    bytecode,
    cold_functions,
    locks,
    package,
    reports,
    transitions,
    webhook_accepted,
    webhook_refused,
)

MEASURES = (
    webhook_refused.MEASURE,
    webhook_accepted.COLD,
    webhook_accepted.WARM,
    cold_functions.CLIENTS,
    cold_functions.FRAMEWORKS,
    approval_page.MEASURE,
    approval_page.LOOKED_UP,
    bytecode.MEASURE,
    locks.MEASURE,
    transitions.MEASURE,
    board.MEASURE,
    reports.JUNIT,
    reports.SARIF,
    reports.COBERTURA,
    package.MEASURE,
)
