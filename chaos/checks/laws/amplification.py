"""Laws of what retries come to: for one question through all layers, and for all questions."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import ClassVar

from chaos.checks.laws.basis import AMPLIFICATION, BUDGETS, Basis
from chaos.checks.laws.law import TICK_S, Law, count, seconds
from chaos.checks.laws.trouble import promised_calls, requested, why_untried
from chaos.checks.record import RunRecord
from chaos.ports import RetryBudget
from chaos.trace.events import RequestEvent
from chaos.verdict import Verdict


class BoundedAmplification(Law):
    """One question costs an upstream no more requests than promised, through all layers.

    Layers multiply: an SDK that tries three times, in a library that tries three times, in a
    service that tries three times, makes 27 requests of one question. Every request counts that
    was made for it, by whomever, for whatever operation and object.
    """

    name: ClassVar[str] = "bounded-amplification"
    doc: ClassVar[str] = (
        "One question makes no more requests to an upstream than promised, across all layers."
    )
    rests_on: ClassVar[Basis] = AMPLIFICATION

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge the requests of each question, upstream by upstream."""
        promised = run.promises.requests_per_ask
        made: defaultdict[tuple[int, str], list[RequestEvent]] = defaultdict(list)
        for request in run.trace.of(RequestEvent):
            if request.ask is not None and request.upstream in promised:
                made[request.ask, request.upstream].append(request)
        for (ask, upstream), requests in made.items():
            most = promised[upstream]
            if len(requests) > most:
                return self.broken(
                    f"question #{ask} made {count(len(requests), 'request')} to {upstream}",
                    expected=f"at most {most}",
                    seen=str(len(requests)),
                    evidence=requests,
                )
        if not promised:
            return self.not_exercised("the target promises no limit on requests per question")
        if not made:
            outside = requested(run, promised)
            return self.not_exercised(
                f"no question made a request to {' or '.join(promised)}"
                + (", only work outside of questions did" if outside else "")
            )
        most = max(len(requests) for requests in made.values())
        return self.passed(
            f"none of {count(len(made), 'question')} made more than {count(most, 'request')}"
        )


class RetryBudgetKept(Law):
    """All questions together make no more retries than their budget allows, in any window.

    In an outage every question fails. Without a budget, retries then multiply the load by the
    number of attempts, for all users at once.
    """

    name: ClassVar[str] = "retry-budget-kept"
    doc: ClassVar[str] = "All questions together retry no more than their budget allows."
    rests_on: ClassVar[Basis] = BUDGETS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge each retry against the requests of the window that ends with it."""
        firsts: defaultdict[str, list[RequestEvent]] = defaultdict(list)
        retries: defaultdict[str, list[RequestEvent]] = defaultdict(list)
        budgets = {
            upstream: policy.budget
            for upstream, policy in run.promises.retries.items()
            if policy.budget is not None
        }
        for upstream, _, call in promised_calls(run):
            first, *again = (attempt.request for attempt in call.attempts)
            firsts[upstream].append(first)
            retries[upstream] += again
        totals: Counter[str] = Counter()
        for upstream, budget in budgets.items():
            for retry in sorted(retries[upstream], key=lambda request: request.seq):
                within = _within(retries[upstream], retry, budget)
                allowed = budget.at_least + budget.share * len(
                    _within(firsts[upstream], retry, budget)
                )
                if len(within) > allowed:
                    return self.broken(
                        f"{count(len(within), 'retry', 'retries')} to {upstream} in the "
                        f"{seconds(budget.window_s)} up to {seconds(retry.at_s)}",
                        expected=f"at most {allowed:g}",
                        seen=str(len(within)),
                        evidence=within,
                    )
                totals[upstream] += 1
        if not budgets:
            return self.not_exercised("the target promises no retry budget")
        if not totals:
            return self.not_exercised(why_untried(run, "no failed request was retried"))
        return self.passed(f"{count(totals.total(), 'retry', 'retries')} within the budget")


def _within(
    requests: list[RequestEvent], last: RequestEvent, budget: RetryBudget
) -> list[RequestEvent]:
    """Those of the window that ends with ``last``."""
    began_s = last.at_s - budget.window_s + TICK_S
    return [each for each in requests if each.seq <= last.seq and each.at_s > began_s]
