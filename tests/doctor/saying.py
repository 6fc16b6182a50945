"""What a doctor says, for tests to compare."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.doctor.findings import Finding


def said(findings: Iterable[Finding], verdict: str | None = None) -> str:
    """Return every sentence, or those of one verdict, one a line with its advice."""
    return "\n".join(
        f"{finding.what} {finding.advice or ''}".strip()
        for finding in findings
        if verdict is None or finding.verdict == verdict
    )


def verdicts(findings: Iterable[Finding]) -> list[str]:
    return [finding.verdict for finding in findings]
