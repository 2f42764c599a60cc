"""Four sites where much goes wrong, crawled at once over one store. The short one is in tests/connectors/web."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.connectors.web.flaky import flaky
from tests.connectors.web.site import Site
from tests.connectors.web.test_flaky import crawl, judge, judge_manners

GOOD = 150


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("first", [10, 20])
def test_four_flaky_sites_at_once(tmp_path: Path, first: int) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        plans = [flaky(stack.enter_context(Site()), seed, GOOD, waits=8) for seed in range(first, first + 4)]
        crawls = list(pool.map(lambda plan: crawl(plan, tmp_path / "web.sqlite", budget=500), plans))
    for plan, (pages, rejects, _) in zip(plans, crawls, strict=True):
        judge(plan, pages, rejects)
        judge_manners(plan)
        causes = Counter(plan.bad.values())
        print(f"\n{len(plan.good)} good, {len(plan.site.log)} requests, {len(pages)} pages; dead: {dict(causes)}")
