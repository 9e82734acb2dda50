"""J1 as a model: whatever the interleaving, the mirror ends as the provider is; and without J1 it does not."""

import pytest

from tests.machine.model import Run
from tests.soak import SOAK

RUNS = 10_000 if SOAK else 700

PROVIDERS = [
    pytest.param(lag, hash_revisions, honest, id=f"lag {lag}, {'hash' if hash_revisions else 'counter'}, "
                 f"{'honest' if honest else 'late'} cursor")
    for lag in (0, 4) for hash_revisions in (False, True) for honest in (True, False)
]  # fmt: skip


def ends_wrong(seed: int, lag: int, hash_revisions: bool, honest: bool, *, believing: bool) -> bool:
    run = Run(seed, lag=lag, hash_revisions=hash_revisions, honest=honest, believing=believing)
    run.play()
    return run.mirror.live() != run.truth()


@pytest.mark.soak
@pytest.mark.parametrize(("lag", "hash_revisions", "honest"), PROVIDERS)
def test_the_mirror_ends_as_the_provider_is(lag: int, hash_revisions: bool, honest: bool) -> None:
    wrong = [seed for seed in range(RUNS) if ends_wrong(seed, lag, hash_revisions, honest, believing=False)]
    assert wrong == []


@pytest.mark.parametrize("hash_revisions", [False, True], ids=["counter", "hash"])
@pytest.mark.parametrize("honest", [True, False], ids=["honest cursor", "late cursor"])
def test_without_the_rule_the_model_ends_wrong(hash_revisions: bool, honest: bool) -> None:
    """The model has teeth: what J1 prevents does happen in it. (Where lists lag, a later delta mends the worst.)"""
    assert any(ends_wrong(seed, 0, hash_revisions, honest, believing=True) for seed in range(RUNS))
