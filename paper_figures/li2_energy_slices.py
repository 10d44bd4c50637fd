"""The energy of a hidden node along slices of the sphere: peaks, ridges that stay flat, and what the paper leaves out.

Caption: Energy of one hidden node of unit length on the full table of S_3 (order 6), square activation. Left: a slice
of the sphere through a maximum of the sign representation (longitude 0), a maximum of the two-dimensional one
(longitude 90 degrees), and upwards a direction in which the latter can be moved for nothing. Right: great circles that
start at the two-dimensional maximum: along its family the energy stays at M/(2D) = 1.5; towards the sign maximum it
falls before it rises to 3; towards a node whose second half has another inner vector it falls to zero, although both
halves stay in the same isotypic component, where the paper calls every mirrored pair a maximum. The printed maximum,
M/(8d), is a quarter of the true one.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ()
STATES = {}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    points: int = 121  # of every axis of the map
    circle: int = 181  # of every great circle


SIZES = {"quick": {"points": 31, "circle": 46}, "full": {"points": 241, "circle": 361}}


def steps(parameters):
    return {"slices": lambda: _slices(parameters)}


def _slices(parameters):
    from grok_theory import li2

    group = li2.groups.symmetric(3)
    task = li2.GroupTask(group)
    table = li2.local_maxima(task)
    sign = li2.feature(group, 0, [1.0], [1.0], [1.0])
    e = np.eye(2)
    peak = li2.feature(group, 1, e[0], e[0], e[0])
    # Turning the outer vector x moves along the family, and starts off in this direction.
    moved = li2.feature(group, 1, e[1], e[0], e[0])
    along = np.sqrt(2) * np.concatenate([moved[:6], np.zeros(6)])
    other = np.concatenate([peak[:6], li2.feature(group, 1, e[0], e[1], e[0])[6:]])
    other = other - (other @ peak) * peak
    other = other / np.linalg.norm(other)
    longitude = np.linspace(-45, 135, parameters.points)
    latitude = np.linspace(-60, 60, parameters.points)
    lon, lat = np.meshgrid(np.radians(longitude), np.radians(latitude))
    w = (
        np.cos(lat)[..., None] * (np.cos(lon)[..., None] * sign + np.sin(lon)[..., None] * peak)
        + np.sin(lat)[..., None] * along
    )
    angle = np.linspace(0, 90, parameters.circle)
    cos, sin = np.cos(np.radians(angle))[:, None], np.sin(np.radians(angle))[:, None]
    family = np.array(
        [li2.feature(group, 1, np.cos(a) * e[0] + np.sin(a) * e[1], e[0], e[0]) for a in np.radians(angle)]
    )
    circles = np.stack([family, cos * peak + sin * sign, cos * peak + sin * other])
    return {
        "longitude": longitude,
        "latitude": latitude,
        "map": np.asarray(li2.energy(task, w)),
        "angle": angle,
        "circles": np.asarray(li2.energy(task, circles)),
        "maxima": table.energy,
        "printed": table.printed_energy,
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    d = data["slices"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7), width_ratios=(1.15, 1))
    levels = np.linspace(0, 3, 13)
    filled = left.contourf(d["longitude"], d["latitude"], d["map"], levels=levels)
    left.contour(d["longitude"], d["latitude"], d["map"], levels=levels, colors="white", linewidths=0.3)
    left.plot([0], [0], "o", color="white", markeredgecolor="black")
    left.plot([90], [0], "s", color="white", markeredgecolor="black")
    left.annotate("sign", (0, 0), (0, 5), textcoords="offset points", ha="center", color="black")
    left.annotate("2-dim", (90, 0), (0, 5), textcoords="offset points", ha="center", color="white")
    left.set(xlabel="longitude (degrees)", ylabel="latitude (degrees)", title="a  A slice through two maxima of S$_3$")
    figure.colorbar(filled, ax=left, label="energy E", ticks=[0, 1, 2, 3])
    styles = [("-", "along its own family"), ("--", "towards the sign maximum"), (":", "towards another inner vector")]
    for values, (style, name) in zip(d["circles"], styles, strict=True):
        right.plot(d["angle"], values, style, label=name)
    right.axhline(d["printed"][1], color="0.5", linewidth=0.8)
    right.text(89, d["printed"][1] + 0.05, "printed M/(8d)", color="0.4", ha="right", fontsize=7)
    right.set(xlabel="angle from the 2-dim maximum (degrees)", ylabel="energy E", title="b  Three great circles")
    right.set(xlim=(0, 90), ylim=(-0.05, 3.2), xticks=[0, 30, 60, 90])
    right.legend(loc="upper left")
    return figure


def claims(parameters, data):
    d = data["slices"]
    family, sign, other = d["circles"]
    flat = float(np.ptp(family))
    return [
        Claim("The energy is constant along the family.", flat < 1e-12, f"spread {flat:.1e}"),
        Claim(
            "Both ends of the second circle are the exact maxima.",
            np.allclose(sign[[0, -1]], [1.5, 3.0]),
            f"{sign[[0, -1]]}",
        ),
        Claim(
            "Between two maxima the energy dips below both.",
            sign.min() < min(sign[0], sign[-1]) - 0.1,
            f"{sign.min():.3f}",
        ),
        Claim("Another inner vector loses energy.", other[-1] < 1.4, f"E = {other[-1]:.3f} at 90 degrees"),
    ]
