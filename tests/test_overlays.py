"""A theory laid over logs that were written from it, times a known factor: the factor must come back."""

import dataclasses
import json

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.cli import main
from grok_theory.overlays import MOST_X, x_of

PROBLEM = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
RATE = 0.02
WORDS = ["linear.TeacherStudent", "samples_per_dim=0.5", "snr=5"]


def write(path, steps, factor=1.0, halved=False, names="step,train_loss,val_loss"):
    """A log of the flow's mean, as a trainer with `RATE` would leave it, times `factor`."""
    theory = gt.linear.solve(PROBLEM, RATE * np.asarray(steps, float))
    by = factor / 2 if halved else factor
    rows = zip(steps, by * np.asarray(theory["train_loss"]), by * np.asarray(theory["test_loss"]), strict=True)
    path.write_text("\n".join([names, *(f"{int(s)},{a:.17g},{b:.17g}" for s, a, b in rows)]) + "\n")
    return path


STEPS = np.arange(0, 400, 7)


def ratios(over):
    return np.concatenate([part.ratio for runs in over.curves.values() for part in runs.values()])


@pytest.mark.parametrize("factor", [1.0, 1.25, 0.8])
@pytest.mark.parametrize("halved", [False, True])
def test_the_factor_of_a_log_comes_back_in_the_units_of_the_theory(factor, halved, tmp_path):
    log = gt.read_log(write(tmp_path / "log.csv", STEPS, factor, halved))
    tau = log.in_units_of(PROBLEM, gt.GradientDescent(RATE), loss="halved mean" if halved else "mean")
    over = gt.overlay(tau, PROBLEM)
    assert over.names == {"train": "train_loss", "test": "test_loss"}
    assert over["test"][""].x == pytest.approx(RATE * STEPS, rel=1e-12, abs=0)
    np.testing.assert_allclose(ratios(over), factor, rtol=1e-9, atol=0)


def test_a_solution_on_other_times_is_read_between_them(tmp_path):
    log = gt.read_log(write(tmp_path / "log.csv", STEPS, 1.1)).in_units_of(PROBLEM, gt.GradientDescent(RATE))
    over = gt.overlay(log, gt.linear.solve(PROBLEM, np.linspace(0.5, 6.0, 200)))
    part = over["train"][""]
    assert part.outside == int(np.sum((RATE * STEPS < 0.5) | (RATE * STEPS > 6.0)))
    assert part.x.size + part.outside == STEPS.size
    np.testing.assert_allclose(ratios(over), 1.1, rtol=1e-4, atol=0)
    assert f"{2 * part.outside} records lie outside the solved time" in str(over)


def test_a_long_log_is_solved_at_a_part_of_its_times(tmp_path):
    log = gt.read_log(write(tmp_path / "log.csv", np.arange(3000))).in_units_of(PROBLEM, gt.GradientDescent(RATE))
    x = x_of(log)
    assert x.size <= MOST_X
    assert (x[0], x[-1]) == (0.0, RATE * 2999)
    np.testing.assert_allclose(ratios(gt.overlay(log, PROBLEM)), 1.0, rtol=1e-4, atol=0)


def test_runs_on_their_own_times_have_their_own_ratio(tmp_path):
    paths = [
        write(tmp_path / f"{name}.csv", steps, f) for name, steps, f in (("a", STEPS, 2), ("b", STEPS[::3] + 1, 0.5))
    ]
    log = gt.read_log(paths).in_units_of(PROBLEM, gt.GradientDescent(RATE))
    over = gt.overlay(log, PROBLEM)
    assert list(over["test"]) == ["a", "b"]
    np.testing.assert_allclose(over["test"]["a"].ratio, 2.0, rtol=1e-9, atol=0)
    np.testing.assert_allclose(over["test"]["b"].ratio, 0.5, rtol=1e-9, atol=0)
    assert "judged by gt.compare" in over.reason


def test_descent_is_laid_over_steps_as_they_are(tmp_path):
    theory = gt.linear.solve(PROBLEM, STEPS.astype(float), dynamics=gt.GradientDescent(0.3))
    rows = zip(STEPS.tolist(), np.asarray(theory["train_loss"]).tolist(), np.asarray(theory["test_loss"]).tolist())
    (tmp_path / "log.csv").write_text(
        "global_step,train_loss,val_loss\n" + "\n".join(f"{a},{b},{c}" for a, b, c in rows)
    )
    log = gt.read_log(tmp_path / "log.csv")
    over = gt.overlay(log, PROBLEM, dynamics=gt.GradientDescent(0.3))
    np.testing.assert_allclose(ratios(over), 1.0, rtol=1e-9, atol=0)
    assert over.theory.x_name == "step"
    runs = gt.Ensemble.from_log(log, PROBLEM, gt.GradientDescent(0.3))
    assert runs.x_name == "step"
    assert gt.compare(theory, runs, margin=0.1, curves=["test_loss"]).runs == 1


def test_a_ratio_to_nothing_is_nan(tmp_path):
    log = gt.read_log(write(tmp_path / "log.csv", STEPS)).in_units_of(PROBLEM, gt.GradientDescent(RATE))
    theory = gt.linear.solve(PROBLEM, RATE * STEPS)
    nothing = {"train_loss": 0 * np.asarray(theory.x), "test_loss": theory["test_loss"]}
    theory = dataclasses.replace(theory, curves=nothing, numerical_error={})
    over = gt.overlay(log, theory)
    assert np.isnan(over["train"][""].ratio).all()
    assert str(over)


def test_no_verdict_on_one_run_without_its_forecast(tmp_path):
    log = gt.read_log(write(tmp_path / "log.csv", STEPS)).in_units_of(PROBLEM, gt.GradientDescent(RATE))
    over = gt.overlay(log, PROBLEM, config={"weight_decay": 0.1})
    assert over.verdict == "cannot tell"
    assert "forecast" in over.reason
    assert [check.name for check in over.failed] == ["decay"]
    assert str(over).startswith("cannot tell: a Solution is of the mean over runs")


@pytest.mark.parametrize(
    ("lay", "parts"),
    [
        (lambda log: gt.overlay(log, PROBLEM), ("x in step", "time [tau]", "log.in_units_of(problem, ", "--steps-of")),
        (lambda log: gt.overlay(log.scaled(x=(1, "epoch", "")), PROBLEM), ("x in epoch", "log.scaled(x=(factor,")),
        (
            lambda log: gt.overlay(log, gt.linear.solve(PROBLEM, [0.1, 1.0])),
            ("x in step", "dynamics=gt.GradientDescent(learning_rate)"),
        ),
        (
            lambda log: gt.overlay(log.scaled(x=(9.0, "time", "tau")), gt.linear.solve(PROBLEM, [0.1, 0.2])),
            ("no time of train between 0.1 and 0.2", "pass the Problem"),
        ),
        (lambda log: gt.overlay("log.csv", PROBLEM), ("log is a str", "gt.read_log")),
        (lambda log: gt.overlay(log, 3.0), ("theory is 3.0", "a Forecast or a Problem")),
        (
            lambda log: gt.overlay(log, gt.linear.solve(PROBLEM, [0.1, 1.0]), dynamics=gt.GradientFlow()),
            ("dynamics is given beside a Solution",),
        ),
        (
            lambda log: gt.overlay(log.scaled(x=(0.1, "time", "tau")), PROBLEM, curves={"test": "test_los"}),
            ("curves['test'] is 'test_los'", "Did you mean 'test_loss'"),
        ),
        (lambda log: gt.overlay(log.scaled(x=(0.1, "time", "tau")), PROBLEM, curves={}), ("curves is empty",)),
        (
            lambda log: gt.overlay(
                log.scaled(x=(0.1, "time", "tau")),
                jax.vmap(lambda a: gt.linear.solve(gt.linear.TeacherStudent(a, 5.0), np.array([0.1, 1.0])))(
                    np.array([0.5, 2.0])
                ),
            ),
            ("batch of shape (2,)", "Pick a member"),
        ),
    ],
)
def test_what_cannot_be_laid_over_is_refused_with_the_remedy(lay, parts, tmp_path):
    log = gt.read_log(write(tmp_path / "log.csv", STEPS))
    with pytest.raises(gt.BadValue) as refused:
        lay(log)
    assert all(part in str(refused.value) for part in parts), refused.value


def test_accuracies_need_a_theory_of_accuracies(tmp_path):
    path = write(tmp_path / "log.csv", STEPS, 0.01, names="step,train_acc,val_acc")
    log = gt.read_log(path).in_units_of(PROBLEM, gt.GradientDescent(RATE))
    with pytest.raises(gt.BadValue, match="log has train_accuracy, test_accuracy, but the theory has train_loss"):
        gt.overlay(log, PROBLEM)
    assert gt.overlay(log, PROBLEM, curves={"test": "test_loss"}).names == {"test": "test_loss"}


def test_a_picture_has_runs_and_theory(tmp_path):
    import matplotlib.pyplot as plt

    log = gt.read_log(write(tmp_path / "log.csv", STEPS)).in_units_of(PROBLEM, gt.GradientDescent(RATE))
    alone, over = gt.plot.recorded(log), gt.plot.recorded(gt.overlay(log, PROBLEM), "test")
    assert [line.get_label() for line in alone.get_lines()] == ["train", "test"]
    assert [line.get_label() for line in over.get_lines()] == ["test", "theory: test_loss"]
    assert over.get_xlabel() == "time [tau]"
    assert [line.get_linestyle() for line in over.get_lines()] == ["None", "-"]  # runs as points, theory as a line
    assert [line.get_color() for line in alone.get_lines()] == ["#0072b2", "#d55e00"]  # of the package's style
    np.testing.assert_allclose(over.get_lines()[1].get_ydata(), log.runs[""]["test"].values, rtol=1e-9, atol=0)
    with pytest.raises(gt.BadValue, match="curve is 'tset'"):
        gt.plot.recorded(log, "tset")
    plt.close("all")


def said(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(["overlay", *map(str, words)])
    told = capsys.readouterr()
    return left.value.code, told.out, told.err


def test_the_command_converts_lays_over_and_draws(tmp_path, capsys):
    path = write(tmp_path / "log.csv", STEPS, 1.5, halved=True)
    options = ["--steps-of", f"GradientDescent({RATE})", "--loss", "halved mean", "--config", "batch_size=32"]
    options += ["--config", "samples=100", "--plot", tmp_path / "over.png"]
    code, out, _ = said(capsys, path, *WORDS, *options)
    assert code == 3
    assert "test = val_loss (guessed)" in out
    assert "converted time [tau] = 0.02 x step" in out
    assert "1.5" in out
    assert (tmp_path / "over.png").stat().st_size > 1000
    code, out, _ = said(capsys, path, *WORDS, *options[:-2], "--json")
    told = json.loads(out)
    assert (code, told["kind"], told["verdict"]) == (3, "overlay", "cannot tell")
    np.testing.assert_allclose(told["curves"]["test"][0]["ratio"], 1.5, rtol=1e-9, atol=0)
    assert {check["name"]: check["verdict"] for check in told["assumptions"]}["batch"] == "fails"


def test_the_command_refuses_in_one_sentence(tmp_path, capsys):
    path = write(tmp_path / "log.csv", STEPS)
    for words, part in (
        (WORDS, "--steps-of"),
        ([*WORDS, "--steps-of", "GradientFlow"], "GradientDescent(learning_rate)"),
        ([*WORDS, "--scale-x", "tau"], "FACTOR:NAME"),
        ([*WORDS, "--config", "=3"], "name=value or a JSON file"),
        ([*WORDS, "--loss", "half"], "loss is 'half'"),
        ([*WORDS, "--plot", "over.txt"], "plot is 'over.txt'"),
    ):
        code, out, err = said(capsys, path, *words)
        assert (code, out) == (2, ""), words
        assert part in err
        assert err.count("\n") == 1


def test_the_command_scales_x_by_hand(tmp_path, capsys):
    path = write(tmp_path / "log.csv", STEPS, 2.0)
    code, out, _ = said(capsys, path, *WORDS, "--scale-x", f"{RATE}:time:tau", "--json")
    assert code == 3
    np.testing.assert_allclose(json.loads(out)["curves"]["train"][0]["ratio"], 2.0, rtol=1e-9, atol=0)


def test_a_log_of_one_curve_is_laid_over_and_comes_back_from_its_file(tmp_path):
    path = tmp_path / "log.csv"
    theory = gt.linear.solve(PROBLEM, RATE * np.asarray(STEPS, float))
    rows = zip(STEPS, 1.25 * np.asarray(theory["test_loss"]), strict=True)
    path.write_text("step,val_loss\n" + "".join(f"{int(s)},{v:.17g}\n" for s, v in rows))
    over = gt.overlay(gt.read_log(path).in_units_of(PROBLEM, gt.GradientDescent(RATE)), theory)
    assert list(over.curves) == ["test"]
    np.testing.assert_allclose(over["test"][""].ratio, 1.25, rtol=1e-9, atol=0)
    assert "no train loss is in the log" in str(over)
    again = gt.load(over.save(tmp_path / "over.npz"))
    assert isinstance(again, gt.Overlay)
    assert str(again) == str(over)
    assert (again.checks, again.names, again.verdict) == (over.checks, over.names, over.verdict)
    np.testing.assert_array_equal(again["test"][""].theory, over["test"][""].theory)
    gt.plot.recorded(again)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verdict": "agrees"}, "verdict"),
        ({"names": {"test": "test_loss", "train": "train_loss"}}, "curves are"),
        ({"names": {"test": "loss"}}, "names"),
        ({"theory": None}, "theory is a NoneType"),
    ],
)
def test_an_overlay_that_nothing_gives_is_not_saved(tmp_path, change, words):
    over = gt.overlay(gt.read_log(write(tmp_path / "a.csv", STEPS)).scaled(x=(RATE, "time", "tau")), PROBLEM)
    over = dataclasses.replace(over, curves={"test": over["test"]}, names={"test": "test_loss"})
    over.save(tmp_path / "good.npz")
    with pytest.raises(gt.BadValue, match=words):
        dataclasses.replace(over, **change).save(tmp_path / "over.npz")
