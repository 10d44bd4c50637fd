"""Training on corrupted labels: weight decay decides between memorizing, coexisting and inverting.

Caption: Addition modulo p with a share of the labels redrawn, AdamW (decay decoupled). Left: accuracies at the end
against weight decay: training, test, wrong labels fitted (corrupted), wrong labels predicted right (corrected); points
are runs. Letters on top name the phase of the first run: memorization (M), coexistence (C), partial (P) and full (F)
inversion, forgetting (X). Right: inverse participation ratio of the neurons of the first run, one-sided: 1 is a single
frequency; memorizing neurons have many.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Doshi, Das, He & Gromov 2023"
FIGURES = ()
STATES = {}
WING = "li2"
LETTERS = {"memorization": "M", "coexistence": "C", "partial_inversion": "P", "full_inversion": "F", "forgetting": "X"}
ORDER = tuple(LETTERS)


@dataclass(frozen=True)
class Parameters:
    modulus: int = 31  # p
    share: float = 0.8  # of all pairs
    noise: float = 0.2  # share of labels redrawn
    decays: tuple[float, ...] = (0.0, 1.0, 3.0, 6.0, 10.0, 20.0)  # of AdamW
    width: int = 256
    rate: float = 0.01
    last: int = 800  # steps
    runs: int = 2
    key: int = 0


SIZES = {
    "full": {"modulus": 97, "share": 0.5, "noise": 0.35, "width": 512, "decays": (0, 2, 5, 10, 15, 25), "last": 4000}
}


def steps(parameters):
    return {f"decay {d:g}": lambda d=d: _train(parameters, d) for d in parameters.decays}


def _train(parameters, decay):
    import jax

    from grok_theory import AdamW, li2

    task = li2.GroupTask(
        li2.groups.cyclic(parameters.modulus),
        train_fraction=parameters.share,
        weight_decay=decay,
        label_noise=parameters.noise,
        centering="classes",
    )
    found = li2.simulate(
        task,
        [parameters.last],
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        dynamics=AdamW(parameters.rate, (0.9, 0.98)),
        initial=li2.training.Gaussian((16 * parameters.width) ** (-2 / 3)),
    )
    names = ("train", "test", "corrupted", "corrected")
    network = li2.companion.network_of_run(found)
    size = np.linalg.norm(network.left, axis=1) + np.linalg.norm(network.right, axis=1)
    return {
        **{name: found[f"{name}_accuracy"][:, -1] for name in names},
        "participation": network.participation(),
        "alive": size > 1e-2 * size.max(),
    }


def phase_of(parameters, d, run=0):
    from grok_theory import li2

    return li2.companion.phase(d["train"][run], d["test"][run], parameters.noise).value


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.9), layout="constrained")
    place = np.arange(len(parameters.decays))
    for i, name in enumerate(("train", "test", "corrupted", "corrected")):
        values = np.array([data[f"decay {d:g}"][name] for d in parameters.decays])
        left.plot(place, values.mean(axis=1), "-", color=f"C{i}", label=name)
        left.plot(np.repeat(place, parameters.runs), values.ravel(), "os^D"[i], color=f"C{i}", markersize=3)
    bins = np.linspace(0, 1, 26)
    for i, decay in enumerate(parameters.decays):
        d = data[f"decay {decay:g}"]
        left.text(place[i], 1.06, LETTERS[phase_of(parameters, d)], ha="center", va="bottom")
        height = np.histogram(d["participation"], bins)[0] / len(d["participation"])
        right.stairs(0.9 * height / height.max() + i, bins, baseline=i, color=f"C{i % 7}", fill=True, alpha=0.6)
        dead = int(np.sum(~d["alive"]))
        words = f"{LETTERS[phase_of(parameters, d)]}" + (f", {dead} dead" if dead else "")
        right.text(1.02, i + 0.1, words, fontsize=6)
    left.set_xticks(place, [f"{d:g}" for d in parameters.decays])
    left.set(xlabel="weight decay", ylabel="accuracy", ylim=(-0.03, 1.2), title="a  Phases")
    left.axhline(1 - parameters.noise, color="0.6", linewidth=0.7, linestyle="--")
    left.legend(fontsize=6, loc="center left")
    right.set_yticks(place, [f"{d:g}" for d in parameters.decays])
    right.set(xlabel="inverse participation ratio", ylabel="weight decay", title="b  Neurons", xlim=(0, 1.25))
    return figure


def _in_order(phases):
    places = [ORDER.index(phase) for phase in phases]
    return places == sorted(places) and places[-1] == len(ORDER) - 1


def claims(parameters, data):
    phases = [phase_of(parameters, data[f"decay {d:g}"]) for d in parameters.decays]
    shown = ", ".join(f"{d:g}: {p}" for d, p in zip(parameters.decays, phases, strict=True))
    none = data[f"decay {parameters.decays[0]:g}"]
    corrected = [data[f"decay {d:g}"]["corrected"][0] for d in parameters.decays]
    return [
        Claim("Without decay the network holds the wrong labels, with or without the rule", phases[0] in ORDER[:2],
              shown),
        Claim("As decay grows the phases come in one order, to the end", _in_order(phases), shown),
        Claim("Some decay makes it predict most wrong labels right", max(corrected) > 0.7, f"{max(corrected):.2f}"),
        Claim("Memorizing neurons have many frequencies", np.median(none["participation"]) < 0.4,
              f"median participation {np.median(none['participation']):.2f} without decay"),
    ]  # fmt: skip
