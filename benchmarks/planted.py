"""Faults planted by hand, each of a kind that people make: does the test file beside the source notice?

Closed forms and solvers, statistics, storage. Each is one replacement of text in one file, tested in a copy of the
checkout by the tests named with it; what survives names a missing test.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.planting import Checkout, Journal, digest
from benchmarks.report import Headline, PageTable, Rows, code, markdown, publish


@dataclass(frozen=True)
class Fault:
    """In `file`, `was` becomes `became`: `what` is wrong then, and `tests` should say so."""

    what: str
    file: str
    was: str
    became: str
    tests: str

    def spoil(self, text: str) -> str:
        """The source with the fault; the text must be there once."""
        assert text.count(self.was) == 1, f"{self.file} holds {self.was!r} {text.count(self.was)} times, not once."
        return text.replace(self.was, self.became)


def _fault(what: str, file: str, was: str, became: str, tests: str) -> Fault:
    return Fault(what, f"grok_theory/{file}", was, became, f"tests/{tests}")


FAULTS = (
    _fault("a lost 1/2 in the loss", "lazy_rich/closed_forms.py",
           "jnp.sum(jnp.square(gap)) / (2 * dim**2)", "jnp.sum(jnp.square(gap)) / dim**2",
           "lazy_rich/test_closed_forms.py"),
    _fault("alignment as the paper prints it, without 1/4", "lazy_rich/closed_forms.py",
           "curvature**2 / (4 * dim**4)", "curvature**2 / dim**4", "lazy_rich/test_closed_forms.py"),
    _fault("C and R swapped in the DMFT", "lazy_rich/dmft/kernels.py",
           '"xl,xkl->xk", felt, kernels.response', '"xl,xkl->xk", felt, kernels.covariance',
           "lazy_rich/test_dmft_oracle.py"),
    _fault("t for t - dt: a step feels its own force", "lazy_rich/dmft/grids.py",
           "np.tril(np.ones((steps + 1, steps + 1)), -1)", "np.tril(np.ones((steps + 1, steps + 1)))",
           "lazy_rich/test_dmft_oracle.py"),
    _fault("ridge/n for ridge", "kernels/prediction.py",
           "weight = inverted(values, ridge)", "weight = inverted(values, ridge / y.size)",
           "kernels/test_prediction.py"),
    _fault("ridge for ridge/kappa in the freedom left", "numerics/ridge_equation.py",
           "missed) + ridge / jnp.where(some, kappa, 1.0)", "missed) + ridge * jnp.where(some, 1.0, 1.0)",
           "numerics/test_ridge_equation.py"),
    _fault("the spectrum's mass at zero forgotten", "linear/ridge_regression.py",
           " + rule.atom * snr", "", "linear/test_ridge_regression.py"),
    _fault("initial weights forgotten where no data are seen", "linear/curves.py",
           '"test_loss": form(teacher, initial, noise, atom=(unlearned, frozen))',
           '"test_loss": form(teacher, initial, noise, atom=(unlearned,))', "linear/test_curves.py"),
    _fault("finite size: N/(P - N) for N/(P - N - 1)", "linear/closed_forms.py",
           "n / jnp.where(over, p - n - 1, 1.0)", "n / jnp.where(over, p - n, 1.0)", "linear/test_closed_forms.py"),
    _fault("wrong constant in the best stopping time", "linear/closed_forms.py",
           "2**1.5", "2**0.5", "linear/test_closed_forms.py"),
    _fault("coupled for decoupled weight decay", "li2/training/optimizers.py",
           "return optax.adamw(dynamics.learning_rate, *dynamics.betas, weight_decay=weight_decay)",
           "return transformation(Adam(dynamics.learning_rate, dynamics.betas), weight_decay)",
           "li2/runs/test_trained.py"),
    _fault("centring over classes for samples", "li2/feature_energy.py",
           "labels.shape[0] if by_samples else",
           "labels.shape[0] if not by_samples else", "li2/test_feature_energy.py"),
    _fault("quaternionic irreps counted as complex ones", "li2/groups/representations.py",
           "{1: 1, 0: 2, -1: 4}", "{1: 1, 0: 2, -1: 2}", "li2/test_closed_forms.py"),
    _fault("suppression not to the power of the tail", "li2/discovery.py",
           "kept = suppression**tail", "kept = suppression", "li2/test_discovery.py"),
    _fault("the bound without its factor L, as the main text has it", "li2/discovery.py",
           "modes * harmonic", "harmonic", "li2/test_discovery.py"),
    _fault("biased for unbiased best-of-k", "best_of_k/subsets.py",
           "np.maximum(part[None, :] - drawn, 0) / (whole - drawn)", "part[None, :] / (whole + 0 * drawn)",
           "best_of_k/test_subsets.py"),
    _fault("the published third order for the exact one", "best_of_k/closed_forms.py",
           "    if as_published:\n        bracket", "    if True:\n        bracket", "best_of_k/test_evaluation.py"),
    _fault("a norm bound without a lost 2", "bounds/norms.py",
           "4 * rademacher_ball", "2 * rademacher_ball", "bounds/test_norms.py"),
    _fault("a norm bound without its union over radii", "bounds/norms.py",
           "delta / ((k + 1) * (k + 2))", "delta", "bounds/test_norms.py"),
    _fault("statistics: normal for Student quantiles", "numerics/mean_intervals.py",
           "half = scipy.stats.t.isf(tail, count - 1)", "half = scipy.stats.norm.isf(tail)",
           "numerics/test_mean_intervals.py"),
    _fault("statistics: variance over n for n - 1", "numerics/mean_intervals.py",
           "runs.std(0, ddof=1) / np.sqrt(count)", "runs.std(0) / np.sqrt(count)", "numerics/test_mean_intervals.py"),
    _fault("statistics: no correction for many times", "comparison.py",
           "levels=levels) for t in (tail, tail / looks)]", "levels=levels) for t in (tail, tail)]",
           "test_comparison.py"),
    _fault("statistics: runs drawn from one key", "numerics/runs.py",
           "fold_in(key, base)", "fold_in(key, 0 * base)", "numerics/test_runs.py"),
    _fault("a crossing beyond the threshold for at or beyond", "observables/crossing.py",
           "values >= threshold if rising else values <= threshold",
           "values > threshold if rising else values < threshold", "observables/test_crossing.py"),
    _fault("storage: the checksum is not compared", "storage.py",
           "!= mark[len(_MARK) :]", '== ""', "test_storage.py"),
    _fault("storage: another format is read as ours", "storage.py",
           'structure["format"] != FORMAT', "False", "test_storage.py"),
    _fault("storage: any class is restored", "record_classes.py",
           " or room not in ROOMS", "", "test_record_classes.py"),
    _fault("storage: fields of another version are taken", "structures.py",
           "if more or fewer:", "if False:", "test_forged_files.py"),
    _fault("storage: nan beside good is believed", "saved_results.py",
           "& (levels != FAILED)", "& (levels == FAILED)", "test_forged_files.py"),
    _fault("storage: a failed write leaves its temporary file", "storage.py",
           "temporary.unlink(missing_ok=True)", "pass", "test_storage_on_disk.py"),
    _fault("cache: two results swapped", "sweeps/cache.py",
           'found.get("address") != address', "False", "sweeps/test_cache.py"),
    _fault("cache: results of an older version served", "sweeps/addresses.py",
           '"version": version, ', "", "sweeps/test_addresses.py"),
    _fault("cache: numbers of the package before its upgrade served", "sweeps/addresses.py",
           "-{maker[:16]}", "-{0:016x}", "sweeps/test_cache.py"),
)  # fmt: skip


def main(out: Path, *, quick: bool = False) -> None:
    """All faults; quick: the three whose tests are quickest."""
    journal, rows = Journal(out / "planted.jsonl"), []
    faults = [f for f in FAULTS if f.tests == "tests/li2/test_discovery.py"] if quick else FAULTS
    with Checkout() as checkout:
        for tests in sorted({fault.tests for fault in faults}):
            if (whole := checkout.test(tests, 1200.0)).verdict != "survived":
                raise SystemExit(f"{tests} is not green without a fault ({whole.by}); nothing can be said.")
        for fault in faults:
            source = fault.spoil((checkout.path / fault.file).read_text())
            key = digest(checkout.contents, fault.file, source, fault.tests)
            row = journal.get(key)
            if row is None:
                with checkout.spoiled(fault.file, source):
                    outcome = checkout.test(fault.tests, 600.0)
                noticed = "no" if outcome.verdict == "survived" else outcome.by.rpartition("::")[2] or outcome.verdict
                row = {"fault": fault.what, "in": fault.file, "noticed by": noticed, "seconds": outcome.seconds}
                journal.add(key, row)
            rows.append(row)
    caught = sum(row["noticed by"] != "no" for row in rows)
    publish("planted", f"faults planted by hand: {caught} of {len(rows)} noticed", rows, out)


def _page(rows: Rows) -> str:
    """The table of docs/planted_faults.md."""
    lines = ((row["fault"], code(row["in"].removeprefix("grok_theory/")), code(row["noticed by"])) for row in rows)
    return markdown(("fault", "in `grok_theory/`", "noticed by"), lines)


TABLES = (PageTable("planted_faults", "planted", _page),)
HEADLINES = (Headline("Faults planted by hand", "planted"),)
